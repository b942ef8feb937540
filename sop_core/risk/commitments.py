"""What a plan commits to, laid out month by month for the roll-forward: arrivals, transfers, deliveries, what is left.

Committed: starts (so arrivals in stock), transfers between sites, headcount, overtime, purchases. Deliveries to
customers are planned too, by site and region, but follow the orders (follow.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.inputs import Floats, Inputs, Ints
from sop_core.plan import Plan


@dataclass(frozen=True, slots=True)
class Transfer:
    """A lane on which goods are sent as planned: to a site, or to a region that they take months to reach."""

    site: int  #: it arrives at; -1 = a region
    region: int
    lead: int
    units: Floats  #: [t, i] planned
    rate: Floats  #: [t] transport, money a unit


@dataclass(frozen=True, slots=True)
class Door:
    """All a site delivers within the month: the regions [d] that it reaches."""

    site: int
    regions: tuple[int, ...]
    planned: Floats  #: [t, d, i] units
    rate: Floats  #: [t, d, i] transport, money a unit
    #: [t, d, i] units beyond what is planned that the lane takes, a limited lane's spare room shared out to items by
    #: their demand; None = no lane of the site has a limit
    room: Floats | None
    kept: Floats  #: [t, i] stock that the plan keeps there at month end


@dataclass(frozen=True)
class Commitments:
    """A plan as the roll-forward reads it. Axes: t month · r region · m segment · i item · s site. Items come last,
    beside the paths, so that a region's (or site's) numbers lie together."""

    inputs: Inputs
    demand: Floats  #: [t, r, m, i] unconstrained, units
    price: Floats  #: [t, r, m, i]
    left: Floats  #: [t, r, m, i] orders that the plan itself leaves waiting or loses, at month end
    end_value: (
        Floats  #: [i] money: orders that the plan leaves waiting at the horizon's end, as it values them
    )
    opening: Floats  #: [s, i]
    backlog: Floats  #: [r, m, i] at the start
    arrivals: Floats  #: [t, s, i] receipts and finished starts
    target: Floats  #: [t, s, i]
    groups: tuple[Ints, ...]  #: segments of one priority, those that are served first in front
    sites: tuple[int, ...]  #: in the order in which goods pass them within a month
    transfers: dict[int, tuple[Transfer, ...]]  #: by origin
    doors: tuple[Door, ...]  #: in the order in which a region asks them: the nearest first


def commitments(plan: Plan) -> Commitments:
    """Lays a plan out."""
    inputs, solution = plan.inputs, plan.solution
    arrivals = np.moveaxis(inputs.stock.receipts, 2, 0).transpose(0, 2, 1).copy()
    np.add.at(arrivals.transpose(1, 2, 0), (inputs.source.site, inputs.source.item), solution.received)
    order = np.unique(inputs.segment_priority)
    transfers = _transfers(plan)
    return Commitments(
        inputs=inputs,
        demand=_by_month(plan.demand.total),
        price=_by_month(plan.demand.price),
        left=_by_month(solution.backlog + solution.lost),
        end_value=_end_value(plan),
        opening=np.ascontiguousarray(inputs.stock.opening.T),
        backlog=np.ascontiguousarray(inputs.demand.opening_backlog.transpose(1, 2, 0)),
        arrivals=arrivals,
        target=np.ascontiguousarray(inputs.stock_target.transpose(2, 1, 0)),
        groups=tuple(np.flatnonzero(inputs.segment_priority == one) for one in order),
        sites=_order(transfers, len(inputs.site_names)),
        transfers=transfers,
        doors=_doors(plan),
    )


def _end_value(plan: Plan) -> Floats:
    """[i] what was asked for, less what was lost and what was paid."""
    price, opening = plan.demand.price, plan.inputs.demand.opening_backlog
    asked = ((plan.demand.total - plan.solution.lost) * price).sum(axis=(1, 2, 3))
    late: Floats = (
        asked + (opening * price[..., 0]).sum(axis=(1, 2)) - plan.solution.revenue.sum(axis=(1, 2, 3))
    )
    return np.maximum(late, 0.0)


def _by_month(values: Floats) -> Floats:
    """[i, ..., t] turned to [t, ..., i]."""
    return np.ascontiguousarray(np.moveaxis(np.moveaxis(values, -1, 0), 1, -1))


def _transfers(plan: Plan) -> dict[int, tuple[Transfer, ...]]:
    """Lanes that the plan uses, by origin, without those that reach a region within the month."""
    lane, flow = plan.inputs.lane, plan.solution.flow
    out: dict[int, list[Transfer]] = {}
    for at in range(len(lane.origin)):
        if (lane.to_region[at] >= 0 and lane.lead[at] == 0) or not (flow[:, at] > 0).any():
            continue
        out.setdefault(int(lane.origin[at]), []).append(
            Transfer(
                int(lane.to_site[at]),
                int(lane.to_region[at]),
                int(lane.lead[at]),
                np.ascontiguousarray(flow[:, at].T),
                lane.unit_cost[at],
            )
        )
    return {origin: tuple(found) for origin, found in out.items()}


def _order(transfers: dict[int, tuple[Transfer, ...]], count: int) -> tuple[int, ...]:
    """Sites so that those from which goods come within the month stand before those that get them; sites that send
    to each other keep the company's order, and what comes to the earlier one may then go to customers only."""
    before: dict[int, set[int]] = {site: set() for site in range(count)}
    for origin, lanes in transfers.items():
        for one in lanes:
            if one.site >= 0 and one.lead == 0:
                before[one.site].add(origin)
    out: list[int] = []
    while len(out) < count:
        left = [site for site in range(count) if site not in out]
        free = [site for site in left if not before[site] - set(out)]
        out.append((free or left)[0])
    return tuple(out)


