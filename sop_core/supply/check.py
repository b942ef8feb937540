"""The plan checked by its own arithmetic, from `Inputs` and the labelled arrays alone."""

from __future__ import annotations

import numpy as np

from sop_core.calendar import month_label
from sop_core.errors import SelfCheckFailed
from sop_core.inputs import Floats, Inputs
from sop_core.supply.result import Solution, delayed, hours_at_hand

#: Largest difference allowed, relative to the size of what is balanced.
TOLERANCE = 1e-6


def self_check(inputs: Inputs, demand: Floats, solution: Solution) -> None:
    """Raises SelfCheckFailed with the first rule that does not hold to 1e-6 relative.

    Balances of stock, demand, material and people; capacities, contract limits, storage and lane limits; signs;
    reported objective against the solver's.
    """
    _signs(solution)
    _stock(inputs, solution)
    _demand(inputs, demand, solution)
    _resources(inputs, solution)
    _limits(inputs, solution)
    size = sum(abs(v) for v in solution.costs.values()) + sum(abs(v) for v in solution.penalties.values())
    size += float(np.abs(solution.revenue).sum())
    gap = abs(solution.objective - solution.solver_objective)
    if gap > TOLERANCE * max(size, 1.0):
        raise SelfCheckFailed(
            f"The plan's costs do not add up to its objective: {solution.objective:,.6f} by its own arithmetic, "
            f"{solution.solver_objective:,.6f} by the solver. The plan is not used; please report this."
        )


def _signs(solution: Solution) -> None:
    for name in (
        "started", "flow", "delivered", "stock", "served", "backlog", "lost", "regular", "overtime", "shifts",
        "headcount", "hired", "released", "bought", "material_stock",
    ):  # fmt: skip
        values = getattr(solution, name)
        if values.size and not values.min() >= 0:
            raise SelfCheckFailed(f"The plan holds a negative or missing quantity in {name}. It is not used.")


def _hold(what: str, gap: Floats, size: Floats | float, inputs: Inputs) -> None:
    """`gap` [..., t] has to be nil beside `size`; names the worst month."""
    if not gap.size:
        return
    excess = np.abs(gap) - TOLERANCE * np.maximum(size, 1.0)
    if not excess.max() <= 0:
        worst = np.unravel_index(int(np.argmax(np.nan_to_num(excess, nan=np.inf))), excess.shape)
        # A gap with one position per line belongs to the end of the horizon.
        month = month_label(inputs.months[worst[-1] if gap.shape[-1] > 1 else -1])
        raise SelfCheckFailed(
            f"{what} does not balance in {month}: off by {abs(float(gap[worst])):,.6g}. The plan is not used; "
            "very large or very small numbers in one table are the usual cause."
        )


def _stock(inputs: Inputs, solution: Solution) -> None:
    stock, source, lane = inputs.stock, inputs.source, inputs.lane
    moved = stock.receipts.copy()
    moved[:, :, 0] += stock.opening
    np.add.at(moved, (source.item, source.site), delayed(solution.started, source.lead))
    size = moved.copy()
    if lane.everywhere:
        moved -= solution.delivered.sum(axis=2)
    else:
        to_site = np.flatnonzero(lane.to_site >= 0)
        for one in to_site.tolist():
            arrives = delayed(solution.flow[:, one], np.full(len(inputs.items), lane.lead[one]))
            moved[:, lane.to_site[one]] += arrives
            size[:, lane.to_site[one]] += arrives
        for one in range(len(lane.origin)):
            moved[:, lane.origin[one]] -= solution.flow[:, one]
    total = moved.cumsum(axis=2)
    _hold("Stock", total - solution.stock, size.sum(axis=(1, 2), keepdims=True), inputs)


