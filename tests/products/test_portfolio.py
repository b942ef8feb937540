"""Portfolio: margins, hours, classes and dead weight, on a plan whose numbers can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop_core.demand.signal import product_signal
from sop_core.planner import Company, Planner, prepare
from sop_core.products.dead_weight import dead_weight, item_scope, sentence
from sop_core.products.portfolio import (
    Portfolio,
    Rules,
    abc,
    bottlenecks,
    matrix,
    of_items,
    of_products,
    shares,
    xyz,
)
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests.pages import companies

PAST = pd.date_range("2024-01-01", periods=24, freq="MS")


def company(
    products: dict[str, dict[str, float]], *, hours: float | None = 100.0, plan: int = 12, **settings: str
) -> Company:
    """Products with price, cost, units a month, hours a unit and stock; one line of that many hours."""
    tables: dict[str, pd.DataFrame] = {
        "products": pd.DataFrame(
            {
                "product": list(products),
                "price": [p.get("price", 10.0) for p in products.values()],
                "unit_cost": [p.get("cost", 4.0) for p in products.values()],
                "family": [p.get("family", "F") for p in products.values()],
            }
        ),
        "sales": pd.DataFrame(
            [
                {"month": m, "product": name, "quantity": p["units"], "revenue": p["units"] * p.get("price", 10.0)}
                for name, p in products.items() for m in PAST
            ]
        ),
        "demand_plan": pd.DataFrame(
            [
                {"month": m, "product": name, "quantity": p["units"]}
                for name, p in products.items() for m in pd.date_range("2026-01-01", periods=plan, freq="MS")
            ]
        ),
        "inventory": pd.DataFrame(
            [
                {"month": PAST[-1], "product": n, "site": "Works", "quantity": p.get("stock", 0.0)}
                for n, p in products.items()
            ]
        ),
        "stock_targets": pd.DataFrame(
            [{"product": n, "target": p.get("stock", 0.0)} for n, p in products.items()]
        ),
    }  # fmt: skip
    if hours is not None:
        ways = [f"make {n}" for n in products]
        tables["resources"] = pd.DataFrame(
            [{"resource": "Line", "site": "Works", "hours": hours, "hour_cost": 0.0}]
        )
        tables["sources"] = pd.DataFrame({"source": ways, "product": list(products), "site": "Works"})
        tables["routings"] = pd.DataFrame(
            {
                "source": ways,
                "resource": "Line",
                "hours_per_unit": [p.get("hours", 1.0) for p in products.values()],
            }
        )
    given = {
        "plan_start": "2026-01-01",
        "horizon_months": str(plan),
        "demand": "demand_plan",
        "frozen_months": "0",
    }
    given |= settings
    tables["settings"] = pd.DataFrame({"setting": list(given), "value": list(given.values())})
    return prepare(Snapshot.from_tables(tables, version=1))


THREE = {
    "Dear": {"price": 20.0, "cost": 8.0, "units": 40.0, "hours": 1.0, "stock": 10.0},
    "Slow": {"price": 10.0, "cost": 4.0, "units": 20.0, "hours": 3.0, "stock": 50.0},
    "Loss": {"price": 5.0, "cost": 6.0, "units": 10.0, "hours": 0.1},
}


@pytest.fixture(scope="module")
def three() -> tuple[Company, Portfolio]:
    made = company(THREE, hours=101.0)
    return made, of_items(Planner(made).base, made.history)


def line(portfolio: Portfolio, item: str) -> pd.Series:
    return portfolio.frame.set_index("item").loc[item]


def test_margin_per_unit_and_per_hour_of_the_full_line(three: tuple[Company, Portfolio]) -> None:
    _, portfolio = three
    assert [b.name for b in portfolio.bottlenecks] == ["Line"]
    assert portfolio.bottlenecks[0].months_full == 12
    dear, slow = line(portfolio, "Dear"), line(portfolio, "Slow")
    assert (dear["margin_unit"], slow["margin_unit"]) == pytest.approx((12.0, 6.0))
    assert (dear["margin_hour"], slow["margin_hour"]) == pytest.approx((12.0, 2.0))
    assert dear["margin"] == pytest.approx(12 * 40 * 12)
    assert dear["margin_rate"] == pytest.approx(0.6)


def test_hours_and_margin_of_the_bottleneck_are_shared_out(three: tuple[Company, Portfolio]) -> None:
    _, portfolio = three
    slow = line(portfolio, "Slow")
    assert slow["hours_share"] == pytest.approx(60 / 101, rel=0.01)
    assert slow["hours_margin_share"] == pytest.approx(120 / 600, rel=0.01)


def test_stock_turns_and_cover(three: tuple[Company, Portfolio]) -> None:
    _, portfolio = three
    slow = line(portfolio, "Slow")
    assert slow["stock_now"] == pytest.approx(50 * 4.0)
    assert slow["turns"] == pytest.approx(20 * 12 / 50)
    assert slow["cover"] == pytest.approx(2.5)
    assert not slow["slow"]


def test_what_takes_more_than_it_earns_is_named_with_a_way_out(three: tuple[Company, Portfolio]) -> None:
    made, portfolio = three
    plan = Planner(made).base
    found = {(w.name, w.kind): w for w in dead_weight(portfolio, plan)}
    assert set(found) == {("Slow", "hours"), ("Slow", "stock"), ("Loss", "loss")}
    stock = found["Slow", "stock"]
    assert stock.money == pytest.approx(200.0)
    assert "71 % of stock value, 20 % of margin" in stock.finding
    assert stock.change is not None
    assert stock.change.kind == "safety_stock"
    loss = found["Loss", "loss"]
    assert loss.money == pytest.approx(120.0, rel=0.02)
    assert loss.change is not None
    assert loss.change.kind == "price_change"
    hours = found["Slow", "hours"]
    average = (40 * 12 + 60 * 2 + 1 * -10) / 101
    assert hours.money == pytest.approx((average - 2) * 60 * 12, rel=0.02)
    assert hours.change is not None
    assert hours.change.kind == "source_volume"
    assert "Line is full in 12 of 12 months" in sentence(portfolio, tuple(found.values()), "EUR")


def test_each_proposed_change_can_be_planned(three: tuple[Company, Portfolio]) -> None:
    made, portfolio = three
    planner = Planner(made)
    for weight in dead_weight(portfolio, planner.base):
        if weight.change is not None:
            planner.plan(Scenario("x").add(weight.change))


def test_without_resources_it_is_the_margin_of_a_unit() -> None:
    made = company(THREE, hours=None)
    portfolio = of_items(Planner(made).base, made.history)
    assert portfolio.bottlenecks == ()
    assert portfolio.frame["margin_hour"].isna().all()
    assert line(portfolio, "Dear")["margin_unit"] == pytest.approx(12.0)
    assert "No resource limits" in sentence(portfolio, (), "EUR")


def test_where_nothing_is_full_the_fullest_is_said_to_be_that() -> None:
    made = company(THREE, hours=500.0)
    limits = bottlenecks(Planner(made).base)
    assert [b.name for b in limits] == ["Line"]
    assert not limits[0].is_full


def test_sales_alone_are_ranked_by_volume() -> None:
    made = prepare(Snapshot.from_tables(companies.sales_only(), version=1))
    portfolio = of_items(Planner(made).base, made.history)
    assert portfolio.basis == "units"
    assert portfolio.frame["margin"].isna().all()
    assert line(portfolio, "Anvil")["abc"] == "A"


def test_without_history_all_is_z() -> None:
    made = prepare(Snapshot.from_tables(companies.demand_plan_only(), version=1))
    portfolio = of_items(Planner(made).base, made.history)
    assert not portfolio.history
    assert set(portfolio.frame["xyz"]) == {"Z"}


def test_stock_without_demand_ahead_is_idle() -> None:
    made = company(THREE | {"Dead": {"units": 0.0, "stock": 30.0}}, hours=500.0)
    plan = Planner(made).base
    portfolio = of_items(plan, made.history)
    assert bool(line(portfolio, "Dead")["idle"])
    named = [w for w in dead_weight(portfolio, plan) if w.name == "Dead"]
    assert named
    assert named[0].money == pytest.approx(120.0)
    assert "nobody asks for" in named[0].finding


def test_products_of_a_family_share_its_plan_and_keep_their_own_cost() -> None:
    made = company(THREE, hours=500.0, planning_level="family")
    plan = Planner(made).base
    assert made.history is not None
    products = of_products(plan, made.snapshot, product_signal(made.snapshot, made.history))
    items = of_items(plan, made.history)
    assert len(products.frame) == 3
    assert len(items.frame) == 1
    assert products.frame["units"].sum() == pytest.approx(items.frame["units"].sum())
    assert products.frame["hours"].sum() == pytest.approx(items.frame["hours"].sum())
    assert products.frame["stock_now"].sum() == pytest.approx(10 * 8 + 50 * 4)
    assert line(products, "Loss")["margin_unit"] == pytest.approx(-1.0)
    scope = item_scope(plan.inputs, 0)
    assert scope.families == ("F",)


def test_demo_classes_hold_every_item_and_all_of_the_margin(demo_planner: Planner) -> None:
    plan, history = demo_planner.base, demo_planner.company.history
    portfolio = of_items(plan, history)
    table = matrix(portfolio)
    assert table["items"].sum() == len(plan.inputs.items)
    assert table["share"].sum() == pytest.approx(1.0)
    assert table["stock_share"].sum() == pytest.approx(1.0)
    served = plan.solution.revenue[..., : portfolio.months].sum()
    assert portfolio.frame["revenue"].sum() == pytest.approx(served)


# -- what holds for any numbers ---------------------------------------------------------------------------

amounts = st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan")), st.just(0.0)), max_size=30)


@given(values=amounts)
def test_shares_sum_to_one_or_none(values: list[float]) -> None:
    parts = shares(np.array(values, dtype=float))
    assert ((parts >= 0) & (parts <= 1)).all()
    assert parts.sum() == pytest.approx(1.0 if any(v > 0 for v in values) else 0.0)


@given(values=amounts)
def test_abc_parts_the_items_and_never_ranks_a_smaller_one_above(values: list[float]) -> None:
    worth = np.array(values, dtype=float)
    classes = abc(worth)
    assert len(classes) == len(values)
    assert set(classes) <= set("ABC")
    ranked = sorted(zip(-np.nan_to_num(worth, nan=-np.inf), classes, strict=True))
    assert [c for _, c in ranked] == sorted(c for _, c in ranked)
    assert all(c == "C" for v, c in zip(worth, classes, strict=True) if not v > 0)


def test_abc_thresholds() -> None:
    assert abc(np.array([80.0, 15.0, 5.0])) == ["A", "B", "C"]
    assert abc(np.array([100.0])) == ["A"]
    assert abc(np.array([50.0, 50.0, 0.0, -5.0]), Rules(a=0.4)) == ["A", "B", "C", "C"]


@given(values=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_xyz_parts_the_items(values: list[float]) -> None:
    classes = xyz(np.array(values))
    assert all((c == "Z") == (not v < 0.5) for v, c in zip(values, classes, strict=True))
    assert all((c == "X") == (v < 0.25) for v, c in zip(values, classes, strict=True))


odd = st.fixed_dictionaries(
    {
        "price": st.sampled_from([0.0, 0.01, 10.0, 5000.0]),
        "cost": st.sampled_from([0.0, 4.0, 50.0]),
        "units": st.sampled_from([0.0, 0.5, 30.0, 4000.0]),
        "hours": st.sampled_from([0.001, 1.0, 40.0]),
        "stock": st.sampled_from([0.0, 1.0, 9000.0]),
    }
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(odd, min_size=1, max_size=5),
    hours=st.sampled_from([None, 0.0, 80.0]),
    families=st.booleans(),
)
def test_any_company_has_a_portfolio_without_infinities(
    rows: list[dict[str, float]], hours: float | None, families: bool
) -> None:
    made = company(
        {f"P{n}": row for n, row in enumerate(rows)}, hours=hours, plan=3,
        planning_level="family" if families and hours is not None else "product",
    )  # fmt: skip
    plan = Planner(made).base
    signal = product_signal(made.snapshot, made.history) if made.history is not None else None
    for portfolio in (of_items(plan, made.history), of_products(plan, made.snapshot, signal)):
        frame = portfolio.frame
        numbers = frame.select_dtypes("number")
        assert not np.isinf(numbers.to_numpy()).any()
        for name in ("margin_share", "worth_share", "stock_share"):
            assert frame[name].sum() == pytest.approx(1.0) or frame[name].sum() == 0.0
        for name in ("hours_share", "hours_margin_share"):
            summed = frame.groupby("bottleneck")[name].sum()
            assert all(total == pytest.approx(1.0) or total == 0.0 for total in summed)
        assert matrix(portfolio)["items"].sum() == len(frame)
        weights = dead_weight(portfolio, plan)
        for text in [sentence(portfolio, weights, "EUR"), *(w.finding + w.remedy for w in weights)]:
            assert "nan" not in text
            assert "inf" not in text.lower().replace("info", "")
        for weight in weights:
            assert np.isfinite(weight.money)
            assert weight.money > 0
            if weight.change is not None:
                weight.change.check(plan.inputs)


def test_shares_follow_when_the_resource_is_chosen(demo_planner: Planner) -> None:
    plan = demo_planner.base
    line_2 = plan.inputs.resource_names.index("Tool Line")
    portfolio = of_items(plan, demo_planner.company.history, resource=line_2)
    assert set(portfolio.frame["bottleneck"]) == {"", "Tool Line"}
