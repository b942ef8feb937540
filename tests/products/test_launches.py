"""Launches and phase-outs in the product review, by hand-computed examples."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sop_core.changes import (
    LaunchCannibalisation,
    LaunchProbability,
    LaunchRamp,
    LaunchVolume,
    PhaseOut,
    Scope,
)
from sop_core.demand.planned import counted_already
from sop_core.planner import Company, prepare, unconstrained
from sop_core.products.launches import NOT_STAGED, funnel, launch_lines, past_ramp
from sop_core.products.phase_outs import phase_outs
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests import published

BASE = Scenario.base()


def company(**tables: pd.DataFrame) -> Company:
    """P sells 100 and Q 50 a month, six months from Jan 27; N is new, at a price of 12 and a cost of 7."""
    base: dict[str, pd.DataFrame] = {
        "products": pd.DataFrame(
            {
                "product": ["P", "Q", "N"],
                "price": [10.0, 20.0, 12.0],
                "unit_cost": [6.0, 9.0, 7.0],
                "family": ["F", "F", "F"],
                "end": pd.to_datetime([None, None, None]),
            }
        ),
        "demand_plan": pd.concat(
            [published.demand([100.0] * 6), published.demand([50.0] * 6, product="Q")], ignore_index=True
        ),
        "settings": published.settings(6),
    }
    return prepare(Snapshot.from_tables(base | tables))


def launch(**values: Any) -> pd.DataFrame:
    row = {
        "product": "N",
        "like_product": "P",
        "month": pd.Timestamp("2027-02-01"),
        "scale": 0.5,
        "ramp_months": 2,
        "probability": 0.8,
        "cannibalises": "P",
        "cannibal_rate": 0.25,
        "stage": "development",
    }
    return pd.DataFrame([row | values])


def test_a_launch_is_told_in_full_and_weighted() -> None:
    """Ramp 25, 50, 50, 50, 50 = 225 units; a quarter taken from P; four fifths of all that is planned."""
    built = company(launches=launch())
    wanted = unconstrained(built, BASE)
    (line,) = launch_lines(built.snapshot, wanted)
    assert line.units.tolist() == pytest.approx([0, 25, 50, 50, 50, 50])
    assert line.full_taken == pytest.approx(56.25)
    assert line.weighted_net_units == pytest.approx(0.8 * (225 - 56.25))
    assert line.weighted_net_revenue == pytest.approx(0.8 * (225 * 12 - 56.25 * 10))
    assert line.weighted_net_margin == pytest.approx(0.8 * (225 * 5 - 56.25 * 4))
    assert float(wanted.demand.layers["launches"].sum()) == pytest.approx(line.weighted_net_units)


def test_the_funnel_counts_each_stage_and_names_what_has_none() -> None:
    built = company(launches=pd.concat([launch(), launch(product="N2", stage=None, cannibalises=None)]))
    stages = {
        stage.stage: stage for stage in funnel(launch_lines(built.snapshot, unconstrained(built, BASE)))
    }
    assert (stages["idea"].count, stages["development"].count, stages[NOT_STAGED].count) == (0, 1, 1)


def test_a_launch_without_a_like_product_says_why_it_has_no_volume() -> None:
    built = company(launches=launch(like_product=None))
    (line,) = launch_lines(built.snapshot, unconstrained(built, BASE))
    assert line.full_units == 0
    assert "like_product" in line.missing(built.inputs)


def test_a_product_that_the_demand_plan_holds_is_not_added_once_more() -> None:
    plan = pd.concat([published.demand([100.0] * 6), published.demand([5.0] * 6, product="N")])
    built = company(launches=launch(), demand_plan=plan)
    assert built.inputs.demand.launches == []
    assert "demand plan" in counted_already(built.snapshot, built.inputs.months)["N"]


def test_a_regions_own_row_stands_before_the_one_for_all() -> None:
    plan = pd.concat(
        [published.demand([100.0] * 6).assign(region=name) for name in ("North", "South")], ignore_index=True
    )
    rows = pd.concat(
        [launch(region="All", cannibalises=None), launch(region="South", scale=1.0, cannibalises=None)]
    )
    built = company(launches=rows, demand_plan=plan, regions=pd.DataFrame({"region": ["North", "South"]}))
    by_where = {line.where: line for line in launch_lines(built.snapshot, unconstrained(built, BASE))}
    assert by_where["North"].full_units == pytest.approx(225)
    assert by_where["South"].full_units == pytest.approx(450)


@pytest.mark.parametrize(
    ("change", "net"),
    [
        (LaunchProbability(product="N", probability=0.5), 0.5 * (225 - 56.25)),
        (LaunchVolume(product="N", scale=1.0), 0.8 * 2 * (225 - 56.25)),
        (LaunchRamp(product="N", months=1), 0.8 * 250 * 0.75),
        (LaunchCannibalisation(product="N", rate=1.0), 0.0),
    ],
)
def test_levers_of_a_launch_act_on_its_volume(change: Any, net: float) -> None:
    built = company(launches=launch())
    (line,) = launch_lines(built.snapshot, unconstrained(built, BASE.add(change)))
    assert line.weighted_net_units == pytest.approx(net)


def ending(stock: float, committed: float = 0.0, end: str = "2027-03-31") -> Company:
    products = pd.DataFrame(
        {
            "product": ["P", "Q"],
            "price": [10.0, 20.0],
            "unit_cost": [6.0, 9.0],
            "family": ["F", "F"],
            "end": pd.to_datetime([end, None]),
        }
    )
    made = pd.DataFrame(
        {
            "month": [pd.Timestamp("2027-01-01")],
            "product": ["P"],
            "site": ["Site"],
            "planned_quantity": [committed],
        }
    )
    return company(products=products, inventory=published.opening(stock), production=made)


def test_stock_left_at_the_end_is_valued_and_a_later_end_sells_it() -> None:
    """500 in stock against 300 until the end of March: 200 left at 6 each; two months more sell them."""
    built = ending(500.0)
    (line,) = phase_outs(built.snapshot, unconstrained(built, BASE))
    assert line.demand_until_end == pytest.approx(300)
    assert (line.left, line.left_value) == (pytest.approx(200), pytest.approx(1200))
    assert line.run_out == -1
    assert line.later is not None
    assert (line.later.end, line.later.sold) == (dt.date(2027, 5, 31), pytest.approx(200))
    later = BASE.add(PhaseOut(scope=Scope.of(product="P"), end=line.later.end))
    (moved,) = phase_outs(built.snapshot, unconstrained(built, later))
    assert (moved.left, moved.later) == (pytest.approx(0), None)


def test_stock_and_committed_production_run_out_before_the_end() -> None:
    """120 in stock and 100 committed in January: used up in March, 80 still to make."""
    built = ending(120.0, committed=100.0)
    (line,) = phase_outs(built.snapshot, unconstrained(built, BASE))
    assert line.run_out == 2
    assert line.still_to_make == pytest.approx(80)
    assert line.left == 0
    assert line.later is None


def test_a_product_that_ended_with_stock_left_is_listed() -> None:
    built = ending(40.0, end="2026-10-31")
    (line,) = phase_outs(built.snapshot, unconstrained(built, BASE))
    assert (line.left, line.demand_until_end) == (pytest.approx(40), pytest.approx(0))


def test_phase_out_ends_any_product_and_takes_the_familys_part() -> None:
    built = company()
    ended = BASE.add(PhaseOut(scope=Scope.of(product="Q"), end=dt.date(2027, 2, 14)))
    wanted = unconstrained(built, ended)
    q = built.inputs.items.index("Q")
    assert wanted.demand.total[q].sum(axis=(0, 1)).tolist() == pytest.approx([50, 25, 0, 0, 0, 0])
    assert built.inputs.demand.running[q].tolist() == [1.0] * 6


def test_a_past_launch_shows_its_real_ramp_season_aside() -> None:
    """A product launched in Jan 25 at a third, two thirds and then all of what it sells a year later."""
    months = pd.date_range("2024-01-01", "2026-12-01", freq="MS")
    season = 100 * (1 + 0.5 * np.sin(2 * np.pi * months.month.to_numpy() / 12))
    ramp = np.clip((np.arange(36) - 12 + 1) / 3, 0, 1)
    sales = pd.concat(
        [
            pd.DataFrame({"month": months, "product": "P", "quantity": season}),
            pd.DataFrame({"month": months, "product": "N", "quantity": season * ramp}),
        ]
    )
    snapshot = Snapshot.from_tables({"sales": sales})
    from sop_core.demand.history import build_history
    from sop_core.demand.signal import product_signal
    from sop_core.planning_level import planning_items

    history = build_history(snapshot, planning_items(snapshot))
    assert history is not None
    signal = product_signal(snapshot, history)
    found = past_ramp(signal, "N")
    assert found is not None
    assert found.part[:4].tolist() == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0])
    assert found.months_to_full == 3
    assert past_ramp(signal, "P") is None