def _demand(inputs: Inputs, demand: Floats, solution: Solution) -> None:
    lane = inputs.lane
    asked = demand.copy()
    asked[..., 0] += inputs.demand.opening_backlog
    size = asked.sum(axis=3, keepdims=True)
    done = (solution.served + solution.lost).cumsum(axis=3) + solution.backlog
    _hold("Demand", asked.cumsum(axis=3) - done, size, inputs)
    served = solution.served.sum(axis=2)
    if lane.everywhere:
        arrives = solution.delivered.sum(axis=1)
    else:
        arrives = np.zeros_like(served)
        for one in np.flatnonzero(lane.to_region >= 0).tolist():
            late = np.full(len(inputs.items), lane.lead[one])
            arrives[:, lane.to_region[one]] += delayed(solution.flow[:, one], late)
    _hold("Deliveries to regions", arrives - served, size.sum(axis=(1, 2))[:, None], inputs)


def _resources(inputs: Inputs, solution: Solution) -> None:
    resource = inputs.resource
    used = solution.regular + solution.overtime + solution.shift_hours_used
    size = np.maximum(solution.load, used)
    _hold("Hours", np.maximum(solution.load - used, 0.0), size, inputs)
    at_hand = hours_at_hand(inputs, solution.headcount)
    hours = (solution.regular, solution.overtime, solution.shift_hours_used)
    for what, taken, most in zip(("Regular hours", "Overtime", "Extra shifts"), hours, at_hand, strict=True):
        _hold(what, np.maximum(taken - most, 0.0), size, inputs)
    for most, sign in ((resource.max_headcount, 1.0), (resource.min_headcount, -1.0)):
        beyond = np.where(resource.people[:, None], np.maximum(sign * (solution.headcount - most), 0.0), 0.0)
        _hold("Headcount limits", beyond, solution.headcount, inputs)
    moved = np.cumsum(solution.hired - solution.released, axis=1) + resource.headcount[:, None]
    gap = np.where(resource.people[:, None], moved - solution.headcount, 0.0)
    _hold("Headcount", gap, solution.headcount.max(axis=1, initial=0.0)[:, None], inputs)


def _limits(inputs: Inputs, solution: Solution) -> None:
    source, lane, material, site = inputs.source, inputs.lane, inputs.material, inputs.site
    size = np.maximum(solution.started, 1.0)
    for what, taken, most in (
        ("Source maximum", solution.started, np.maximum(source.max_quantity, 0.0)),
        ("Lane maximum", solution.flow.sum(axis=0), np.maximum(lane.max_quantity, 0.0)),
        ("Material maximum", solution.bought, np.maximum(material.max_quantity, 0.0)),
    ):
        _hold(what, np.maximum(taken - most, 0.0), np.maximum(taken, 1.0), inputs)
    short = source.min_quantity - solution.started - solution.contract_shortfall
    _hold("Contract minimum", np.maximum(short, 0.0), size, inputs)
    broken = {(p.where, p.month) for p in solution.promises if p.rule == "storage"}
    held = solution.stock.sum(axis=0)
    over = np.maximum(held - site.capacity[:, None], 0.0)
    for row, month in np.argwhere(over > 0):
        if (inputs.site_names[row], inputs.months[month]) in broken:
            over[row, month] = 0.0
    _hold("Storage", over, held, inputs)
    if not any(p.rule == "end_minimum" for p in solution.promises):
        missing = np.maximum(inputs.stock.end_minimum - solution.stock[:, :, -1], 0.0)[..., None]
        _hold("Minimum stock at the end", missing, inputs.stock.end_minimum[..., None], inputs)
    used = np.zeros((len(inputs.material_names), inputs.horizon))
    quantity = material.usage_quantity[:, None] * solution.started[material.usage_source]
    np.add.at(used, material.usage_material, quantity)
    came = np.zeros_like(used)
    np.add.at(came, material.material, delayed(solution.bought, material.lead))
    came[:, 0] += material.on_hand
    gap = (came - used).cumsum(axis=1) - solution.material_stock
    _hold("Material", gap, came.sum(axis=1, keepdims=True), inputs)
