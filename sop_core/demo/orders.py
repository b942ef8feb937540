"""Order lines of the last closed year, and those of the running and the next month taken so far."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sop_core.demo import company, happenings
from sop_core.demo.clock import HISTORY, Clock
from sop_core.demo.market import FAMILY, PRODUCTS, REGIONS, SEGMENTS, Ints, Market
from sop_core.demo.plants import Plants

MONTHS = 12  #: closed months that orders cover
_BIG = 90  # a cell's month above this comes as two orders
_FIRST_ORDER = 610001
#: [p] position of each product's family: an order is one customer group's for one family.
FAMILY_AT = np.array([company.FAMILIES["family"].tolist().index(family) for family in FAMILY])


def order_lines(clock: Clock, market: Market, plants: Plants, rng: np.random.Generator) -> pd.DataFrame:
    """The `orders` table: lines due in the last closed year, delivered on time, late, lost or still waiting,
    and lines of the running and the next month that were ordered by the day on which the books were read. Each
    line is delivered whole or not at all."""
    parts = [_lines(plants.lost, None), _lines(plants.pending, None)]
    parts += [_lines(_by_due(plants.delivered[age], age), age) for age in range(len(plants.delivered))]
    lines = pd.concat(parts, ignore_index=True)
    lines = lines[lines["t"] >= HISTORY - MONTHS]
    lines = pd.concat([_halved(lines), _open_lines(market.coming)], ignore_index=True)
    return _dated(lines, clock, rng)


def _by_due(delivered: Ints, age: int) -> Ints:
    """Deliveries [p, r, m, t] brought back from the month of delivery to the month in which they were due."""
    out = np.zeros_like(delivered)
    out[..., : HISTORY - age] = delivered[..., age:]
    return out


def _lines(units: Ints, age: int | None) -> pd.DataFrame:
    """Non-zero cells as lines; `late` is the age at delivery in months, -1 = not delivered."""
    p, r, m, t = np.nonzero(units)
    late = np.full(len(p), -1 if age is None else age)
    columns = {"p": p, "r": r, "m": m, "t": t, "late": late, "quantity": units[p, r, m, t], "batch": 0}
    return pd.DataFrame(columns)


def _halved(lines: pd.DataFrame) -> pd.DataFrame:
    """Big lines that were delivered on time, parted over two orders."""
    big = (lines["quantity"] > _BIG) & (lines["late"] == 0)
    first, second, rest = lines[big].copy(), lines[big].copy(), lines[~big]
    second["quantity"] = first["quantity"] * 2 // 5
    second["batch"] = 1
    first["quantity"] = first["quantity"] - second["quantity"]
    return pd.concat([first, second, rest], ignore_index=True)


def _open_lines(coming: Ints) -> pd.DataFrame:
    """Lines of the coming months, ordered already or not."""
    cells = np.zeros((*coming.shape[:-1], HISTORY + coming.shape[-1]), dtype=np.int64)
    cells[..., HISTORY:] = coming
    return _lines(cells, None)


def _dated(lines: pd.DataFrame, clock: Clock, rng: np.random.Generator) -> pd.DataFrame:
    """Lines with order numbers and dates, oldest first; without those that nobody has ordered yet."""
    lines = lines.assign(family=FAMILY_AT[lines["p"].to_numpy()])
    head = ["t", "r", "m", "family", "batch"]
    lines = lines.sort_values([*head, "p", "late"], kind="stable", ignore_index=True)
    heads = lines.groupby(head, sort=False).ngroup().to_numpy()
    count = int(heads.max()) + 1
    month = clock.months[lines["t"].to_numpy()].astype("datetime64[D]")
    # An order is due on one day; its goods leave on that day, or later where they were late. Three in four come
    # within the weeks before, the others are placed for the season.
    due = month + rng.integers(2, 24, count)[heads].astype("timedelta64[D]")
    ahead = np.where(rng.random(count) < 0.75, rng.integers(1, 27, count), rng.integers(27, 60, count))
    ordered = due - ahead[heads].astype("timedelta64[D]")
    known = ordered <= clock.plan_start.astype("datetime64[D]") + happenings.ORDERS_UNTIL
    lines, heads, due, ordered = lines[known], heads[known], due[known], ordered[known]
    heads = np.unique(heads, return_inverse=True)[1]
    count = int(heads.max()) + 1
    late = lines["late"].to_numpy()
    later = clock.months[np.minimum(lines["t"].to_numpy() + np.maximum(late, 0), HISTORY)]
    shipped_late = later.astype("datetime64[D]") + rng.integers(2, 16, len(lines)).astype("timedelta64[D]")
    shipped = np.where(late > 0, shipped_late, due)
    shipped[late < 0] = np.datetime64("NaT")
    quantity = lines["quantity"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "order": [f"SO-{_FIRST_ORDER + head}" for head in heads],
            "line": lines.groupby(heads).cumcount().to_numpy() + 1,
            "ordered_on": _stamps(ordered),
            "due_on": _stamps(due),
            "product": np.array(PRODUCTS, dtype=object)[lines["p"]],
            "region": np.array(REGIONS, dtype=object)[lines["r"]],
            "segment": np.array(SEGMENTS, dtype=object)[lines["m"]],
            "quantity": quantity,
            "shipped_quantity": np.where(late >= 0, quantity, 0.0),
            "shipped_on": _stamps(shipped),
        }
    )


def _stamps(days: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(days.astype("datetime64[us]"))
