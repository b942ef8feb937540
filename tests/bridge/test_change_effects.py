"""What each Change brings: adds up for every KPI, whatever the Changes are."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings

from sop_core import bridge
from sop_core.changes import (
    CapacityChange,
    DemandGrowth,
    LaunchMove,
    PromotionAdd,
    PromotionCancel,
    PromotionTerms,
    Scope,
    WageChange,
)
from sop_core.errors import SopError
from sop_core.kpis import KPIS
from sop_core.scenario import Scenario, Step
from tests.bridge.company import or_reject, planned
from tests.changes.factory import make_inputs
from tests.changes.strategies import scenarios

COMPANY = make_inputs()
PLAN = planned(COMPANY)
GROW = DemandGrowth(scope=Scope.of(family="Trail"), pct=0.3)
LESS = CapacityChange(scope=Scope.of(resource="Line 1"), pct=-0.8)
PAY = WageChange(pct=0.1)
FLASH = PromotionAdd(
    scope=Scope.of(family="Trail"), name="Flash", start=dt.date(2027, 2, 1), end=dt.date(2027, 2, 28), uplift=0.5
)  # fmt: skip
DEARER = PromotionTerms(promotion="Flash", uplift=0.9)


def measured(scenario: Scenario) -> dict[str, float]:
    return bridge.values(PLAN(scenario))


def of(*changes: object) -> Scenario:
    return Scenario("x", steps=tuple(Step(change) for change in changes))  # type: ignore[arg-type]


def added_up(found: bridge.Attribution) -> None:
    for name in (*KPIS, bridge.LATE):
        whole = found.difference(name)
        if not math.isfinite(whole):
            continue
        effects = [part.effects[name] for part in found.parts]
        # A ratio may lack a value on the way (no stock, no demand): then it is not shared out, and says so.
        if all(math.isfinite(effect) for effect in effects):
            assert abs(sum(effects) - whole) < 0.005, name
    for name in ("margin", "service_level", "stock_value", "cash"):
        assert sum(part.effects[name] for part in found.parts) == pytest.approx(
            found.difference(name), abs=0.005
        )


@pytest.mark.parametrize("rule", bridge.RULES)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(scenarios(COMPANY, most=3), scenarios(COMPANY, most=3))
def test_parts_sum_to_the_difference_within_a_cent(rule: bridge.Rule, a: Scenario, b: Scenario) -> None:
    or_reject(PLAN, a), or_reject(PLAN, b)

    def values(scenario: Scenario) -> dict[str, float]:
        try:
            return measured(scenario)
        except RuntimeWarning:  # 1e-300 units: their ratios overflow
            reject()

    found = bridge.attribute(a, b, values, COMPANY, rule)
    assert found is not None
    added_up(found)
    assert found.plans <= max(bridge.replans(a, b, COMPANY, rule), 0) + len(bridge.route(a, b).edits)


def test_the_rule_is_the_mean_over_all_orders() -> None:
    """Against a brute-force mean of marginal effects over the six orders of three Changes."""
    from itertools import permutations

    end = of(GROW, LESS, PAY)
    found = bridge.attribute(Scenario.base(), end, measured, COMPANY)
    assert found is not None
    assert found.rule == "order-free"
    wanted = np.zeros(3)
    for order in permutations(range(3)):
        for n, edit in enumerate(order):
            before, after = set(order[:n]), set(order[: n + 1])
            steps = [[c for k, c in enumerate((GROW, LESS, PAY)) if k in made] for made in (before, after)]
            margins = [measured(of(*part))["margin"] for part in steps]
            wanted[edit] += (margins[1] - margins[0]) / 6
    assert [part.effects["margin"] for part in found.parts] == pytest.approx(wanted.tolist(), abs=0.005)


def test_the_way_back_has_the_opposite_parts() -> None:
    there = bridge.attribute(Scenario.base(), of(GROW, LESS), measured, COMPANY)
    back = bridge.attribute(of(GROW, LESS), Scenario.base(), measured, COMPANY)
    assert there is not None
    assert back is not None
    for one, other in zip(there.parts, back.parts, strict=True):
        assert one.effects["margin"] == pytest.approx(-other.effects["margin"], abs=0.005)
        assert other.group.label.startswith("Without ")


def test_the_same_plan_has_no_parts() -> None:
    found = bridge.attribute(of(GROW), of(GROW), measured, COMPANY)
    assert found is not None
    assert found.parts == ()
    assert found.difference("margin") == 0.0
    assert found.plans == 0


def test_changes_that_need_each_other_are_taken_together_and_said() -> None:
    end = of(FLASH, PAY, DEARER)
    found = bridge.attribute(Scenario.base(), end, measured, COMPANY)
    assert found is not None
    assert len(found.parts) == 2
    (note,) = found.notes
    assert "are taken together" in note
    assert "Flash" in note
    added_up(found)
    # In the order of the list nothing is in the way: the promotion comes first.
    assert len(bridge.attribute(Scenario.base(), end, measured, COMPANY, "in order").parts) == 3  # type: ignore[union-attr]
    # On the way back the promotion would go before its terms: in order, the two go together.
    back = bridge.attribute(end, Scenario.base(), measured, COMPANY, "in order")
    assert back is not None
    assert back.notes
    added_up(back)


def test_a_promotion_cancelled_after_it_was_moved_is_planned_in_the_scenarios_order() -> None:
    end = of(LaunchMove(product="Trail 900", months=1), PromotionCancel(promotion="Spring push"), GROW)
    found = bridge.attribute(Scenario.base(), end, measured, COMPANY)
    assert found is not None
    added_up(found)


def test_many_changes_become_six_groups_at_most_and_each_its_own_in_order() -> None:
    months = ("2027-01", "2027-02", "2027-03", "2027-04")
    many = [DemandGrowth(scope=Scope.of(family="Trail", first=m, last=m), pct=0.1) for m in months]
    many += [DemandGrowth(scope=Scope.of(family="Road", first=m, last=m), pct=-0.1) for m in months]
    end = of(*many, LESS, PAY)
    found = bridge.attribute(Scenario.base(), end, measured, COMPANY)
    assert found is not None
    assert len(found.parts) == 4
    assert "(4 changes)" in found.parts[0].group.label
    assert found.plans <= 2**6
    added_up(found)
    one_by_one = bridge.attribute(Scenario.base(), end, measured, COMPANY, "in order")
    assert one_by_one is not None
    assert len(one_by_one.parts) == len(many) + 2
    assert "In order" in one_by_one.said
    added_up(one_by_one)


def test_stopped_early_it_says_nothing_and_stopped_late_it_falls_back_on_the_order() -> None:
    end = of(GROW, LESS, PAY)
    assert bridge.attribute(Scenario.base(), end, measured, COMPANY, stop=lambda: True) is None
    looks = iter(range(100))
    found = bridge.attribute(Scenario.base(), end, measured, COMPANY, stop=lambda: next(looks) >= 3)
    assert found is not None
    assert found.rule == "in order"
    assert found.said.startswith("Stopped before every order was tried")
    added_up(found)


def test_progress_counts_up_to_what_was_announced() -> None:
    told: list[tuple[int, int]] = []
    end = of(GROW, LESS, PAY)
    bridge.attribute(
        Scenario.base(), end, measured, COMPANY, progress=lambda what, done, total: told.append((done, total))
    )
    assert told[-1][0] == told[-1][1] == bridge.replans(Scenario.base(), end, COMPANY) == 6


def test_a_scenario_that_cannot_be_planned_says_why() -> None:
    alien = of(DemandGrowth(scope=Scope.of(family="Bicycles"), pct=0.1))
    with pytest.raises(SopError, match="Bicycles"):
        bridge.attribute(Scenario.base(), alien, measured, COMPANY)


def test_a_sentence_tells_effect_and_reason() -> None:
    end = of(LESS)
    found = bridge.attribute(Scenario.base(), end, measured, COMPANY)
    assert found is not None
    said = bridge.change_sentence(found.parts[0], "margin", found.start, "EUR")
    assert said.startswith("Line 1, Lyon: -80 % hours costs")
    assert "of margin: revenue −" in said
    service = bridge.change_sentence(found.parts[0], "service_level", found.start, "EUR")
    assert "points of service level" in service
