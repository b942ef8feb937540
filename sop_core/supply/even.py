"""Evens out a plan that is right in sum but not item by item.

A solved plan moved to new numbers along its basis (`preview`) answers to first order: months, resources and regions
get what the best plan would give them, but a single marginal item carries the whole shift of a resource's month, far
beyond what it can. Here the resource's hours month by month are kept, and shared out again over the items that the
resource makes: all of them run ahead of (or behind) their own needs by the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from sop_core.inputs import Floats, Inputs, Ints
from sop_core.supply.numbers import ClassDemand
from sop_core.supply.repair import Case, Ways
from sop_core.supply.result import delayed

#: Solves a small program: matrix, cost, lower, upper, row_lower, row_upper -> x.
Solve = Callable[[sp.csc_matrix, Floats, Floats, Floats, Floats, Floats], Floats]
#: Columns of hours and people.
_PEOPLE = ("regular", "overtime", "shifts", "heads", "hired", "released", "forced_in", "forced_out")


def groups_of(inputs: Inputs, tiers: int) -> tuple[Ints, Floats]:
    """([k] group of each source by the resources on its routing and its item's value per hour, [k] hours per unit on
    all its resources); -1 for sources without a routing."""
    source = inputs.source
    n = len(source.item)
    mask = np.zeros((n, len(inputs.resource_names)), dtype=bool)
    mask[source.routing_source, source.routing_resource] = True
    hours = np.bincount(source.routing_source, source.routing_hours, minlength=n)
    names: dict[bytes, int] = {}
    signature = np.array(
        [
            names.setdefault(row.tobytes() + bytes([lead]), len(names))
            for row, lead in zip(mask, source.lead, strict=True)
        ],
        dtype=np.int64,
    )
    group = np.full(n, -1)
    value = np.divide(inputs.item.unit_cost[source.item], hours, out=np.zeros(n), where=hours > 0)
    used = 0
    for one in range(len(names)):
        own = np.flatnonzero((signature == one) & (hours > 0))
        if not len(own):
            continue
        order = own[np.argsort(value[own], kind="stable")]
        group[order] = used + np.arange(len(own)) * tiers // len(own)
        used += min(tiers, len(own))
    _, group[group >= 0] = np.unique(group[group >= 0], return_inverse=True)
    return group.astype(np.int64), hours.astype(float)


def evened(case: Case, ways: Ways, wanted: Floats, tiers: int, solve: Solve, matrix: sp.csr_matrix) -> Floats:
    """[column] `wanted` (natural units) with starts, shipments, orders and heads that fit each item and resource."""
    structure, cols, sums = case.structure, case.structure.cols, case.numbers.demand
    out = wanted.copy()
    want = {name: block.of(wanted) for name, block in cols.items()}
    late, lost = _orders(case, want)
    starts = np.clip(want["start"], 0.0, case.most("start"))
    sent = np.clip(want["flow"], 0.0, case.most("flow"))
    group, hours = groups_of(case.inputs, tiers)
    flow = _flows(case, ways, sent, _served(ways, sums, late, lost))
    needed, share = _needs(case, ways, flow, starts, want)
    plan = level(case, needed, lost, group, hours, share, solve, matrix)
    if plan.dropped.any():
        lost = lost + (sums.lost - lost) * plan.dropped[structure.lost_item]
        flow = _flows(case, ways, sent, _served(ways, sums, late, lost))
        needed, share = _needs(case, ways, flow, starts, want)
    made = _warped(needed, plan.made, group, hours)
    made = np.where((group >= 0)[:, None], made, needed)
    cols["start"].of(out)[:] = _back(made, starts, case.inputs.source.lead)
    cols["flow"].of(out)[:] = flow
    cols["lost"].of(out)[:] = lost
    cols["backlog"].of(out)[:] = late
    cols["old"].of(out)[:] = 0.0
    cols["heads"].of(out)[:] = plan.heads
    return out


def _orders(case: Case, want: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Late and lost orders as wanted, held to what is ordered."""
    sums = case.numbers.demand
    late = want["backlog"].copy()
    late[:, -1] += want["old"][:, 0]
    late = np.maximum(late, 0.0)
    waiting = sums.wait_opening
    for month in range(late.shape[1]):
        late[:, month] = np.minimum(late[:, month], waiting + sums.wait[:, month])
        waiting = late[:, month]
    return late, np.clip(want["lost"], 0.0, sums.lost)


def _served(ways: Ways, sums: ClassDemand, late: Floats, lost: Floats) -> Floats:
    """[zone point, t] what has to arrive."""
    before = np.concatenate([sums.wait_opening[:, None], late[:, :-1]], axis=1)
    result: Floats = ways.waits_in @ (sums.wait + before - late) + ways.lost_in @ (sums.lost - lost)
    return np.maximum(result, 0.0)


