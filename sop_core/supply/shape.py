"""Which rows and columns a supply model needs: the part of `Inputs` that is structure, not numbers.

Two sets of numbers share one model (and so a warm start) as long as the shape of one covers the other's.
Masks say where something can be non-zero at all; a mask may be wider than needed, never narrower.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from sop_core.inputs import Bools, Floats, Inputs, Ints


@dataclass(frozen=True, slots=True)
class Shape:
    """Structure of a supply model. Axes as in `Inputs`; `zone` merges regions, `class_` merges segments."""

    key: str  #: digest of everything that has to be equal: index arrays, lead times, horizon
    stocked: Bools  #: [i, s] the item can be at the site
    targeted: Bools  #: [i, s] has a stock target
    leftover: Bools  #: [i, s] make-to-order item with opening stock
    end_minimum: Bools  #: [i, s]
    committed: Bools  #: [i, s, t]
    sold: Bools  #: [i, r, m] has demand or opening backlog
    zone: Ints  #: [r] zone of each region
    class_: Ints  #: [m] class of each segment
    contract: Bools  #: [k] has a contract minimum
    material_contract: Bools  #: [n] has a contract minimum
    lane_limit: Bools  #: [l] has a limit over all items
    storage_limit: Bools  #: [s] has a storage capacity

    def covers(self, other: Shape) -> bool:
        """Whether a model of this shape can carry the other's numbers exactly."""
        return (
            self.key == other.key
            and all(not np.any(getattr(other, name) & ~getattr(self, name)) for name in _MASKS)
            and _refines(self.zone, other.zone)
            and _refines(self.class_, other.class_)
        )

    def union(self, other: Shape) -> Shape:
        """The smallest shape that covers both; the keys must be equal."""
        masks = {name: getattr(self, name) | getattr(other, name) for name in _MASKS}
        return Shape(
            key=self.key,
            zone=_common(self.zone, other.zone),
            class_=_common(self.class_, other.class_),
            **masks,
        )

    def token(self) -> str:
        """A digest of the whole shape: equal tokens mean equal models."""
        digest = hashlib.sha1(self.key.encode(), usedforsecurity=False)
        for name in (*_MASKS, "zone", "class_"):
            digest.update(getattr(self, name).tobytes())
        return digest.hexdigest()


_MASKS = (
    "stocked", "targeted", "leftover", "end_minimum", "committed", "sold",
    "contract", "material_contract", "lane_limit", "storage_limit",
)  # fmt: skip


def shape_of(inputs: Inputs, demand: Floats, price: Floats) -> Shape:
    """The shape that these numbers need.

    Segments are merged where priority, waiting rule and every price agree, regions where in addition no lane
    can tell them apart: only then is the merged model exact.
    """
    item, stock, source, lane = inputs.item, inputs.stock, inputs.source, inputs.lane
    held = (stock.opening > 0) | (stock.receipts > 0).any(axis=2)
    held[source.item, source.site] = True
    stocked = _reach(held, lane.origin, lane.to_site)
    targeted = (stock.target > 0).any(axis=2) & (~item.make_to_order)[:, None]
    committed = ~np.isnan(stock.committed)
    minimum = stock.end_minimum > 0
    stocked = stocked | targeted | minimum | (committed & (stock.committed > 0)).any(axis=2)
    finite_lane = np.isfinite(lane.max_quantity) & (lane.max_quantity > 0)
    return Shape(
        key=_key(inputs),
        stocked=stocked,
        targeted=targeted,
        leftover=item.make_to_order[:, None] & (stock.opening > 0),
        end_minimum=minimum,
        committed=committed & stocked[:, :, None],
        sold=asked_for(inputs, demand),
        zone=_equal_rows(np.moveaxis(price, 1, 0)) if lane.everywhere else np.arange(len(inputs.regions)),
        class_=_classes(inputs, price),
        contract=_any(source.min_quantity > 0),
        material_contract=_any(inputs.material.min_quantity > 0),
        lane_limit=_any(finite_lane),
        storage_limit=np.isfinite(inputs.site.capacity),
    )


def asked_for(inputs: Inputs, demand: Floats) -> Bools:
    """[i, r, m] where there is demand or opening backlog."""
    sold: Bools = (demand > 0).any(axis=3) | (inputs.demand.opening_backlog > 0)
    return sold


def _any(flags: Bools) -> Bools:
    return np.asarray(flags.any(axis=-1), dtype=np.bool_)


def _key(inputs: Inputs) -> str:
    source, lane, material, resource = inputs.source, inputs.lane, inputs.material, inputs.resource
    digest = hashlib.sha1(usedforsecurity=False)
    sizes = (
        len(inputs.items), len(inputs.regions), len(inputs.segments), len(inputs.site_names),
        len(inputs.resource_names), len(inputs.material_names), inputs.horizon, int(lane.everywhere),
    )  # fmt: skip
    digest.update(repr(sizes).encode())
    for array in (
        source.item, source.site, source.lead, source.routing_source, source.routing_resource,
        lane.origin, lane.to_site, lane.to_region, lane.lead, resource.people,
        material.material, material.lead, material.usage_source, material.usage_material,
        inputs.segment_waits, inputs.segment_priority,
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(b"|")
    return digest.hexdigest()


def _reach(held: Bools, origin: Ints, to_site: Ints) -> Bools:
    """Sites that each item can get to over site-to-site lanes."""
    between = to_site >= 0
    origin, to_site = origin[between], to_site[between]
    stocked = held.copy()
    for _ in range(held.shape[1]):
        reached = stocked.copy()
        np.logical_or.at(reached.T, to_site, stocked.T[origin])
        if np.array_equal(reached, stocked):
            break
        stocked = reached
    return stocked


def _classes(inputs: Inputs, price: Floats) -> Ints:
    rule = np.stack([inputs.segment_priority, inputs.segment_waits.astype(np.int64)], axis=1)
    same_rule = _equal_rows(rule.astype(float))
    return _common(same_rule, _equal_rows(np.moveaxis(price, 2, 0)))


def _equal_rows(values: Floats) -> Ints:
    """Label of each entry of the first axis; equal content, equal label; labels in order of appearance."""
    seen: dict[bytes, int] = {}
    return np.array(
        [seen.setdefault(np.ascontiguousarray(row).tobytes(), len(seen)) for row in values], dtype=np.int64
    )


def _common(first: Ints, second: Ints) -> Ints:
    """The coarsest partition finer than both."""
    return _equal_rows(np.stack([first, second], axis=1).astype(float))


def _refines(fine: Ints, coarse: Ints) -> bool:
    return bool(np.array_equal(_common(fine, coarse), _common(fine, fine)))
