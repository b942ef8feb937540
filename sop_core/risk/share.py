"""Who gets what in a month: orders against stock, as a controller would share it out without planning anew.

1. Each region is served from the sites that the plan serves it from, up to what is planned for it.
2. What it needs beyond that comes from any stock of a site that reaches it within the month, the nearest site first:
   safety stock, and what was built ahead, are for that.
3. Orders that the plan itself leaves waiting or loses are served last, and only from stock above the plan's own.

Where there is not enough, segments of the first priority come first, in all regions; regions that want more of a
site than it has share it in proportion to what they still need.

A cell is an item on a path. Most cells are served in full, whatever the priorities, so regions are first served as
wholes; only cells in which something is left over are gone through segment by segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sop_core.inputs import Floats
from sop_core.risk.commitments import Commitments, Door

Cells = tuple[NDArray[np.intp], NDArray[np.intp]]

#: Below this part of its orders a cell is served in full.
_DUST = 1e-9
#: Divides what is nothing: far below any quantity, far above what a division of quantities overflows at.
_NOTHING = 1e-60


@dataclass(frozen=True, slots=True)
class Left:
    """Orders not served in a month, for the cells [n] that have any."""

    cells: Cells  #: positions of item and path
    asked: Floats  #: [r, m, n] this month's demand
    units: Floats  #: [r, m, n] not served: waits, or is lost

    @property
    def any(self) -> bool:
        """Whether there are such cells."""
        return len(self.cells[0]) > 0


def share_out(
    plan: Commitments,
    month: int,
    factors: Floats,
    backlog: Floats | None,
    stock: Floats,
    there: Floats | None,
    spent: Floats,
) -> Left:
    """Serves a month's orders; lowers `stock` [s, i, p] and `there` [r, i, p] (goods that lie in a region), adds
    transport to `spent` [i, p].

    `factors` [r, i, p] on demand; `backlog` [r, m, i, p] that waits, None = nothing does.
    """
    need = factors * plan.demand[month].sum(axis=1)[..., None]
    if backlog is not None:
        need += backlog.sum(axis=1)
    dust = _DUST * need.sum(axis=0)
    kept_stock, kept_there, kept_spent = stock.copy(), None if there is None else there.copy(), spent.copy()
    doors = [_Open.of(door, month, None) for door in plan.doors]
    _from_region(need, there)
    _as_planned(doors, need, _planned(doors, need), stock, spent)
    for door in doors:
        door.extra(need, stock[door.site], None, spent)
    # Items of which the plan leaves orders unserved need the plan's own distinction from the start.
    left_over = need.sum(axis=0) > dust
    left_over |= (plan.left[month] > 0).any(axis=(0, 1))[:, None]
    item, path = np.nonzero(left_over)
    cells: Cells = (item, path)
    if not len(item):
        nothing = np.zeros((*plan.demand.shape[1:3], 0))
        return Left(cells, nothing, nothing)
    own_stock, own_spent = kept_stock[:, item, path], kept_spent[item, path]
    own_there = None if kept_there is None else kept_there[:, item, path]
    asked = factors[:, item, path][:, None] * plan.demand[month][:, :, item]
    pending = asked if backlog is None else asked + backlog[:, :, item, path]
    units = _by_segment(plan, month, item, pending, own_stock, own_there, own_spent)
    stock[:, item, path], spent[item, path] = own_stock, own_spent
    if there is not None and own_there is not None:
        there[:, item, path] = own_there
    return Left(cells, asked, units)


def _by_segment(
    plan: Commitments,
    month: int,
    item: NDArray[np.intp],
    pending: Floats,
    stock: Floats,
    there: Floats | None,
    spent: Floats,
) -> Floats:
    """[r, m, n] what is left of `pending` in cells of these items, priority by priority."""
    first = np.maximum(pending - plan.left[month][:, :, item], 0.0)  # as far as the plan would serve
    doors = [_Open.of(door, month, item) for door in plan.doors]
    planned = _planned(doors, pending[:, 0])
    quota = planned
    unmet = []
    for members in plan.groups:
        need = first[:, members].sum(axis=1)
        _from_region(need, there)
        # What the first priorities ask for counts against the region's planned deliveries, had or not.
        own = np.minimum(need, quota)
        beyond, quota = need - own, quota - own
        _as_planned(doors, own, planned, stock, spent)
        need = own + beyond
        for door in doors:
            door.extra(need, stock[door.site], None, spent)
        unmet.append(need)
    later = [
        (pending - first)[:, members].sum(axis=1) + need
        for members, need in zip(plan.groups, unmet, strict=True)
    ]
    for need in later:
        _from_region(need, there)
    for door in doors:
        at = stock[door.site]
        spare = np.maximum(at - door.kept, 0.0)
        if spare.any():
            for need in later:
                door.extra(need, at, spare, spent)
    out = np.empty_like(pending)
    for members, need in zip(plan.groups, later, strict=True):
        if len(members) == 1:
            out[:, members] = need[:, None]
        else:
            out[:, members] = _left_of(pending[:, members], first[:, members], need)
    return out


def _left_of(pending: Floats, first: Floats, left: Floats) -> Floats:
    """[r, m, n] `left` [r, n] of segments of one priority: first of what the plan would not serve either, in
    proportion, then of the rest."""
    last = pending - first
    of_last = part(left, last.sum(axis=1))
    of_first = part(np.maximum(left - last.sum(axis=1), 0.0), first.sum(axis=1))
    result: Floats = last * of_last[:, None] + first * of_first[:, None]
    return result


def _from_region(need: Floats, there: Floats | None) -> None:
    """Serves from goods that lie in the region already."""
    if there is not None and there.any():
        own = np.minimum(need, there)
        need -= own
        there -= own


def _planned(doors: Sequence[_Open], like: Floats) -> Floats:
    """[r, ...] planned deliveries of all sites to each region, for cells `like` [r, ...]."""
    shape = doors[0].planned.shape[1:] if doors else (1,) * (like.ndim - 1)
    out = np.zeros((len(like), *shape))
    for door in doors:
        for d, region in enumerate(door.regions):
            out[region] += door.planned[d]
    return out


def _as_planned(doors: Sequence[_Open], need: Floats, planned: Floats, stock: Floats, spent: Floats) -> None:
    """Serves `need` [r, ...] from where the plan does, at most what it plans."""
    share = part(need, planned)
    for door in doors:
        if not door.busy:
            continue
        wants = [door.planned[d] * share[region] for d, region in enumerate(door.regions)]
        total = _total(wants)
        at = stock[door.site]
        short = bool((at < total).any())
        if short:
            fits = part(at, total)
        at -= total
        np.maximum(at, 0.0, out=at)
        for d, region in enumerate(door.regions):
            want = wants[d]
            if short:
                want *= fits
            need[region] -= want
            if door.paid:
                want *= door.rate[d]
                spent += want
    np.maximum(need, 0.0, out=need)


@dataclass(slots=True)
class _Open:
    """A door in one month, its numbers laid beside the cells: [d, i, 1] for whole blocks, [d, n] for chosen cells."""

    site: int
    regions: tuple[int, ...]
    planned: Floats
    rate: Floats
    kept: Floats
    room: Floats | None
    busy: bool
    paid: bool

    @staticmethod
    def of(door: Door, month: int, item: NDArray[np.intp] | None) -> _Open:
        """For whole blocks, or for cells of these items [n]."""

        def laid(values: Floats) -> Floats:
            return values[..., None] if item is None else values[..., item]

        return _Open(
            site=door.site,
            regions=door.regions,
            planned=laid(door.planned[month]),
            rate=laid(door.rate[month]),
            kept=laid(door.kept[month]),
            room=None if door.room is None else laid(door.room[month]),
            busy=bool(door.planned[month].any()),
            paid=bool(door.rate[month].any()),
        )

    def extra(self, need: Floats, stock: Floats, spare: Floats | None, spent: Floats) -> None:
        """Serves `need` [r, ...] out of the site's `stock`, or only out of the `spare` part of it; lowers all."""
        wants = [need[region] for region in self.regions]
        if self.room is not None:
            wants = [np.minimum(want, self.room[d]) for d, want in enumerate(wants)]
        total = _total(wants)
        if not total.any():
            return
        fits = part(stock if spare is None else spare, total)
        if self.room is not None:
            # Each path has its own from here on.
            self.room = np.stack([self.room[d] - want * fits for d, want in enumerate(wants)])
        for d, region in enumerate(self.regions):
            units = wants[d] * fits
            need[region] -= units
            if self.paid:
                units *= self.rate[d]
                spent += units
        total *= fits
        stock -= total
        np.maximum(stock, 0.0, out=stock)
        if spare is not None:
            spare -= total
            np.maximum(spare, 0.0, out=spare)


def part(have: Floats, wanted: Floats) -> Floats:
    """How much of `wanted` can be had, 0 to 1; of no meaning where nothing is wanted."""
    out: Floats = have / np.maximum(wanted, _NOTHING)
    return np.minimum(out, 1.0, out=out)


def _total(values: Sequence[Floats]) -> Floats:
    out = values[0] + 0.0
    for one in values[1:]:
        out += one
    return out