@dataclass(frozen=True, slots=True)
class Level:
    """Work by group and month that the resources can do."""

    made: Floats  #: [group, t] hours of what arrives in t
    heads: Floats  #: [staffed, t]
    dropped: Floats  #: [i, t] part of the orders that cannot wait which is given up


def level(
    case: Case, needed: Floats, lost: Floats, group: Ints, hours: Floats, share: Floats, solve: Solve,
    matrix: sp.csr_matrix,
) -> Level:  # fmt: skip
    """The groups' work laid into months at least cost: ahead of need (holding), behind it (late, lost at the end) or
    given up; hours, overtime, shifts and people exactly as in the model. A small linear program."""
    structure, inputs, source = case.structure, case.inputs, case.inputs.source
    months, groups, n_items = structure.horizon, int(group.max(initial=-1)) + 1, len(inputs.items)
    own = np.flatnonzero(group >= 0)
    work = needed[own] * hours[own, None]
    total = _grouped(work, group[own], groups)
    load = np.maximum(total.sum(axis=1), 1e-9)
    lead = np.zeros(groups, dtype=np.int64)
    lead[group[own]] = source.lead[own]

    def average(per_unit: Floats) -> Floats:
        """[group] a value per unit [k] as one per hour, weighted by the hours needed."""
        weight = needed[own].sum(axis=1) * per_unit[own]
        return np.bincount(group[own], weight, minlength=groups) / load

    item, weights, sums = inputs.item, case.numbers.weights, case.numbers.demand
    of = source.item
    hold = average(item.holding_cost[of] + inputs.site.storage_cost[source.site])
    late = average((weights.late_cost + weights.lateness)[of])
    price = np.zeros(n_items)
    np.maximum.at(price, structure.wait_item, sums.wait_price.mean(axis=1))
    np.maximum.at(price, structure.lost_item, sums.lost_price.mean(axis=1))
    cost = source.unit_cost.mean(axis=1)
    worth = average(np.maximum((price + item.lost_sale_cost)[of] - cost, 0.0))
    once = np.zeros((n_items, months))
    np.add.at(once, structure.lost_item, np.maximum(sums.lost - lost, 0.0))
    drop_most = _grouped(once[of[own]] * (share * hours)[own, None], group[own], groups)
    drop_most = np.minimum(drop_most, total)
    # columns: made, ahead, behind, dropped [group, t] each, then the resources' own
    size = groups * months
    at = np.arange(size).reshape(groups, months)
    rows: list[Ints] = []
    columns: list[Ints] = []
    values: list[Floats] = []

    def put(row: Ints, column: Ints, value: float | Floats) -> None:
        row, column = np.broadcast_arrays(row, column)
        rows.append(row.ravel())
        columns.append(column.ravel())
        values.append(np.broadcast_to(value, row.shape).ravel())

    # ahead - behind = before + made + dropped - needed
    for place, sign in ((1, 1.0), (2, -1.0)):
        put(at, place * size + at, sign)
        put(at[:, 1:], place * size + at[:, :-1], -sign)
    put(at, at, -1.0)
    put(at, 3 * size + at, -1.0)
    blocks = [structure.cols[name] for name in _PEOPLE]
    limits = [structure.rows[name] for name in ("resource", "staff_regular", "staff_overtime", "staff")]
    own_cols = np.concatenate([np.arange(b.start, b.stop) for b in blocks])
    own_rows = np.concatenate([np.arange(b.start, b.stop) for b in limits])
    part = matrix[own_rows][:, own_cols].tocoo()
    rows.append(part.row + size)
    columns.append(part.col + 4 * size)
    values.append(part.data)
    use = np.zeros((groups, len(inputs.resource_names)))
    routed = source.routing_source
    np.add.at(
        use, (group[routed], source.routing_resource), source.routing_hours * needed[routed].sum(axis=1)
    )
    use /= load[:, None]
    g, q = np.nonzero(use > 0)
    resource = structure.rows["resource"]
    start = np.arange(months)[None, :] - lead[g][:, None]
    inside = start >= 0
    line, month = np.nonzero(inside)
    index = resource.at(q[line], start[inside])
    put(size + index - resource.start, at[g[line], month], (use[g, q])[line] / case.scales.row[index])
    money = case.scales.money
    costs = np.zeros((4, groups, months))
    costs[1] = hold[:, None]
    costs[2] = late[:, None]
    costs[2, :, -1] += worth
    costs[3] = worth[:, None]
    upper = np.full((4, groups, months), np.inf)
    upper[3] = drop_most
    upper[0][np.arange(months)[None, :] < lead[:, None]] = 0.0
    row_limits = [
        np.concatenate([-total.ravel(), side[own_rows]])
        for side in (case.numbers.row_lower, case.numbers.row_upper)
    ]
    answer = solve(
        sp.csc_matrix(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            shape=(size + len(own_rows), 4 * size + len(own_cols)),
        ),
        np.concatenate([costs.ravel() / money, case.numbers.cost[own_cols]]),
        np.concatenate([np.zeros(4 * size), case.numbers.lower[own_cols]]),
        np.concatenate([upper.ravel(), case.numbers.upper[own_cols]]),
        *row_limits,
    )
    made, _, _, dropped = answer[: 4 * size].reshape(4, groups, months)
    every = np.zeros(structure.n_cols)
    every[own_cols] = answer[4 * size :] * case.scales.col[own_cols]
    given_up = np.divide(dropped, drop_most, out=np.zeros_like(dropped), where=drop_most > 0)
    by_item = np.zeros((n_items, months))
    np.add.at(by_item, of[own], share[own, None] * given_up[group[own]])
    return Level(made, structure.cols["heads"].of(every).copy(), np.clip(by_item, 0.0, 1.0))


