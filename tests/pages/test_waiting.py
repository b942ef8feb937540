"""Plans made beside the screen: the newest wish of a session counts, an estimate never replaces an exact plan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import desk as desks
from pages.parts.beside import Solves
from pages.parts.desk import Desk
from sop_core.changes import DemandGrowth
from sop_core.errors import PlanError
from sop_core.plan import Plan
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.supply.solve import Interrupted, Stop
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
THREAD = "plans beside the screen"


def grown(pct: float) -> Scenario:
    return Scenario.base().add(DemandGrowth(pct=pct))


class Bench:
    """A solver that waits until it is let go, and notes what it was asked."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.asked, self.learned = plan, [], []
        self.gate = threading.Event()
        self.problem: Exception | None = None

    def solve(self, scenario: Scenario, stop: Stop) -> Plan:
        self.asked.append(scenario)
        while not self.gate.wait(0.002):
            if stop():
                raise Interrupted
        if self.problem is not None:
            raise self.problem
        return self.plan

    def until(self, true: Callable[[], bool]) -> None:
        ends = time.monotonic() + 20
        while not true():
            assert time.monotonic() < ends, "it never came about"
            time.sleep(0.002)


@pytest.fixture(scope="module")
def desk() -> Desk:
    made = Desk(prepare(Snapshot.from_tables(companies.full_line())))
    assert made.base.kpis
    return made


@pytest.fixture
def bench(desk: Desk) -> Bench:
    return Bench(desk.base)


