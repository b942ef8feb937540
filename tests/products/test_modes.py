"""Production mode: the suggestion rule by rule, its effect on stock, and the Changes that plan it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop_core.planner import Company, Planner, prepare
from sop_core.products.modes import ModeLine, changes_to, cover_days, mode_lines, today_modes
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot

PAST = pd.date_range("2024-01-01", periods=24, freq="MS")
AHEAD = pd.date_range("2026-01-01", periods=6, freq="MS")
STEADY = [20.0] * 24
WILD = [float(v) for v in np.random.default_rng(5).choice([2.0, 5.0, 60.0], 24)]
SELDOM = [30.0 if n % 4 == 0 else 0.0 for n in range(24)]


def company(
    demand: list[float],
    *,
    wait: int | None = 40,
    policy: str = "MTS",
    lead: int = 0,
    material_lead: int | None = None,
    shared: bool = True,
    target: float = 12.0,
    cost: float = 5.0,
) -> Company:
    """Item A with this history, and B, which is steady; orders leave `wait` days; materials where they have a lead."""
    history = {"A": demand, "B": STEADY}
    tables = {
        "products": pd.DataFrame({"product": ["A", "B"], "price": 10.0, "unit_cost": cost, "policy": [policy, "MTS"]}),
        "sales": pd.DataFrame(
            [
                {"month": m, "product": p, "quantity": q}
                for p, row in history.items() for m, q in zip(PAST, row, strict=True)
            ]
        ),
        "demand_plan": pd.DataFrame(
            [{"month": m, "product": p, "quantity": float(np.mean(row))} for p, row in history.items() for m in AHEAD]
        ),
        "stock_targets": pd.DataFrame({"product": ["A"], "target": [target]}),
        "sources": pd.DataFrame(
            {"source": ["make A", "make B"], "product": ["A", "B"], "site": "Works", "lead_months": lead}
        ),
        "settings": pd.DataFrame(
            [("plan_start", "2026-01-01"), ("horizon_months", "6"), ("demand", "demand_plan"), ("frozen_months", "0")],
            columns=["setting", "value"],
        ),
    }  # fmt: skip
    if wait is not None:
        orders = [
            {"order": f"{p}{n}", "product": p, "ordered_on": d, "due_on": d + pd.Timedelta(days=wait), "quantity": 2.0}
            for p in history for n, d in enumerate(pd.date_range("2025-01-05", periods=40, freq="8D"))
        ]  # fmt: skip
        tables["orders"] = pd.DataFrame(orders)
    if material_lead is not None:
        tables["materials"] = pd.DataFrame(
            {"material": ["M"], "supplier": ["S"], "unit_cost": 2.0, "lead_months": material_lead}
        )
        used = ["A", "B"] if shared else ["A"]
        tables["bom"] = pd.DataFrame({"product": used, "material": "M", "quantity_per": 1.0})
    return prepare(Snapshot.from_tables(tables, version=1))


def suggested(made: Company) -> ModeLine:
    return mode_lines(Planner(made).base, made.snapshot, made.history, None)[0]


@pytest.mark.parametrize(
    ("given_", "mode", "why"),
    [
        ({"demand": STEADY}, "MTS", "Demand is steady"),
        ({"demand": WILD}, "MTO", "Customers wait 40 days, 15 are needed"),
        ({"demand": SELDOM}, "MTO", "asked for every 4"),
        ({"demand": WILD, "wait": 10}, "MTS", "Customers wait 10 days; making and shipping takes 15"),
        ({"demand": WILD, "lead": 1}, "MTS", "takes 45"),
        ({"demand": WILD, "material_lead": 1}, "ATO", "not for its shared materials (45)"),
        ({"demand": WILD, "material_lead": 1, "shared": False}, "MTS", "Its own materials take 45 days"),
        ({"demand": WILD, "material_lead": 1, "wait": 60}, "MTO", "45 are needed"),
        ({"demand": WILD, "wait": None}, "MTS", "to order if they wait 15 days"),
        ({"demand": STEADY, "policy": "MTO"}, "MTO", "It works"),
        ({"demand": WILD, "policy": "MTO", "wait": 5}, "MTS", "Customers wait 5 days"),
        ({"demand": [0.0] * 24}, "MTS", "Too little history"),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_decides(given_: dict[str, object], mode: str, why: str) -> None:
    line = suggested(company(**given_))  # type: ignore[arg-type]
    assert line.suggested == mode
    assert why in line.why


def test_what_is_built_ahead_of_a_peak_stays_to_stock() -> None:
    made = company(WILD)
    plan = Planner(made).base
    ahead = plan.solution.stock + 40.0
    peak = dataclasses.replace(plan, solution=dataclasses.replace(plan.solution, stock=ahead))
    line = mode_lines(peak, made.snapshot, made.history, None)[0]
    assert line.suggested == "MTS"
    assert "Built ahead of a peak" in line.why


def test_to_order_frees_safety_and_cycle_stock() -> None:
    """12 units of target and half of a month's mean demand, at 5 a unit; holding is 20 % of cost a year."""
    line = suggested(company(WILD))
    monthly = float(np.mean(WILD))
    assert line.held == pytest.approx((12 + monthly / 2) * 5)
    assert line.after == 0.0
    assert line.freed == pytest.approx(line.held)
    assert line.holding == pytest.approx(0.2 * line.freed)
    assert "all orders leave that much time" in line.service


