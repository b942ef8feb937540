"""Makes a plan of nearly right quantities one that keeps every rule: month by month, as a planner's arithmetic would.

What is wanted (starts, shipments, heads) comes from another plan, moved towards new numbers. Here starts are held to
what sources, hours and contracts allow, shipments to what there is and what was ordered, and everything else follows:
stock, late and lost orders, hours, shortfalls. All hard promises have a priced way out, so that a plan comes out
wherever there are no materials and no unlimited obligations; what it is worth is its own money, nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply.numbers import Numbers, Scales
from sop_core.supply.result import delayed, hours_at_hand
from sop_core.supply.structure import Structure

#: Walks through the horizon until no region is sent more than it ordered.
_ROUNDS = 4


class Ways:
    """Who feeds whom, as sparse matrices; made once per structure."""

    def __init__(self, structure: Structure, inputs: Inputs) -> None:
        flow_lane, flow_item, source = structure.flow_lane, structure.flow_item, inputs.source
        self.lead = structure.lane_lead[flow_lane]
        self.origin = structure.point[flow_item, structure.lane_origin[flow_lane]]
        to_zone = structure.lane_zone[flow_lane] >= 0
        self.to_zone = np.flatnonzero(to_zone)
        self.at_once = np.flatnonzero(to_zone & (self.lead == 0))
        self.to_site = np.flatnonzero(~to_zone)
        self.zone = structure.zone_point[flow_item, structure.lane_zone[flow_lane]]
        self.dest = structure.point[flow_item, structure.lane_site[flow_lane]]
        points, zones, flows = len(structure.point_item), len(structure.zone_item), len(flow_lane)
        self.made_at = _sums(structure.point[source.item, source.site], points)
        self.out_of = _sums(self.origin, points)
        self.into_zone = _sums(self.zone[self.to_zone], zones, self.to_zone, flows)
        self.wait_zone = structure.zone_point[structure.wait_item, structure.wait_zone]
        self.lost_zone = structure.zone_point[structure.lost_item, structure.lost_zone]
        self.waits_in = _sums(self.wait_zone, zones)
        self.lost_in = _sums(self.lost_zone, zones)
        limit = np.full(len(structure.lane_origin), -1)
        limit[structure.limited_lanes] = np.arange(len(structure.limited_lanes))
        self.limited = limit[flow_lane]
        #: flows to other sites, site by site in an order in which goods pass on the same day
        order = _order(structure, len(inputs.site_names))
        of = structure.lane_origin[flow_lane]
        self.passes = [np.flatnonzero((of == site) & ~to_zone) for site in order] if len(self.to_site) else []


def _sums(group: Ints, groups: int, members: Ints | None = None, size: int | None = None) -> sp.csr_matrix:
    """[group, member] ones: sums members into groups."""
    members = np.arange(len(group)) if members is None else members
    size = len(group) if size is None else size
    return sp.csr_matrix((np.ones(len(group)), (group, members)), shape=(groups, size))


def _total(group: Ints, values: Floats, groups: int) -> Floats:
    """[group] sums of values."""
    if not len(group):
        return np.zeros(groups)  # numpy counts nothing in whole numbers
    return np.asarray(np.bincount(group, values, minlength=groups), dtype=np.float64)


def _order(structure: Structure, n_sites: int) -> list[int]:
    """Sites, those first that others are fed from within the month."""
    lanes = np.flatnonzero((structure.lane_site >= 0) & (structure.lane_lead == 0))
    depth = np.zeros(n_sites, dtype=np.int64)
    for _ in range(n_sites):
        np.maximum.at(depth, structure.lane_site[lanes], depth[structure.lane_origin[lanes]] + 1)
    return [int(site) for site in np.argsort(np.minimum(depth, n_sites), kind="stable")]


@dataclass(slots=True)
class Case:
    """Numbers in natural units, block by block."""

    structure: Structure
    inputs: Inputs
    numbers: Numbers
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    cost: Floats
    scales: Scales
    hours: sp.csr_matrix  #: [q, k] hours of each resource per unit started

    @classmethod
    def of(cls, structure: Structure, inputs: Inputs, numbers: Numbers, scales: Scales) -> Case:
        """Undoes the scaling (of everything but money)."""
        source = inputs.source
        hours = sp.csr_matrix(
            (source.routing_hours, (source.routing_resource, source.routing_source)),
            shape=(len(inputs.resource_names), len(source.item)),
        )
        return cls(
            structure, inputs, numbers, numbers.lower * scales.col, numbers.upper * scales.col,
            numbers.row_lower * scales.row, numbers.row_upper * scales.row, numbers.cost / scales.col,
            scales, hours,
        )  # fmt: skip

    def most(self, name: str) -> Floats:
        """[line, t] upper limits of a block of columns."""
        return self.structure.cols[name].of(self.upper)

    def least(self, name: str) -> Floats:
        """[line, t] lower limits of a block of columns."""
        return self.structure.cols[name].of(self.lower)


def repair(case: Case, ways: Ways, wanted: Floats) -> Floats | None:
    """[column] a plan near `wanted` (natural units, may break any rule) that keeps them all; None where none is
    found."""
    structure, cols = case.structure, case.structure.cols
    out = np.zeros(structure.n_cols)
    want = {name: np.maximum(block.of(wanted), 0.0) for name, block in cols.items()}
    heads = np.clip(want["heads"], case.least("heads"), case.most("heads"))
    starts = _starts(case, np.minimum(want["start"], case.most("start")), heads)
    cols["start"].of(out)[:] = starts
    _people(case, out, heads)
    _hours(case, out, case.hours @ starts, heads)
    stock = _shipped(case, ways, out, starts, want)
    if stock is None:
        return None
    _layers(case, out, stock)
    _shortfalls(case, out, starts, stock)
    return out


def _starts(case: Case, starts: Floats, heads: Floats) -> Floats:
    """Starts cut to the hours at hand, in proportion on each resource, after work that does not fit was brought
    forward to earlier months with room, as far as there is any."""
    resource = case.inputs.resource
    staff = np.zeros(resource.hours.shape)
    staff[case.structure.staffed] = heads
    room = np.sum(hours_at_hand(case.inputs, staff), axis=0)
    source = case.inputs.source
    of = source.routing_source
    movable = _movable(case)
    out = starts.copy()
    for month in range(out.shape[1] - 1, -1, -1):
        load = case.hours @ out[:, month]
        over = load > room[:, month] * (1 + 1e-12)
        if not over.any():
            continue
        kept = np.ones(len(out))
        factor = np.divide(room[:, month], load, out=np.ones_like(load), where=over)
        np.minimum.at(kept, of, factor[source.routing_resource])
        moved = out[:, month] * (1.0 - kept)
        out[:, month] -= moved
        moved = np.where(movable[:, month], moved, 0.0)
        for earlier in range(month - 1, -1, -1):
            if not moved.any():
                break
            free = np.maximum(room[:, earlier] - case.hours @ out[:, earlier], 0.0)
            asked = case.hours @ moved
            share = np.divide(free, asked, out=np.ones_like(asked), where=asked > free)
            taken = np.ones(len(out))
            np.minimum.at(taken, of, share[source.routing_resource])
            taken = np.minimum(moved * taken, case.most("start")[:, earlier] - out[:, earlier])
            taken = np.where(movable[:, earlier], np.maximum(taken, 0.0), 0.0)
            out[:, earlier] += taken
            moved = moved - taken
    return np.maximum(out, 0.0)


def _movable(case: Case) -> np.ndarray:
    """[k, t] starts that may move in time: nothing is promised about the month they arrive in, and the item may
    be held in stock."""
    structure, source, inputs = case.structure, case.inputs.source, case.inputs
    fixed = np.zeros((len(inputs.items), len(inputs.site_names), structure.horizon), dtype=bool)
    given = np.isfinite(structure.rows["committed"].of(case.row_upper))[:, 0]
    fixed[
        structure.committed_item[given], structure.committed_site[given], structure.committed_month[given]
    ] = True
    arrival = np.arange(structure.horizon)[None, :] + source.lead[:, None]
    inside = arrival < structure.horizon
    late = np.minimum(arrival, structure.horizon - 1)
    held = fixed[source.item[:, None], source.site[:, None], late] & inside
    return ~held & inside & ~inputs.item.make_to_order[source.item][:, None]


def _people(case: Case, out: Floats, heads: Floats) -> None:
    cols, opening = case.structure.cols, case.inputs.resource.headcount[case.structure.staffed]
    moved = np.diff(heads, axis=1, prepend=opening[:, None])
    cols["heads"].of(out)[:] = heads
    for name, forced, amount in (
        ("hired", "forced_in", np.maximum(moved, 0.0)),
        ("released", "forced_out", np.maximum(-moved, 0.0)),
    ):
        usual = np.minimum(amount, case.most(name))
        cols[name].of(out)[:] = usual
        cols[forced].of(out)[:] = amount - usual


def _hours(case: Case, out: Floats, load: Floats, heads: Floats) -> None:
    """Regular hours first, then overtime and shifts, the cheaper first: the least cost for these heads."""
    cols, resource = case.structure.cols, case.inputs.resource
    staff = np.zeros(resource.hours.shape)
    staff[case.structure.staffed] = heads
    limits = hours_at_hand(case.inputs, staff)
    rates = [np.where(resource.people, 0.0, resource.hour_cost), resource.overtime_cost]
    per_shift = np.where(resource.shift_hours > 0, resource.shift_hours, np.inf)
    rates.append(np.where(resource.shift_hours > 0, resource.shift_cost / per_shift, np.inf))
    rank = np.argsort(np.stack(rates), axis=0, kind="stable")
    used = np.zeros((3, *load.shape))
    left = load.copy()
    lines = np.arange(len(load))
    for place in range(3):
        kind = rank[place]
        most = np.stack(limits)[kind, lines]
        taken = np.minimum(left, most)
        used[kind, lines] = taken
        left = left - taken
    cols["regular"].of(out)[:], cols["overtime"].of(out)[:] = used[0], used[1]
    running = np.maximum(1.0 - resource.outage, 1e-300)
    cols["shifts"].of(out)[:] = used[2] / (per_shift[:, None] * running)


def _shipped(case: Case, ways: Ways, out: Floats, starts: Floats, want: dict[str, Floats]) -> Floats | None:
    """[point, t] stock after shipping; None where more is on its way to a region than it can have ordered."""
    planned = np.minimum(want["flow"], case.most("flow"))
    for _ in range(_ROUNDS):
        walk = _Walk(case, ways, starts, planned, want)
        walk.run()
        if not walk.unwanted.any():
            for name, values in (("flow", walk.flow), ("backlog", walk.backlog), ("lost", walk.lost)):
                case.structure.cols[name].of(out)[:] = values.T
            _end_of_horizon(case, out)
            return walk.stock.T
        # What arrived beyond the orders stays where it came from.
        arrived = np.maximum(walk.arriving, 1e-300)
        part = ahead((1.0 - walk.unwanted / arrived).T[ways.zone[ways.to_zone]], ways.lead[ways.to_zone])
        planned = walk.flow.T.copy()
        planned[ways.to_zone] *= np.maximum(part, 0.0)
    return None


def ahead(values: Floats, lead: Ints) -> Floats:
    """[x, t] what `delayed` shifts to t; ones where that lies behind the horizon."""
    out = np.ones_like(values)
    for months in np.unique(lead):
        lines = lead == months
        out[lines, : values.shape[1] - months] = values[lines, months:]
    return out


class _Walk:
    """Ships month by month what is planned, as far as there is stock, and catches up what is late beyond plan.

    Unlike elsewhere its arrays are [t, line]: every step works on one month of all lines.
    """

    def __init__(
        self, case: Case, ways: Ways, starts: Floats, planned: Floats, want: dict[str, Floats]
    ) -> None:
        structure = case.structure
        self.case, self.ways, self.structure, self.sums = case, ways, structure, case.numbers.demand
        zones, months = len(structure.zone_item), structure.horizon
        made = delayed(starts, case.inputs.source.lead)
        self.planned = _by_month(planned)
        self.coming = _by_month(structure.rows["stock"].of(case.row_lower) + ways.made_at @ made)
        self.wait, self.once = _by_month(self.sums.wait), _by_month(self.sums.lost)
        self.stock, self.flow = np.zeros_like(self.coming), np.zeros_like(self.planned)
        self.arriving, self.unwanted = np.zeros((months, zones)), np.zeros((months, zones))
        self.backlog, self.lost = np.zeros_like(self.wait), np.zeros_like(self.once)
        self.extra, self.on_the_way = np.zeros((months, zones)), np.zeros(zones)
        self.limits = _by_month(structure.rows["lane"].of(case.row_upper))
        self.intended, self.given_up = _by_month(want["backlog"]), _by_month(want["lost"])
        self.intended[-1] += want["old"][:, 0]
        self.best = self._usual()

    def _usual(self) -> Ints:
        """[zone point] the flow that brings most, -1 where there is none."""
        own, zone = self.ways.to_zone, self.ways.zone[self.ways.to_zone]
        best = np.full(self.arriving.shape[1], -1)
        order = np.argsort(self.planned[:, own].sum(axis=0), kind="stable")
        best[zone[order]] = own[order]
        return best

    def run(self) -> None:
        """Walks through the months."""
        ways, lead, months = self.ways, self.ways.lead, self.structure.horizon
        held = np.zeros(self.coming.shape[1])
        waiting = self.sums.wait_opening
        for month in range(months):
            at_hand = held + self.coming[month]
            for through in ways.passes:
                self._send(through, self.planned[month, through], at_hand, month)
                sent = self.flow[month, through]
                soon = lead[through] == 0
                np.add.at(at_hand, ways.dest[through[soon]], sent[soon])
                far = ~soon & (lead[through] + month < months)
                np.add.at(self.coming, (month + lead[through[far]], ways.dest[through[far]]), sent[far])
            own = ways.to_zone
            wish = self.planned[month].copy()
            more = self._late_beyond_plan(waiting, month)
            wish[self.best[more > 0]] += more[more > 0]
            self._keep_to_orders(wish, waiting, month)
            self._send(own, wish[own], at_hand, month)
            sent = self.flow[month, own]
            inside = lead[own] + month < months
            np.add.at(self.arriving, (month + lead[own][inside], ways.zone[own][inside]), sent[inside])
            self._note_extra(more, wish, month)
            self.stock[month] = held = at_hand
            waiting = self._orders(waiting, month)

    def _late_beyond_plan(self, waiting: Floats, month: int) -> Floats:
        """[zone point] orders that wait though the plan did not mean them to, and that nothing is on the way for."""
        self.on_the_way -= self.extra[month]
        meant = self.intended[month - 1] if month else self.sums.wait_opening
        more = self.ways.waits_in @ (waiting - meant) - self.on_the_way
        arrives = month + np.where(self.best >= 0, self.ways.lead[self.best], self.structure.horizon)
        return np.where(arrives < self.structure.horizon, np.maximum(more, 0.0), 0.0)

    def _keep_to_orders(self, wish: Floats, waiting: Floats, month: int) -> None:
        """A region holds no stock: of what would arrive at once, no more is sent than is ordered."""
        ways = self.ways
        now = ways.at_once
        ordered = ways.waits_in @ (waiting + self.wait[month]) + ways.lost_in @ self.once[month]
        room = np.maximum(ordered - self.arriving[month], 0.0)
        asked = _total(ways.zone[now], wish[now], len(room))
        part = np.divide(room, asked, out=np.ones_like(room), where=asked > room)
        wish[now] *= part[ways.zone[now]]

    def _note_extra(self, more: Floats, wish: Floats, month: int) -> None:
        """What was sent to catch up and arrives later is not sent twice."""
        zones = np.flatnonzero((more > 0) & (self.ways.lead[self.best] > 0))
        flows = self.best[zones]
        sent = self.flow[month, flows] * more[zones] / np.maximum(wish[flows], 1e-300)
        self.extra[month + self.ways.lead[flows], zones] += sent
        self.on_the_way[zones] += sent

    def _send(self, flows: Ints, wish: Floats, at_hand: Floats, month: int) -> None:
        """Sends what is wished as far as stock at the origin and the lane's limit allow; takes it from `at_hand`."""
        origin = self.ways.origin[flows]
        asked = _total(origin, wish, len(at_hand))
        part = np.divide(at_hand, asked, out=np.ones_like(asked), where=asked > at_hand)
        sent = wish * part[origin]
        if self.limits.size:
            lane = self.ways.limited[flows]
            on = lane >= 0
            limit = self.limits[month]
            load = _total(lane[on], sent[on], len(limit))
            part = np.divide(limit, load, out=np.ones_like(load), where=load > limit)
            sent[on] *= part[lane[on]]
        self.flow[month, flows] = sent
        at_hand -= _total(origin, sent, len(at_hand))
        np.maximum(at_hand, 0.0, out=at_hand)

    def _orders(self, waiting: Floats, month: int) -> Floats:
        """What is late and what is lost at the month's end: as the plan meant, and what is short beyond that waits
        where it may. Returns what waits."""
        ways = self.ways
        asked, once = waiting + self.wait[month], self.once[month]
        late = np.minimum(self.intended[month], asked)
        lost = np.minimum(self.given_up[month], once)
        short = ways.waits_in @ asked + ways.lost_in @ once - self.arriving[month]
        self.unwanted[month] = np.where(short < -1e-9 * np.maximum(self.arriving[month], 1.0), -short, 0.0)
        gap = np.maximum(short, 0.0) - ways.waits_in @ late - ways.lost_in @ lost
        # Short beyond plan: waits, then is lost. More than planned: what would be lost comes first.
        late, gap = _spread(gap, late, asked - late, ways.waits_in, ways.wait_zone, up=True)
        lost, gap = _spread(gap, lost, once - lost, ways.lost_in, ways.lost_zone, up=True)
        lost, gap = _spread(gap, lost, lost, ways.lost_in, ways.lost_zone, up=False)
        late, gap = _spread(gap, late, late, ways.waits_in, ways.wait_zone, up=False)
        self.backlog[month], self.lost[month] = late, lost
        return late