def _doors(plan: Plan) -> tuple[Door, ...]:
    inputs, solution = plan.inputs, plan.solution
    lane, months = inputs.lane, inputs.horizon
    sites, regions = len(inputs.site_names), len(inputs.regions)
    if lane.everywhere:
        shipped = solution.delivered  # [i, s, r, t]
        reach = np.ones((sites, regions), dtype=bool)
        cost = np.zeros((sites, regions, months))
        rate = np.zeros((len(inputs.items), sites, regions, months))
        room = np.full((sites, regions, months), np.inf)
    else:
        shipped = np.zeros((len(inputs.items), sites, regions, months))
        spent = np.zeros_like(shipped)
        reach = np.zeros((sites, regions), dtype=bool)
        cost = np.full((sites, regions, months), np.inf)
        room = np.zeros((sites, regions, months))
        for at in np.flatnonzero((lane.to_region >= 0) & (lane.lead == 0)).tolist():
            where = lane.origin[at], lane.to_region[at]
            shipped[:, *where] += solution.flow[:, at]
            spent[:, *where] += solution.flow[:, at] * lane.unit_cost[at]
            reach[where] = True
            cost[where] = np.minimum(cost[where], lane.unit_cost[at])
            room[where] += np.maximum(lane.max_quantity[at], 0.0)
        rate = np.broadcast_to(np.where(np.isfinite(cost), cost, 0.0), shipped.shape).copy()
        np.divide(spent, shipped, out=rate, where=shipped > 0)
        room = np.maximum(room - shipped.sum(axis=0), 0.0)
    far = np.array([cost[s][reach[s]].mean() if reach[s].any() else np.inf for s in range(sites)])
    volume = plan.demand.total.sum(axis=2)  # [i, r, t]
    part = np.divide(volume, volume.sum(axis=0), out=np.zeros_like(volume), where=volume.sum(axis=0) > 0)
    out = []
    for site in np.argsort(far, kind="stable").tolist():
        found = np.flatnonzero(reach[site])
        if not len(found):
            continue
        limited = bool(np.isfinite(room[site, found]).any())
        with np.errstate(invalid="ignore"):
            shared = np.where(np.isfinite(room[site, found]), room[site, found] * part[:, found], np.inf)
        out.append(
            Door(
                site=site,
                regions=tuple(found.tolist()),
                planned=_by_month(shipped[:, site, found]),
                rate=_by_month(rate[:, site, found]),
                room=_by_month(shared) if limited else None,
                kept=np.ascontiguousarray(solution.stock[:, site].T),
            )
        )
    return tuple(out)