def test_the_newest_wish_of_a_session_counts_and_what_runs_for_nobody_is_stopped(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    first = solves.want("Ada", grown(0.01))
    bench.until(lambda: len(bench.asked) == 1)
    middle, last = solves.want("Ada", grown(0.02)), solves.want("Ada", grown(0.03))
    assert first.ended
    assert middle.ended
    bench.until(lambda: bench.asked[-1] == grown(0.03))
    bench.gate.set()
    assert last.wait(20)
    assert last.plan is bench.plan
    assert first.plan is None
    assert middle.plan is None
    bench.until(lambda: not solves.busy)
    assert bench.learned == [bench.plan]


def test_no_session_loses_its_plan_to_another(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    wishes = [solves.want(f"session {n}", grown(0.01 * n)) for n in range(1, 6)]
    shared = solves.want("session 6", grown(0.01))
    assert shared is wishes[0]
    solves.want("session 1", grown(0.09))
    assert not wishes[0].ended, "session 6 still waits for it"
    bench.gate.set()
    for wish in wishes:
        assert wish.wait(20)
        assert wish.plan is bench.plan
    bench.until(lambda: not solves.busy)


def test_who_waits_longest_is_served_next_however_often_another_wishes_anew(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    solves.want("Ada", grown(0.01))
    bench.until(lambda: len(bench.asked) == 1)
    solves.want("Ben", grown(0.02))
    for n in range(3, 6):
        solves.want("Ada", grown(0.01 * n))  # drops what is being solved
    bench.until(lambda: len(bench.asked) == 2)
    assert bench.asked[-1] == grown(0.02)
    bench.gate.set()
    bench.until(lambda: not solves.busy)
    assert bench.asked[1:] == [grown(0.02), grown(0.05)]


def test_what_cannot_be_planned_is_said_and_not_tried_again(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    bench.problem = PlanError("No plan keeps every rule.")
    bench.gate.set()
    wish = solves.want("Ada", grown(0.01))
    assert wish.wait(20)
    assert wish.problem == "No plan keeps every rule."
    assert solves.want("Ada", grown(0.01)) is wish
    bench.until(lambda: not solves.busy)
    assert len(bench.asked) == 1


def test_a_defect_is_named_and_the_next_wish_is_fulfilled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    loud: list[object] = []
    monkeypatch.setattr(threading, "excepthook", loud.append)
    solves = Solves(bench.solve, bench.learned.append)
    bench.problem = ZeroDivisionError("by nought")
    bench.gate.set()
    wish = solves.want("Ada", grown(0.01))
    assert wish.wait(20)
    assert "ZeroDivisionError: by nought" in wish.problem
    until_idle()
    assert len(loud) == 1, "a defect is never silent"
    bench.problem = None
    after = solves.want("Ada", grown(0.02))
    assert after.wait(20)
    assert after.plan is bench.plan


def test_nobody_waits_and_no_thread_is_left(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    wish = solves.want("Ada", grown(0.01))
    bench.until(lambda: len(bench.asked) == 1)
    solves.forget("Ada")
    assert wish.ended
    bench.until(lambda: not solves.busy)
    bench.until(lambda: all(thread.name != THREAD for thread in threading.enumerate()))


def test_beside_the_screen_the_same_plan_comes_out(desk: Desk) -> None:
    scenario = grown(0.2)
    assert desk.known(scenario) is None
    found = desk.estimate(scenario)
    wish = desk.want("Ada", scenario)
    assert wish.wait(60)
    exact = desk.known(scenario)
    assert exact is not None
    assert exact.fingerprint == Planner(desk.company).plan(scenario).fingerprint
    assert found is not None
    margin = exact.kpis["margin"]
    near = 1e-6 * abs(exact.kpis["revenue"])
    assert found.lowest - near <= margin <= found.highest + near


def test_a_plan_waits_until_its_estimate_is_drawn_and_no_longer_than_its_head_start(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    bench.gate.set()
    wish = solves.want("Ada", grown(0.01), head_start=20)
    assert not wish.wait(0.1)
    assert bench.asked == []
    wish.begin()
    assert wish.wait(20)
    assert solves.want("Ada", grown(0.02), head_start=0.05).wait(20), "nobody said begin"


def test_a_wish_that_is_dropped_in_its_head_start_holds_nobody_up(bench: Bench) -> None:
    solves = Solves(bench.solve, bench.learned.append)
    bench.gate.set()
    first = solves.want("Ada", grown(0.01), head_start=60)
    second = solves.want("Ada", grown(0.02))
    assert second.wait(20)
    assert first.ended
    assert first.plan is None


def test_an_exact_plan_comes_after_one_that_was_stopped(desk: Desk) -> None:
    desk.want("Ada", grown(0.171))
    for pct in (0.172, 0.173, 0.174):
        last = desk.want("Ada", grown(pct))
        time.sleep(0.02)
    assert last.wait(60)
    assert last.plan is not None
    assert last.problem == ""


def test_small_companies_plan_at_once(desk: Desk) -> None:
    assert not desk.slow


# -- the What-if of a company whose plans take long --


@pytest.fixture
def slow_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    path = companies.build(tmp_path / "slow.duckdb", companies.full_line())
    monkeypatch.setenv("SOP_STORE", str(path))
    monkeypatch.setattr(desks, "SLOW", 1)
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).switch_page("pages/scenarios.py")


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def dimmed(app: AppTest) -> bool:
    """Whether the strip's numbers are shown as an estimate, or as those of another plan."""
    return 'class="sop-strip sop-estimate"' in said(app)


def pictures_dimmed(app: AppTest) -> bool:
    """Whether the pictures say as well that they are not those of the exact plan."""
    return ".st-key-pictures_chart{opacity" in said(app)


def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Exact plans beside the screen wait for this event."""
    gate, own = threading.Event(), Desk._solve_beside

    def solve(self: Desk, scenario: Scenario, stop: Stop) -> Plan:
        while not gate.wait(0.002):
            if stop():
                raise Interrupted
        return own(self, scenario, stop)

    monkeypatch.setattr(Desk, "_solve_beside", solve)
    return gate


def until_idle() -> None:
    ends = time.monotonic() + 30
    while any(thread.name == THREAD for thread in threading.enumerate()):
        assert time.monotonic() < ends, "a thread beside the screen never ended"
        time.sleep(0.01)


def test_an_estimate_is_shown_as_one_and_the_exact_plan_replaces_it(
    slow_app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = held(monkeypatch)
    app = slow_app.run()
    assert not app.exception
    assert not dimmed(app)
    app.slider(key="lever_demand_growth").set_value(12.0).run()
    assert not app.exception
    assert dimmed(app)
    assert pictures_dimmed(app)
    assert "estimate: between" in said(app)
    assert "Estimate from plans solved so far; the exact plan follows." in said(app)
    # Moving on drops the older wish: its plan is never made, and never shown.
    app.slider(key="lever_demand_growth").set_value(15.0).run()
    assert dimmed(app)
    gate.set()
    until_idle()
    app.run()
    assert not app.exception
    assert not dimmed(app)
    assert not pictures_dimmed(app)
    assert "Exact plan, solved in" in said(app)
    plan = app.session_state["_last_plan"]
    assert plan.scenario.active[0].pct == pytest.approx(0.15)
    assert plan.solution.solver.status == "optimal"


def test_without_an_estimate_the_last_plan_is_dimmed_and_said_to_be_old(
    slow_app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = held(monkeypatch)
    monkeypatch.setattr(Desk, "estimate", lambda self, scenario: None)
    app = slow_app.run()
    app.slider(key="lever_demand_growth").set_value(12.0).run()
    assert not app.exception
    assert dimmed(app)
    assert (
        "Working: no estimate is possible for this change. The numbers are those of the last plan."
        in said(app)
    )
    gate.set()
    until_idle()
    app.run()
    assert "Exact plan, solved in" in said(app)


def test_a_plan_that_is_there_as_soon_as_its_estimate_is_shown_itself(
    slow_app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Desk.estimate

    def late(self: Desk, scenario: Scenario) -> object:
        found = own(self, scenario)
        assert self.want("somebody else", scenario).wait(30)
        return found

    monkeypatch.setattr(Desk, "estimate", late)
    app = slow_app.run()
    app.slider(key="lever_demand_growth").set_value(12.0).run()
    assert not app.exception
    assert not dimmed(app)
    assert "Exact plan, solved in" in said(app)


def test_back_to_the_base_nothing_is_waited_for(slow_app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    held(monkeypatch)
    app = slow_app.run()
    app.slider(key="lever_demand_growth").set_value(12.0).run()
    app.slider(key="lever_demand_growth").set_value(0.0).run()
    assert not app.exception
    assert not dimmed(app)
    until_idle()