def _grouped(values: Floats, group: Ints, groups: int) -> Floats:
    out = np.zeros((groups, values.shape[1]))
    np.add.at(out, group, values)
    return out


def _flows(case: Case, ways: Ways, flow: Floats, wish: Floats) -> Floats:
    """Shipments to regions, scaled so that what arrives is what is wished."""
    own = ways.to_zone
    lead, zone = ways.lead[own], ways.zone[own]
    arrives = delayed(flow[own], lead)
    total = ways.into_zone[:, own] @ arrives
    part = np.divide(wish, total, out=np.zeros_like(wish), where=total > 0)
    arrives = arrives * part[zone]
    missing = np.where(total > 0, 0.0, wish)
    if missing.any():
        volume = flow[own].sum(axis=1)
        best = np.full(len(wish), -1)
        order = np.argsort(volume, kind="stable")
        best[zone[order]] = order
        has = best >= 0
        arrives[best[has]] += missing[has]
    out = flow.copy()
    out[own] = _back(arrives, flow[own], lead)
    return out


def _back(arrives: Floats, sent: Floats, lead: Ints) -> Floats:
    """[x, t] what has to leave so that it arrives then; what arrives behind the horizon is sent as it was."""
    out = sent.copy()
    for months in np.unique(lead):
        lines = lead == months
        out[lines, : arrives.shape[1] - months] = arrives[lines, months:]
    return out


def _needs(
    case: Case, ways: Ways, flow: Floats, starts: Floats, want: dict[str, Floats]
) -> tuple[Floats, Floats]:
    """([k, t] arrivals from each source that its site has to have, just in time, [k] its part of the site's)."""
    structure, source = case.structure, case.inputs.source
    supply = structure.rows["stock"].of(case.row_lower)
    out = ways.out_of @ flow
    if len(ways.to_site):
        arrives = delayed(flow[ways.to_site], ways.lead[ways.to_site])
        np.add.at(out, ways.dest[ways.to_site], -arrives)
    target = np.clip(want["to_target"], 0.0, case.most("to_target"))
    wanted = np.zeros_like(supply)
    wanted[structure.layered] = target
    level = out.cumsum(axis=1) - supply.cumsum(axis=1) + wanted
    most = np.maximum.accumulate(np.maximum(level, 0.0), axis=1)
    need = np.diff(most, axis=1, prepend=0.0)
    point = structure.point[source.item, source.site]
    volume = starts.sum(axis=1)
    total = ways.made_at @ volume
    count = ways.made_at @ np.ones(len(volume))
    share = np.where(
        total[point] > 0, volume / np.maximum(total[point], 1e-300), 1.0 / np.maximum(count[point], 1.0)
    )
    return need[point] * share[:, None], share


def _warped(needed: Floats, made: Floats, group: Ints, hours: Floats) -> Floats:
    """[k, t] arrivals: each group does its hours month by month, and every source in it has run through the same part
    of its own needs."""
    months, groups = needed.shape[1], len(made)
    own = np.flatnonzero(group >= 0)
    cumulated = np.concatenate([np.zeros((len(needed), 1)), needed.cumsum(axis=1)], axis=1)
    weighted = _grouped(cumulated[own] * hours[own, None], group[own], groups)
    done = made.cumsum(axis=1)
    out = np.zeros_like(needed)
    at = np.zeros((groups, months))
    steps = np.arange(months + 1.0)
    for one in range(groups):
        # Where nothing is needed for months on end, the earliest of them counts.
        curve, index = np.unique(weighted[one], return_index=True)
        at[one] = np.interp(done[one], curve, steps[index])
    whole = np.minimum(at.astype(np.int64), months - 1)
    part = at - whole
    line, which = own[:, None], group[own]
    upto = cumulated[line, whole[which]] + part[which] * needed[line, whole[which]]
    out[own] = np.diff(upto, axis=1, prepend=0.0)
    return np.maximum(out, 0.0)
