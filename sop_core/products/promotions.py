"""Promotions in the product review: what planned ones are worth by the plan's numbers, and terms that past ones
suggest."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from sop_core.calendar import month_part
from sop_core.demand.layers import promotion_effect
from sop_core.demand.uplift import Measured
from sop_core.inputs import Inputs, Promotion
from sop_core.plan import Unconstrained

#: Level of the interval outside which a planned uplift is called clearly different from what was measured.
CLEARLY = 0.8


@dataclass(frozen=True, slots=True)
class PlannedPromotion:
    """One planned promotion by the plan's own numbers, before supply: units and money over the horizon.

    Earned = extra units x (promotion's price - unit cost) - price given away on what sells anyway - price given
    away on what is only bought earlier - cost of running it.
    """

    name: str
    where: str
    what: str
    start: np.datetime64
    end: np.datetime64
    uplift: float
    pull_forward: float
    price_change: float
    cost: float
    base: float  #: units on its days without it
    extra: float  #: units that it adds
    pulled: float  #: units bought early
    earned: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A planned promotion whose uplift differs clearly from what its past ones measured."""

    promotion: str
    planned: float
    measured: float
    low: float
    high: float
    past: tuple[str, ...]


def planned_promotions(wanted: Unconstrained) -> list[PlannedPromotion]:
    """Promotions ahead as the scenario has them, earliest first; rows of one name are one."""
    inputs = wanted.inputs
    named: dict[str, list[Promotion]] = {}
    for promotion in inputs.demand.promotions:
        named.setdefault(promotion.name, []).append(promotion)
    lines = [_line(wanted, rows) for rows in named.values()]
    return sorted(lines, key=lambda line: (line.start, line.name))


def _line(wanted: Unconstrained, rows: list[Promotion]) -> PlannedPromotion:
    inputs, demand = wanted.inputs, wanted.demand
    price = inputs.demand.price * inputs.demand.price_factor
    cost = inputs.item.unit_cost[:, None, None, None]
    base = extra = pulled = earned = 0.0
    for row in rows:
        gain, loss, _ = promotion_effect(inputs.months, row)
        scope = (
            row.share[:, None, None, None]
            * row.regions[None, :, None, None]
            * row.segments[None, None, :, None]
        )
        part = month_part(inputs.months, row.start, row.end)
        affected = demand.base * scope
        added, early = affected * gain, affected * loss
        promoted = price * (1 + row.price_change)
        given = -price * row.price_change
        base += float((affected * part).sum())
        extra += float(added.sum())
        pulled += float(early.sum())
        earned += float((added * (promoted - cost)).sum() - (affected * part * given).sum())
        earned -= float((early * given).sum()) + row.cost
    first = rows[0]
    return PlannedPromotion(
        name=first.name,
        where=_where(first, inputs),
        what=_what(rows, inputs),
        start=min(row.start for row in rows),
        end=max(row.end for row in rows),
        uplift=_weighted(rows, "uplift"),
        pull_forward=_weighted(rows, "pull_forward"),
        price_change=_weighted(rows, "price_change"),
        cost=sum(row.cost for row in rows),
        base=base,
        extra=extra,
        pulled=pulled,
        earned=earned,
    )


def _weighted(rows: list[Promotion], name: str) -> float:
    weight = np.array([float(row.share.sum()) for row in rows])
    values = np.array([float(getattr(row, name)) for row in rows])
    return float(values @ weight / weight.sum()) if weight.sum() > 0 else float(values.mean())


def _where(row: Promotion, inputs: Inputs) -> str:
    parts = []
    for mask, names in ((row.regions, inputs.regions), (row.segments, inputs.segments)):
        if not mask.all():
            parts.append(", ".join(name for name, here in zip(names, mask, strict=True) if here))
    return "; ".join(parts) or "everywhere"


def _what(rows: list[Promotion], inputs: Inputs) -> str:
    share = np.minimum(np.sum([row.share for row in rows], axis=0), 1.0)
    touched = np.flatnonzero(share > 0)
    if len(touched) == 1:
        return inputs.title(int(touched[0]))
    families = {inputs.item_family[i] for i in touched}
    whole = [i for i, name in enumerate(inputs.item_family) if name in families]
    if len(families) == 1 and len(touched) == len(whole):
        return families.pop()
    return f"{len(touched)} items"


def same_promotion(name: str) -> str:
    """A promotion's name without the year or number that tells its runs apart: `Mower Weeks 2027` and
    `Mower Weeks 2025` are the same promotion."""
    bare = re.sub(r"[\s\-_/'#]*\b(19|20)\d{2}\b|[\s\-_/'#]*\b\d{1,2}\b$", "", name).strip().casefold()
    return bare or name.casefold()


def suggestions(planned: Sequence[PlannedPromotion], measured: Sequence[Measured]) -> list[Suggestion]:
    """Planned promotions whose uplift lies outside the 80 % interval of the mean of what its past runs measured
    (weighted by their precision)."""
    out = []
    for promotion in planned:
        past = [
            found
            for found in measured
            if found.telling and same_promotion(found.promotion.name) == same_promotion(promotion.name)
        ]
        if not past:
            continue
        weight = np.array([1.0 / max(found.rise_error, 1e-6) ** 2 for found in past])
        values = np.array([found.own_uplift for found in past])
        mean = float(weight @ values / weight.sum())
        # Runs differ by themselves: their spread counts where it is larger than their errors say.
        inside = 1.0 / weight.sum()
        spread = float(weight @ (values - mean) ** 2 / weight.sum()) / max(len(past) - 1, 1)
        half = float(ndtri(0.5 + CLEARLY / 2)) * math.sqrt(max(inside, spread if len(past) > 1 else 0.0))
        if not mean - half <= promotion.uplift <= mean + half:
            names = tuple(found.promotion.name for found in past)
            out.append(Suggestion(promotion.name, promotion.uplift, mean, mean - half, mean + half, names))
    return out
