"""What customers want, month by month: expected demand, and the demand that came.

Axes: p product · r region · m segment · t month of `Clock.months` (history, then ahead). Units a month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sop_core.calendar import MonthArray, days_in
from sop_core.demo import company, happenings
from sop_core.demo.clock import AHEAD, HISTORY, Clock
from sop_core.demo.literal import rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRODUCTS = tuple(company.PRODUCTS["product"])
REGIONS = tuple(company.REGIONS["region"])
SEGMENTS = tuple(company.SEGMENTS["segment"])
FAMILY = company.PRODUCTS["family"].to_numpy()
MTO = (company.PRODUCTS["policy"] == "MTO").to_numpy()

_CELL_NOISE = 0.13
_RAMP = 5  # months until a product launched in the past sells as it does today


@dataclass(frozen=True)
class Market:
    """`expected` [p, r, m, t] without promotions; `with_promotions` likewise; `demand` [p, r, m, HISTORY]:
    what came, in whole units; `coming` [p, r, m, step]: what will be asked for in the next months, of which the
    books know a part; `price` [p, t]: price list."""

    expected: Floats
    with_promotions: Floats
    demand: Ints
    coming: Ints
    price: Floats


def family_column(frame: pd.DataFrame, column: str) -> Floats:
    """[p] a column of a family table, spread over the products."""
    return frame.set_index("family")[column].reindex(FAMILY).to_numpy(dtype=float)


def build_market(clock: Clock, rng: np.random.Generator) -> Market:
    """Demand and prices of all products, drawn from `rng`."""
    price = _price_list(clock)
    expected = _expected(clock, rng) * _response(price)[:, None, None, :]
    promoted = expected * _promotion_factor(clock)
    demand, coming = _draw(promoted[..., :HISTORY], rng), _coming(promoted, rng)
    return Market(expected, promoted, demand + _one_offs(clock), coming, price)


def _response(price: Floats) -> Floats:
    """[p, t] factor on demand: what a price other than today's does to it."""
    elasticity = family_column(company.FAMILIES, "elasticity")
    factor: Floats = (price / price[:, [HISTORY - 1]]) ** elasticity[:, None]
    return factor


def _one_offs(clock: Clock) -> Ints:
    """[p, r, m, HISTORY] single orders far above what is usual."""
    out = np.zeros((len(PRODUCTS), len(REGIONS), len(SEGMENTS), HISTORY), dtype=np.int64)
    for row in rows(happenings.ONE_OFFS):
        at = clock.at(clock.in_season(int(row.month), int(row.years)))
        if 0 <= at < HISTORY:
            cell = PRODUCTS.index(row.product), REGIONS.index(row.region), SEGMENTS.index(row.segment)
            out[(*cell, at)] += int(row.quantity)
    return out


def _expected(clock: Clock, rng: np.random.Generator) -> Floats:
    horizon = HISTORY + AHEAD
    # Years from the middle of the last closed year, at which `units` is the yearly rate.
    years = (np.arange(horizon) - (HISTORY - 6.5)) / 12
    season = company.SEASONS.set_index("family").loc[FAMILY].to_numpy(dtype=float)
    season = season * rng.lognormal(0.0, 0.03, season.shape)
    season = season / season.mean(axis=1, keepdims=True)
    growth = family_column(company.FAMILIES, "growth")[:, None].copy()
    growth[PRODUCTS.index(happenings.PHASE_OUT.product)] += happenings.PHASE_OUT.decline
    region = _mix(company.REGION_MIX, "region", REGIONS)
    segment = _mix(company.SEGMENT_MIX, "segment", SEGMENTS)
    shape = region[0][:, :, None, None] * segment[0][:, None, :, None]
    drift = (
        (1 + growth[:, None, None, :])
        * (1 + region[1])[None, :, None, None]
        * (1 + segment[1])[None, None, :, None]
    ) ** years
    # The trade ran its shelves down in the second year of the history: a shallow dip.
    cycle = 1 - 0.05 * np.exp(-(((np.arange(horizon) - 20) / 7.0) ** 2))
    year = company.PRODUCTS["units"].to_numpy(dtype=float)[:, None]
    monthly = year / 12 * season[:, clock.month_of_year] * cycle * _on_sale(clock)
    expected: Floats = monthly[:, None, None, :] * shape * drift
    return expected


