"""Typed demand, spread down: the total of a scope becomes the number typed, its cells keep their mix.

Edits are applied one after the other, after all other layers. Each takes the demand as the one before left it, so
the later one counts on its cells: a family set after one of its products scales all its products; a product set
after its family changes the family's total. The same edits in the same order give the same demand.
"""

from __future__ import annotations

import numpy as np

from sop_core.inputs import Edit, Floats

#: Units a month below which a scope's demand says nothing about its mix.
_NOTHING = 1e-6


def apply_edit(edit: Edit, running: Floats, base: Floats, on_sale: Floats, layer: Floats) -> None:
    """Edits `running` [i, r, m, t] in place and books the difference in `layer` of the same shape.

    In each month with a value the scope's total is that value (set), its demand and the value (add) or its demand
    times one plus the value (percent), never below zero. It is spread by the demand of the cells so far; where
    that is zero by the baseline of what is on sale (`on_sale` [i, t], 0..1), then evenly over what is on sale,
    then over all cells of the scope.
    """
    items, months = np.flatnonzero(edit.share > 0), np.flatnonzero(np.isfinite(edit.values))
    regions, segments = np.flatnonzero(edit.regions), np.flatnonzero(edit.segments)
    if not (len(items) and len(regions) and len(segments) and len(months)):
        return
    at = np.ix_(items, regions, segments, months)
    before = running[at]
    part = edit.share[items][:, None, None, None]
    mine = before * part
    total = mine.sum(axis=(0, 1, 2))
    value = edit.values[months]
    wanted = np.maximum(_wanted(edit.mode, total, value), 0.0)
    known = total > _NOTHING
    weight = mine / np.where(known, total, 1.0)
    for n in np.flatnonzero(~known):
        weight[..., n] = _without_mix(
            base[at][..., n], np.broadcast_to(part[..., 0], before.shape[:3]), on_sale[items, months[n]]
        )
    spread = weight * wanted
    # What rounding left goes to the largest cell, so that the total is the number typed.
    flat = spread.reshape(-1, len(months))
    flat[flat.argmax(axis=0), np.arange(len(months))] += wanted - flat.sum(axis=0)
    after = before - mine + spread
    running[at] = after
    layer[at] += after - before


def _wanted(mode: str, total: Floats, value: Floats) -> Floats:
    if mode == "add":
        return total + value
    return total * (1.0 + value) if mode == "percent" else value


def _without_mix(base: Floats, part: Floats, on_sale: Floats) -> Floats:
    """[i, r, m] shares that sum to 1 where there is no demand to tell the mix by."""
    selling = on_sale[:, None, None]
    for weight in (base * part * selling, part * (selling > 0), base * part):
        total = weight.sum()
        if total > _NOTHING:
            return np.asarray(weight / total, dtype=np.float64)
    return np.asarray(part / part.sum(), dtype=np.float64)