def test_assembled_to_order_holds_the_safety_stock_as_materials() -> None:
    line = suggested(company(WILD, material_lead=1))
    assert line.after == pytest.approx(12 * 2.0)


def test_the_suggestion_can_be_planned_and_frees_what_the_target_held() -> None:
    made = company(WILD)
    planner = Planner(made)
    lines = mode_lines(planner.base, made.snapshot, made.history, None)
    changes = changes_to(planner.base, lines, {0: "MTO"}, {})
    assert [c.sentence() for c in changes] == ["A: made to order"]
    plan = planner.plan(Scenario("x").add(changes[0]))
    assert planner.base.solution.stock[0].sum(axis=0) == pytest.approx(12.0)
    assert plan.solution.stock[0].sum() == pytest.approx(0.0, abs=1e-6)
    assert today_modes(made.snapshot, plan.inputs) == ["MTO", "MTS"]


def test_going_to_stock_without_a_target_brings_one_in_days() -> None:
    made = company(WILD, policy="MTO", wait=5, target=0.0)
    plan = Planner(made).base
    days = cover_days(plan, np.array([6.0, 1.0]), made.history)
    lines = mode_lines(plan, made.snapshot, made.history, np.array([6.0, 1.0]))
    (change,) = changes_to(plan, lines, {0: "MTS"}, days)
    assert change.cover_days == days[0] > 0
    planned = Planner(made).plan(Scenario("x").add(change))
    assert planned.solution.stock[0].sum() > 0
    assert lines[0].freed < 0
    assert "from stock at once" in lines[0].service


def test_items_that_go_the_same_way_are_one_change() -> None:
    made = company(WILD)
    plan = Planner(made).base
    lines = mode_lines(plan, made.snapshot, made.history, None)
    assert len(changes_to(plan, lines, {0: "MTO", 1: "MTO"}, {})) == 1
    assert len(changes_to(plan, lines, {0: "MTO", 1: "ATO"}, {})) == 2


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    demand=st.lists(st.sampled_from([0.0, 0.0, 1.0, 7.0, 900.0]), min_size=24, max_size=24),
    wait=st.sampled_from([None, -3, 0, 10, 90]),
    policy=st.sampled_from(["MTS", "MTO", "ATO"]),
    cost=st.sampled_from([0.0, 5.0]),
    target=st.sampled_from([0.0, 12.0]),
    material=st.sampled_from([None, 0, 2]),
)
def test_every_item_has_a_mode_a_sentence_and_an_effect(
    demand: list[float], wait: int | None, policy: str, cost: float, target: float, material: int | None
) -> None:
    made = company(demand, wait=wait, policy=policy, cost=cost, target=target, material_lead=material)
    lines = mode_lines(Planner(made).base, made.snapshot, made.history, None)
    assert [line.item for line in lines] == [0, 1]
    for line in lines:
        assert {line.today, line.suggested} <= {"MTS", "MTO", "ATO"}
        assert "nan" not in line.why + line.service
        assert line.why.endswith(".")
        effect = (
            line.stock_now,
            line.held,
            line.after,
            line.freed,
            line.holding,
            line.make_days,
            line.full_days,
        )
        assert np.isfinite(effect).all()
        assert line.held >= 0
        assert line.after >= 0
        assert line.full_days >= line.make_days
        assert line.changes or line.freed == 0.0
    changes = changes_to(Planner(made).base, lines, {line.item: line.suggested for line in lines}, {})
    for change in changes:
        change.check(made.inputs)


def test_the_demo_has_a_line_for_every_item(demo_planner: Planner) -> None:
    plan, made = demo_planner.base, demo_planner.company
    assert made.baseline is not None
    lines = mode_lines(plan, made.snapshot, made.history, made.baseline.sigma[:, 0])
    assert [line.item for line in lines] == list(range(len(plan.inputs.items)))
    by_name = {plan.inputs.items[line.item]: line for line in lines}
    assert by_name["RID-92"].today == "MTO"