def _by_month(values: Floats) -> Floats:
    """A copy [t, line] of [line, t], month after month in memory."""
    return np.array(values.T, order="C")


def _spread(
    gap: Floats, values: Floats, room: Floats, sums: sp.csr_matrix, zone: Ints, *, up: bool
) -> tuple[Floats, Floats]:
    """Takes a gap per zone up (or, where negative, down) into values with room, in proportion; gives what is left."""
    wanted = np.maximum(gap, 0.0) if up else np.maximum(-gap, 0.0)
    if not wanted.any():
        return values, gap
    whole = sums @ room
    part = np.minimum(np.divide(wanted, whole, out=np.zeros_like(whole), where=whole > 0), 1.0)
    moved, taken = room * part[zone], whole * part
    return (values + moved, gap - taken) if up else (np.maximum(values - moved, 0.0), gap + taken)


def _end_of_horizon(case: Case, out: Floats) -> None:
    """Splits what waits at the end into orders of the last month and older ones, dearest served first."""
    cols, sums = case.structure.cols, case.numbers.demand
    backlog, old = cols["backlog"].of(out), cols["old"].of(out)
    before = backlog[:, -2] if backlog.shape[1] > 1 else sums.wait_opening
    total = backlog[:, -1].copy()
    cost_new, cost_old = cols["backlog"].of(case.cost)[:, -1], cols["old"].of(case.cost)[:, 0]
    older = np.where(
        cost_old < cost_new, np.minimum(total, before), np.maximum(total - sums.wait[:, -1], 0.0)
    )
    old[:, 0] = np.minimum(older, before)
    backlog[:, -1] = total - old[:, 0]