def _mix(frame: pd.DataFrame, key: str, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """([p, names] parts of each product's demand, adding up to 1; [names] growth beside the family's)."""
    rows = frame.set_index(key).loc[list(names)]
    parts = rows[list(FAMILY)].to_numpy(dtype=float).T
    return parts / parts.sum(axis=1, keepdims=True), rows["growth"].to_numpy(dtype=float)


def _on_sale(clock: Clock) -> Floats:
    """[p, t] part of the full demand while young products ramp up and until a phase-out."""
    position = np.arange(HISTORY + AHEAD)
    out = np.ones((len(PRODUCTS), len(position)))
    for product, age in company.YOUNG.items():
        out[PRODUCTS.index(product)] = np.clip((position - (HISTORY - age) + 1) / _RAMP, 0, 1)
    end = clock.at(clock.in_season(happenings.PHASE_OUT.month))
    out[PRODUCTS.index(happenings.PHASE_OUT.product), max(end + 1, 0) :] = 0
    return out


def day(clock: Clock, years: int, month_day: str) -> np.datetime64:
    """`MM-DD` of the season's year, `years` later."""
    return np.datetime64(f"{clock.season + years}-{month_day}", "D")


def day_stamps(days: Sequence[np.datetime64 | None]) -> pd.DatetimeIndex:
    """Days as timestamps for frames; None stays blank."""
    filled = [np.datetime64("NaT") if value is None else value for value in days]
    return pd.DatetimeIndex(np.array(filled, dtype="datetime64[D]").astype("datetime64[us]"))


def part_of_month(months: MonthArray, start: np.datetime64, end: np.datetime64) -> Floats:
    """[t] part of each month's days within start..end, both included."""
    first, last = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]")
    overlap = (np.minimum(last, end + 1) - np.maximum(first, start)).astype(int)
    part: Floats = np.clip(overlap, 0, None) / days_in(months)
    return part


def promotion_scope(row: pd.Series) -> tuple[Floats, Floats, Floats]:
    """([p], [r], [m]) 1 where a promotion holds, else 0."""
    products = np.array(PRODUCTS) == row["product"] if row["product"] else row["family"] == FAMILY
    regions = np.array([row["region"] in ("All", name) for name in REGIONS])
    segments = np.array([row["segment"] in ("All", name) for name in SEGMENTS])
    return products * 1.0, regions * 1.0, segments * 1.0


def _promotion_factor(clock: Clock) -> Floats:
    """[p, r, m, t] factor on demand: uplift while a promotion runs, less what was bought early after it."""
    out = np.ones((len(PRODUCTS), len(REGIONS), len(SEGMENTS), HISTORY + AHEAD))
    for _, row in happenings.PROMOTIONS.iterrows():
        years = int(row["years"])
        start, end = day(clock, years, row["from"]), day(clock, years, row["to"])
        effect = row["uplift"] * part_of_month(clock.months, start, end)
        after = clock.at(end.astype("datetime64[M]")) + 1
        if 0 <= after < HISTORY + AHEAD:
            effect[after] -= row["pull"]
        out += np.einsum("p,r,m,t->prmt", *promotion_scope(row), effect)
    return out


def _draw(expected: Floats, rng: np.random.Generator) -> Ints:
    """Demand that came: noise of the product's month and of each cell; intermittent products in bursts."""
    products, _, _, months = expected.shape
    noise = family_column(company.FAMILIES, "noise")
    month = rng.normal(0.0, 1.0, (products, months)) * noise[:, None]
    # A cold or warm month moves a whole family.
    families = company.FAMILIES["family"].tolist()
    weather = rng.normal(0.0, 0.035, (len(families), months))
    month += weather[[families.index(family) for family in FAMILY]]
    cell = rng.normal(0.0, _CELL_NOISE, expected.shape)
    wanted = expected * np.exp(month[:, None, None, :] + cell)
    demand = np.floor(wanted + rng.random(expected.shape)).astype(np.int64)
    for product, often in company.INTERMITTENT.items():
        p = PRODUCTS.index(product)
        demand[p] = _bursts(expected[p], often, rng)
    return demand


def _coming(expected: Floats, rng: np.random.Generator) -> Ints:
    """Demand of the next two months; none yet of intermittent products."""
    wanted = expected[..., HISTORY : HISTORY + 2]
    wanted = wanted * np.exp(rng.normal(0.0, 0.15, wanted.shape))
    units: Ints = np.floor(wanted + rng.random(wanted.shape)).astype(np.int64)
    units[[PRODUCTS.index(product) for product in company.INTERMITTENT]] = 0
    return units


def _bursts(expected: Floats, often: float, rng: np.random.Generator) -> Ints:
    """[r, m, t] demand that comes in `often` of the months, in few cells, with the expected mean."""
    out = np.zeros(expected.shape, dtype=np.int64)
    cells = expected.reshape(-1, expected.shape[-1])
    totals = cells.sum(axis=0)
    comes = rng.random(len(totals)) < often
    size = rng.lognormal(-0.06, 0.35, len(totals)) * totals / often
    for t in np.flatnonzero(comes & (totals > 0)):
        buyers = rng.choice(len(cells), size=5, replace=False, p=cells[:, t] / totals[t])
        weight = cells[buyers, t] / cells[buyers, t].sum()
        units = rng.multinomial(round(size[t]), weight)
        out.reshape(-1, expected.shape[-1])[buyers, t] = units
    return out


def _price_list(clock: Clock) -> Floats:
    """[p, t] list price, in cents: today's price carried back and ahead over the price changes."""
    today = company.PRODUCTS["price"].to_numpy(dtype=float)
    level = np.ones((len(PRODUCTS), HISTORY + AHEAD))
    for row in rows(happenings.PRICE_CHANGES):
        at = clock.at(clock.in_season(int(row.month), int(row.years)))
        level[row.family == FAMILY, max(at, 0) :] *= row.factor
    return np.round(today[:, None] * level / level[:, [HISTORY - 1]], 2)
