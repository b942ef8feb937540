"""A Plan as tidy frames: one row a fact, months as the first of the month, rows that say nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from sop_core.inputs import Floats
from sop_core.plan import Plan, Unconstrained

#: Below this a quantity is the solver's dust.
DUST = 1e-6


def tidy(axes: Mapping[str, Iterable[object]], values: Mapping[str, Floats]) -> pd.DataFrame:
    """Labelled arrays of one shape as a long frame; rows where every value is dust are left out."""
    stacked = list(values.values())
    keep = np.zeros(stacked[0].shape, dtype=bool)
    for array in stacked:
        keep |= np.abs(np.nan_to_num(array)) > DUST
    places = np.nonzero(keep)
    columns = {
        name: pd.Series(list(labels)).iloc[at].to_numpy()
        for (name, labels), at in zip(axes.items(), places, strict=True)
    }
    return pd.DataFrame(columns | {name: array[places] for name, array in values.items()})


def plan_frames(plan: Plan) -> dict[str, pd.DataFrame]:
    """demand, production, stock, backlog, shipments, staffing, load, materials, money, shortages."""
    return {
        "demand": demand_frame(plan),
        "production": production_frame(plan),
        "stock": stock_frame(plan),
        "backlog": backlog_frame(plan),
        "shipments": shipments_frame(plan),
        "staffing": staffing_frame(plan),
        "load": load_frame(plan),
        "materials": materials_frame(plan),
        "money": money_frame(plan),
        "shortages": plan.shortages,
    }


def _where(plan: Plan | Unconstrained) -> dict[str, Iterable[object]]:
    inputs = plan.inputs
    return {"item": inputs.items, "region": inputs.regions, "segment": inputs.segments, "month": plan.stamps}


def _with_family(plan: Plan | Unconstrained, frame: pd.DataFrame) -> pd.DataFrame:
    family = dict(zip(plan.inputs.items, plan.inputs.item_family, strict=True))
    frame.insert(1, "family", frame["item"].map(family))
    return frame


def demand_frame(plan: Plan | Unconstrained) -> pd.DataFrame:
    """Baseline, each layer, the unconstrained total (units) and its price, by item, region, segment, month."""
    demand = plan.demand
    layers = {f"layer_{name}": units for name, units in demand.layers.items()}
    frame = tidy(_where(plan), {"baseline": demand.base} | layers | {"unconstrained": demand.total})
    priced = tidy(_where(plan), {"unconstrained": demand.total, "price": demand.price})
    frame = frame.merge(
        priced.drop(columns="unconstrained"), on=["item", "region", "segment", "month"], how="left"
    )
    return _with_family(plan, frame)


def production_frame(plan: Plan) -> pd.DataFrame:
    """Units started and received by source and month, the cost of what is started, and units below the contract."""
    inputs, solution = plan.inputs, plan.solution
    frame = tidy(
        {"source": inputs.source_names, "month": plan.stamps},
        {
            "started": solution.started,
            "received": solution.received,
            "cost": solution.started * inputs.source.unit_cost,
            "contract_shortfall": solution.contract_shortfall,
        },
    )
    at = {name: k for k, name in enumerate(inputs.source_names)}
    k = frame["source"].map(at).to_numpy(dtype=np.int64)
    frame.insert(1, "kind", np.array(inputs.source.kind, dtype=object)[k] if len(frame) else [])
    frame.insert(2, "item", np.array(inputs.items, dtype=object)[inputs.source.item[k]] if len(frame) else [])
    frame.insert(
        3, "site", np.array(inputs.site_names, dtype=object)[inputs.source.site[k]] if len(frame) else []
    )
    return frame


def stock_frame(plan: Plan) -> pd.DataFrame:
    """Stock at month end, its target, what is missing to it (units) and its value at standard cost."""
    inputs, solution = plan.inputs, plan.solution
    return _with_family(
        plan,
        tidy(
            {"item": inputs.items, "site": inputs.site_names, "month": plan.stamps},
            {
                "stock": solution.stock,
                "target": inputs.stock_target,
                "below_target": solution.short_target,
                "value": solution.stock * inputs.item.unit_cost[:, None, None],
            },
        ),
    )


def backlog_frame(plan: Plan) -> pd.DataFrame:
    """Units served, waiting at month end and lost, with the revenue of what is served."""
    solution = plan.solution
    return _with_family(
        plan,
        tidy(
            _where(plan),
            {
                "served": solution.served,
                "backlog": solution.backlog,
                "lost": solution.lost,
                "revenue": solution.revenue,
            },
        ),
    )


def shipments_frame(plan: Plan) -> pd.DataFrame:
    """Units that leave from origin to destination by item and month, and the transport cost; without lanes the
    deliveries from sites to regions."""
    inputs, solution = plan.inputs, plan.solution
    if inputs.lane.everywhere:
        axes: dict[str, Iterable[object]] = {
            "item": inputs.items,
            "origin": inputs.site_names,
            "destination": inputs.regions,
            "month": plan.stamps,
        }
        return tidy(axes, {"quantity": solution.delivered}).assign(cost=0.0)
    lane = inputs.lane
    origin = [inputs.site_names[s] for s in lane.origin]
    destination = [
        inputs.site_names[s] if s >= 0 else inputs.regions[r]
        for s, r in zip(lane.to_site, lane.to_region, strict=True)
    ]
    cost = solution.flow * lane.unit_cost[None, :, :]
    frame = tidy(
        {"item": inputs.items, "lane": range(len(origin)), "month": plan.stamps},
        {"quantity": solution.flow, "cost": cost},
    )
    at = frame.pop("lane").to_numpy(dtype=np.int64)
    frame.insert(1, "origin", [origin[n] for n in at])
    frame.insert(2, "destination", [destination[n] for n in at])
    return frame


def staffing_frame(plan: Plan) -> pd.DataFrame:
    """Heads, hires and releases by resource and month; resources with people only."""
    solution = plan.solution
    return tidy(
        {"resource": plan.inputs.resource_names, "month": plan.stamps},
        {"headcount": solution.headcount, "hired": solution.hired, "released": solution.released},
    )


def load_frame(plan: Plan) -> pd.DataFrame:
    """Hours needed, regular, overtime and shift hours used, and the capacity at hand, by resource and month."""
    solution = plan.solution
    capacity = np.where(np.isfinite(solution.capacity), solution.capacity, np.nan)
    return tidy(
        {"resource": plan.inputs.resource_names, "month": plan.stamps},
        {
            "load": solution.load,
            "regular": solution.regular,
            "overtime": solution.overtime,
            "shifts": solution.shifts,
            "capacity": capacity,
        },
    )


def materials_frame(plan: Plan) -> pd.DataFrame:
    """Units of each material bought, by supplier and month."""
    inputs = plan.inputs
    labels = [
        f"{inputs.material_names[n]}, {supplier}" if supplier else inputs.material_names[n]
        for n, supplier in zip(inputs.material.material, inputs.material.supplier, strict=True)
    ]
    return tidy({"material": labels, "month": plan.stamps}, {"bought": plan.solution.bought})


def money_frame(plan: Plan) -> pd.DataFrame:
    """The financial projection by month: revenue, each cost component, cost, margin, balances, cash."""
    money = plan.money
    columns = {"month": plan.stamps, "revenue": money.revenue}
    columns |= {f"cost_{name}": values for name, values in money.costs.items()}
    columns |= {
        "cost": money.cost,
        "margin": money.margin,
        "stock_value": money.stock_value,
        "receivables": money.receivables,
        "payables": money.payables,
        "working_capital": money.working_capital,
        "cash_flow": money.cash_flow,
    }
    return pd.DataFrame(columns)