def _layers(case: Case, out: Floats, stock: Floats) -> None:
    """Stock up to its target, and above it; what is left of goods made to order only ever shrinks."""
    structure, cols = case.structure, case.structure.cols
    most = case.most("to_target")
    layer = np.minimum(stock[structure.layered], most)
    if len(structure.leftover):
        lines = np.full(len(structure.point_item), -1)
        lines[structure.layered] = np.arange(len(structure.layered))
        own = lines[structure.leftover]
        shrinking = np.minimum.accumulate(layer[own], axis=1)
        to_order = case.inputs.item.make_to_order[structure.point_item[structure.leftover]]
        layer[own] = np.where(to_order[:, None], shrinking, layer[own])
    cols["to_target"].of(out)[:] = layer
    above = stock.copy()
    above[structure.layered] -= layer
    cols["above"].of(out)[:] = above


def _shortfalls(case: Case, out: Floats, starts: Floats, stock: Floats) -> None:
    """What of contracts, committed output, minimum and storage is missed: the priced ways out."""
    structure, cols, rows = case.structure, case.structure.cols, case.structure.rows
    source = case.inputs.source
    least = rows["contract"].of(case.row_lower)
    cols["contract_short"].of(out)[:] = np.maximum(least - starts[structure.contracts], 0.0)
    arrives = ways_in = np.zeros((len(case.inputs.items), len(case.inputs.site_names), structure.horizon))
    np.add.at(ways_in, (source.item, source.site), delayed(starts, source.lead))
    made = arrives[structure.committed_item, structure.committed_site, structure.committed_month]
    low, high = rows["committed"].of(case.row_lower)[:, 0], rows["committed"].of(case.row_upper)[:, 0]
    cols["under"].of(out)[:, 0] = np.maximum(low - made, 0.0)
    cols["over"].of(out)[:, 0] = np.maximum(made - high, 0.0)
    end = rows["end"].of(case.row_lower)[:, 0]
    cols["end_short"].of(out)[:, 0] = np.maximum(end - stock[structure.end_points, -1], 0.0)
    limit = np.full(len(case.inputs.site_names), -1)
    limit[structure.limited_sites] = np.arange(len(structure.limited_sites))
    site = limit[structure.point_site]
    held = np.zeros((len(structure.limited_sites), structure.horizon))
    np.add.at(held, site[site >= 0], stock[site >= 0])
    cols["overfull"].of(out)[:] = np.maximum(held - rows["storage"].of(case.row_upper), 0.0)
