"""Takes the known effect of past promotions out of the history, so that the baseline is a baseline.

The effect is that of the layer of promotions (layers.py): in the promotion's months the given part comes on top;
of each of the `pull_months` months after it the given part is bought earlier, while the promotion runs. Here the
same equations are solved for the demand without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label, month_part, months_long, span_label
from sop_core.demand.corrections import Axes, Ledger
from sop_core.inputs import Bools, Floats
from sop_core.planning_level import PlanningItems
from sop_core.schema import ALL
from sop_core.snapshot import Snapshot, rows_of

#: Not less than this part of the baseline is left by promotions that take demand away.
_LEAST = 0.05
#: Passes that solve the equations; each month that is pulled from adds one, and two are usual.
_PASSES = 24


@dataclass(frozen=True, slots=True)
class Past:
    """A past promotion on the axes of the history. `share[i]`: the part (0..1) of the item that it covers."""

    name: str
    share: Floats
    regions: Bools
    segments: Bools
    gain: Floats  #: [h] part of the month's baseline that comes on top
    loss: Floats  #: [h] part of the month's baseline that is bought earlier
    early: Floats  #: [h] part of what is bought early that is bought in the month; sums to 1 over its months
    beyond: float  #: sum of the losses of months behind the end of the history

    @property
    def rows(self) -> np.ndarray:
        """Positions of the items that it covers."""
        return np.flatnonzero(self.share)

    @property
    def scope(self) -> Floats:
        """[rows, r, m, 1] the part of each leaf that it covers."""
        scope: Floats = (
            self.share[self.rows, None, None, None]
            * self.regions[None, :, None, None].astype(float)
            * self.segments[None, None, :, None].astype(float)
        )
        return scope

    @property
    def pulls(self) -> bool:
        """Whether it draws on later months."""
        return bool(self.loss.any()) or self.beyond > 0


def past_promotions(snapshot: Snapshot, axes: Axes) -> tuple[Past, ...]:
    """The promotions that touch the history; rows of one name, time and effect are one promotion."""
    found: dict[tuple[object, ...], Past] = {}
    families = snapshot.table("products").groupby("family", sort=False)["product"].agg(list).to_dict()
    for row in rows_of(snapshot.table("promotions")):
        start, end = row.start.to_datetime64(), row.end.to_datetime64()
        gain = month_part(axes.months, start, end)
        last = np.datetime64(end, "M")
        after = np.arange(last + 1, last + 1 + int(row.pull_months))
        if not gain.any() and not np.isin(after, axes.months).any():
            continue
        members = [row.product] if isinstance(row.product, str) else families.get(row.family, [])
        share = _share(axes.items, members)
        if not share.any():
            continue
        known = (row.promotion, row.region, row.segment, row.start, row.end, row.uplift)
        key = (*known, row.pull_forward, row.pull_months)
        if key in found:
            share = np.minimum(share + found[key].share, 1.0)
        found[key] = Past(
            name=str(row.promotion),
            share=share,
            regions=np.array([row.region in (ALL, name) for name in axes.regions]),
            segments=np.array([row.segment in (ALL, name) for name in axes.segments]),
            gain=gain * row.uplift,
            loss=np.isin(axes.months, after) * row.pull_forward,
            early=gain / months_long(start, end),
            beyond=float((after > axes.months[-1]).sum()) * row.pull_forward,
        )
    return tuple(found.values())


def _share(items: PlanningItems, members: Sequence[str]) -> Floats:
    share = np.zeros(len(items.names))
    for product in members:
        if product in items.position:
            share[items.position[product]] += items.share[product]
    return np.minimum(share, 1.0)


def take_out_promotions(snapshot: Snapshot, cleaned: Floats, ledger: Ledger) -> None:
    """Solves for the demand without the promotions that are accepted, and lists what each of them did.

    A promotion's effects add up where several meet, as in the layer. Rejected ones are listed with what would
    be taken out if all were accepted.
    """
    promotions = past_promotions(snapshot, ledger.axes)
    for promotion in promotions:
        covered = promotion.regions.any() and promotion.segments.any()
        touched = (promotion.early > 0) | (promotion.loss > 0)
        if covered:  # explains a month even where its effect is not known
            ledger.explained |= (promotion.share > 0)[:, None] & touched
    acting = [p for p in promotions if (p.gain != 0).any() or p.pulls]
    if not acting:
        return
    accepted = [ledger.accepted("promotion", p.name) for p in acting]
    everywhere = np.ones(cleaned.shape, dtype=bool)
    base = without(cleaned, acting, accepted)
    wholly = base if all(a.all() for a in accepted) else without(cleaned, acting, [everywhere] * len(acting))
    effects = [effect_of(p, base, mask) for p, mask in zip(acting, accepted, strict=True)]
    total = np.zeros_like(cleaned)
    for promotion, effect in zip(acting, effects, strict=True):
        total[promotion.rows] += effect
    # Where the equations were cut at zero, the effects share what was really taken out.
    real = np.divide(cleaned - base, total, out=np.zeros_like(total), where=np.abs(total) > 1e-12)
    for promotion, mask, effect in zip(acting, accepted, effects, strict=True):
        why, rows = _Why(promotion, ledger.axes.months), promotion.rows
        acts, before = mask[rows], cleaned[rows]
        after = before - effect * real[rows]
        moved = acts & (np.abs(after - before) > 1e-9)
        ledger.note(moved, before, after, acts, "promotion", why, promotion.name, rows)
        cleaned[rows] = after
        if acts.all():
            continue
        left = base[rows]
        would = np.maximum(left - effect_of(promotion, wholly, everywhere), 0.0)
        idle = ~acts & (left > 0) & (np.abs(would - left) > 1e-9)
        ledger.note(idle, left, would, acts, "promotion", why, promotion.name, rows)
    cleaned[:] = base


def without(actual: Floats, promotions: Sequence[Past], masks: Sequence[Bools]) -> Floats:
    """[i, r, m, h] the demand b from which the promotions make `actual`, where their masks allow:
    actual = b (1 + sum of scope (gain - loss)) + what is bought early, never below zero."""
    divisor = np.ones_like(actual)
    for promotion, mask in zip(promotions, masks, strict=True):
        rows = promotion.rows
        divisor[rows] += promotion.scope * (promotion.gain - promotion.loss) * mask[rows]
    divisor = np.maximum(divisor, _LEAST)
    touched = np.abs(divisor - 1.0) > 1e-12
    base = actual / divisor
    pulling = [(p, mask) for p, mask in zip(promotions, masks, strict=True) if p.pulls]
    for _ in range(_PASSES if pulling else 0):
        early = np.zeros_like(actual)
        for promotion, mask in pulling:
            early[promotion.rows] += _bought_early(promotion, base, mask)
        touched |= early > 1e-12
        solved = np.maximum(actual - early, 0.0) / divisor
        moved = np.abs(solved - base).max(initial=0.0)
        base = solved
        if moved <= 1e-9 * max(np.abs(actual).max(initial=0.0), 1.0):
            break
    # Months without sales, or with more returns than sales, are no demand that a promotion made.
    return np.where(touched & (actual > 0), base, actual)


def effect_of(promotion: Past, base: Floats, mask: Bools) -> Floats:
    """[rows, r, m, h] units that a promotion adds to the demand `base` of the items it covers (negative: bought
    earlier)."""
    rows = promotion.rows
    effect: Floats = base[rows] * promotion.scope * (promotion.gain - promotion.loss) * mask[rows]
    return effect + _bought_early(promotion, base, mask) if promotion.pulls else effect


def _bought_early(promotion: Past, base: Floats, mask: Bools) -> Floats:
    """[rows, r, m, h] units of later months bought while the promotion ran. Of months behind the end of the
    history the demand is not known yet: they are taken like the promotion's own."""
    own = base[promotion.rows]
    pulled = (own * promotion.loss).sum(axis=-1, keepdims=True)
    ahead = (own * promotion.early).sum(axis=-1, keepdims=True) / max(promotion.early.sum(), 1e-12)
    wanted = pulled + promotion.beyond * ahead
    early: Floats = promotion.scope * promotion.early * wanted * mask[promotion.rows]
    return early


@dataclass(frozen=True, slots=True)
class _Why:
    """Words for what a promotion did in a month."""

    promotion: Past
    months: MonthArray

    def __call__(self, i: int, r: int, m: int, h: int) -> str:
        promotion = self.promotion
        ran = self.months[promotion.early > 0]
        if promotion.early[h] > 0 and promotion.gain[h] >= promotion.loss[h]:
            parts = [f"{promotion.name} ran in {span_label(ran[0], ran[-1])}"]
            if promotion.gain[h]:
                uplift = promotion.gain[h] * promotion.share[i]
                parts.append(f"{uplift * 100:+.0f} % on the month taken out".replace("-", "\N{MINUS SIGN}"))
            if promotion.pulls:
                parts.append("purchases pulled forward moved back")
            return ", ".join(parts)
        part = promotion.loss[h] * promotion.share[i]
        when = f" in {month_label(ran[-1])}" if len(ran) else ""
        return f"{part * 100:.0f} % was bought early{when}, during {promotion.name}: given back"
