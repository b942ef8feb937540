"""Decisions and issues on the Pre-S&OP page, and what their forms do when they are kept."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import context, state
from pages.parts.desk import Desk
from pages.parts.meeting import decisions, decisions_form, issues
from pages.parts.meeting.decisions_form import COMPUTED, TYPED, UNSAID, Filled
from sop_core.changes import CapacityChange, DemandGrowth, Scope
from sop_core.charts.roles import LIGHT
from sop_core.cycle.decision import (
    APPROVED,
    DONE,
    REJECTED,
    CostOfWaiting,
    Decision,
    OptionConsidered,
    OptionKpis,
)
from sop_core.cycle.issue import RESOLVED, Issue
from sop_core.errors import ReviewError, StoreError
from sop_core.export.tables import safe_csv
from sop_core.planner import prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
HOURS = CapacityChange(scope=Scope(resources=("Forge",), first="2026-01", last="2026-03"), hours=5.0)
MORE = Scenario("More hours", note="The forge is short in March").add(HOURS)
FEWER = Scenario("Fewer orders").add(DemandGrowth(scope=Scope.of(first="2026-03", last="2026-03"), pct=-0.1))
DECISION = Decision(
    "Rent <b>hours</b>", why="March is short", owner="Anna", due=dt.date(2026, 1, 10), scenario="More hours",
    changes=(HOURS,),
    options=(
        OptionConsidered("Do nothing", "Base", (), OptionKpis(1000.0, 0.9, 500.0, 800.0), 1),
        OptionConsidered("Rent", "More hours", (HOURS,), OptionKpis(1150.0, 0.95, 520.0, 900.0), 1),
    ),
    recommendation="Rent", cost_of_waiting=CostOfWaiting(92_000.0, "Two plans", service=0.004, computed=True),
)  # fmt: skip
ISSUE = Issue(
    "Who pays <i>rent</i>", ("Sales", "Production"), "Anna", dt.date(2026, 1, 20), note="600 a month"
)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company of one line, planned from January 2026 on, with two scenarios."""
    path = companies.build(tmp_path / "line.duckdb", companies.full_line())
    with Store.open(path) as store:
        for scenario in (MORE, FEWER):
            store.save_scenario(scenario.name, scenario.to_json(), "Ada", 0)
    monkeypatch.setenv("SOP_STORE", str(path))
    return path


def page(section: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["meeting_view"] = section
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/meeting.py").run()


def said(app: AppTest) -> str:
    html = [block.proto.body for block in app.get("html")]
    others = (str(m.value) for kind in ("markdown", "caption", "info", "error") for m in getattr(app, kind))
    return "\n".join([*html, *others])


@pytest.fixture
def view(line: Path) -> Iterator[context.View]:
    """The page's view without a page: the scenario More hours."""
    desk = Desk(prepare(Snapshot.from_tables(companies.full_line(), 1)))
    st.session_state.clear()
    yield context.View(desk, MORE, "More hours", "Units", "Company", "All", "All", "All", LIGHT)
    st.session_state.clear()
    st.cache_resource.clear()


# -- decisions --


def test_an_empty_list_says_what_belongs_there_and_offers_three_ways_in(line: Path) -> None:
    app = page("Decisions")
    assert not app.exception
    assert "No decision is written down yet" in said(app)
    assert not app.button(key="dec_add").disabled
    assert app.button(key="dec_from").disabled, "the base has no Changes to decide on"
    assert not page("Decisions", scenario="More hours").button(key="dec_from").disabled


def test_a_decision_is_shown_with_its_options_the_recommended_one_and_the_cost_of_waiting(line: Path) -> None:
    with Store.open(line) as store:
        store.decisions.add(DECISION, "Ada")
    app = page("Decisions")
    text = said(app)
    assert not app.exception
    assert (
        "1 decision: 1 to decide. 1 is overdue. Waiting with what is to decide costs 92.0 k EUR a month."
        in text
    )
    assert "Rent &lt;b&gt;hours&lt;/b&gt;" in text
    assert "Rent <b>" not in text
    assert 'Rent <span class="sop-chip sop-good">recommended</span>' in text
    assert "Waiting costs 92.0 k EUR a month</span>, service 0.4 pp lower" in text
    assert "Forge" in text
    assert "Written down by Ada" in text
    assert app.get("download_button")
    assert text.index("Do nothing</td>") < text.index("Rent <span")
    assert '<small class="sop-good" title="favourable">▲ +150</small>' in text


def test_the_filters_leave_what_is_open_overdue_or_somebodys(line: Path) -> None:
    with Store.open(line) as store:
        store.decisions.add(DECISION, "Ada")
        store.decisions.add(replace(DECISION, title="Old one", state=DONE, owner="Ben"), "Ada")
        store.decisions.add(replace(DECISION, title="Later one", due=dt.date(2026, 6, 1), owner="Ben"), "Ada")
    app = page("Decisions")
    assert "Old one" not in said(app)
    assert "Later one" in said(app)
    app.segmented_control(key="dec_shown").set_value("Overdue").run()
    assert "Later one" not in said(app)
    app.segmented_control(key="dec_shown").set_value("All").run()
    assert "Old one" in said(app)
    app.selectbox(key="dec_owner").set_value("Anna").run()
    assert "Old one" not in said(app)
    assert "Rent" in said(app)


def test_the_forms_open_filled_in(line: Path) -> None:
    app = page("Decisions", scenario="More hours")
    app.button(key="dec_from").click().run()
    assert not app.exception
    assert app.text_input(key="dec_title_shown").value == "More hours"
    assert app.multiselect(key="dec_options_shown").value == ["Do nothing", "More hours"]
    app = page("Decisions", scenario="More hours")
    app.button(key="dec_between").click().run()
    assert not app.exception
    assert app.multiselect(key="dec_between_names").value == ["Base", "More hours"]
    assert app.text_input(key="dec_title_between_Base_More hours").value == "Base or More hours?"


def test_the_scenario_shown_becomes_a_decision_beside_doing_nothing(view: context.View) -> None:
    made = decisions.from_scenario(view)
    assert (made.changes, made.scenario, made.recommendation) == ((HOURS,), "More hours", "More hours")
    assert [option.title for option in made.options] == ["Do nothing", "More hours"]
    nothing, more = made.options
    assert more.kpis.margin == pytest.approx(view.plan.money.margin.sum())
    assert nothing.kpis.margin == pytest.approx(view.base.money.margin.sum())
    assert more.kpis.service == view.plan.kpis["service_level"]


def test_keeping_a_form_plans_new_options_and_prices_waiting(view: context.View) -> None:
    start = decisions.from_scenario(view)
    given = Filled(
        "Rent hours",
        "why",
        "Anna",
        None,
        ("Do nothing", "More hours", "Fewer orders"),
        "More hours",
        COMPUTED,
    )
    record = decisions_form.keep(view, None, start, given)
    kept = record.value
    later = Scenario("x").add(
        replace(HOURS, scope=Scope(resources=("Forge",), first="2026-02", last="2026-04"))
    )
    margin = view.plan.money.margin.sum() - view.desk.plan(later).money.margin.sum()
    assert kept.cost_of_waiting is not None
    assert kept.cost_of_waiting.amount == pytest.approx(margin, abs=0.005)
    assert kept.options[2].kpis.margin == pytest.approx(view.desk.plan(FEWER).money.margin.sum())
    assert kept.options[2].changes == FEWER.active
    other = decisions_form.keep(
        view, record, kept, replace(given, recommendation="Fewer orders", waiting=TYPED, amount=7.0)
    )
    assert (other.value.changes, other.value.scenario) == (FEWER.active, "Fewer orders")
    assert other.value.cost_of_waiting == CostOfWaiting(7.0)
    assert other.revision == 2


def test_waiting_that_the_plan_cannot_price_is_asked_of_a_person(view: context.View) -> None:
    given = Filled("Fewer orders", "", "", None, ("Fewer orders",), "Fewer orders", COMPUTED)
    with pytest.raises(ReviewError, match="say it yourself"):
        decisions_form.made(view, Decision("?"), given)
    made = decisions_form.made(view, Decision("?"), replace(given, waiting=UNSAID, recommendation=""))
    assert (made.cost_of_waiting, made.recommendation, made.changes) == (None, "", ())


def test_an_unsaved_what_if_is_an_option_of_its_own_beside_the_base(view: context.View) -> None:
    """Changes on the base that nobody has saved are not the base."""
    unsaved = replace(view, scenario=MORE.rename("What-if"), scenario_name="Base")
    assert decisions_form.scenario_names(unsaved) == ["Base", "Fewer orders", "More hours", "What-if"]
    assert decisions_form.scenario_named(unsaved, "Base") == Scenario.base()
    assert decisions_form.scenario_named(unsaved, "What-if").active == (HOURS,)
    assert decisions_form.scenario_named(unsaved, "Fewer orders").active == FEWER.active


def test_two_who_edit_the_same_decision_are_told(view: context.View) -> None:
    record = state.store().decisions.add(DECISION, "Ada")
    decisions_form.decided(record, APPROVED, "Go")
    with pytest.raises(StoreError, match="after you opened it"):
        decisions_form.decided(record, REJECTED, "No")
    newest = state.store().decisions.get(record.id)
    assert (newest.value.state, newest.value.comment, newest.action) == (APPROVED, "Go", "approved")
    lines = decisions_form.history_lines(state.store().decisions.history(record.id))
    assert "state: proposed → approved; comment: Go" in lines[0]


def test_numbers_of_older_data_are_marked_and_planned_again(view: context.View) -> None:
    old = replace(DECISION, options=tuple(replace(option, data_version=9) for option in DECISION.options))
    assert "Numbers of data version 9; data is 1" in decisions.options_table(old, "EUR", 1)
    fresh = decisions_form.planned_again(view, old)
    assert fresh.options[1].kpis.margin == pytest.approx(view.plan.money.margin.sum())
    assert {option.data_version for option in fresh.options} == {1}
    assert "Numbers of data" not in decisions.options_table(fresh, "EUR", 1)
    assert fresh.cost_of_waiting != old.cost_of_waiting


def test_what_can_be_done_follows_the_state() -> None:
    assert decisions.actions(DECISION)[:4] == ["Edit", "Approve", "Reject", "Defer"]
    assert "Mark as done" in decisions.actions(replace(DECISION, state=APPROVED))
    assert "Approve" not in decisions.actions(replace(DECISION, state=REJECTED))
    assert "Show its scenario" in decisions.actions(DECISION)
    assert "Show its scenario" not in decisions.actions(Decision("By hand"))


def test_a_scenario_that_is_gone_is_told(view: context.View) -> None:
    with pytest.raises(StoreError, match="no scenario 'Gone' any more"):
        decisions.show_scenario(replace(DECISION, scenario="Gone"))


def test_the_download_has_a_row_an_option(view: context.View) -> None:
    state.store().decisions.add(replace(DECISION, title="=1+1"), "Ada")
    state.store().decisions.add(Decision("By hand"), "Ada")
    table = decisions.frame(view, decisions.listed(view))
    assert table["option"].fillna("-").tolist() == ["Do nothing", "Rent", "-"]
    assert table["recommended"].fillna("-").tolist() == ["no", "yes", "-"]
    read = pd.read_csv(io.BytesIO(safe_csv(table)))
    assert read["decision"].iloc[0] != "=1+1", "text that looks like a formula is escaped"


# -- issues --


def test_no_issue_says_what_belongs_there(line: Path) -> None:
    app = page("Issues")
    assert not app.exception
    assert "No issue is open" in said(app)
    app.button(key="iss_add").click().run()
    assert not app.exception
    assert app.text_input(key="iss_title_new").value == ""


def test_issues_are_listed_worst_first_with_the_decision_that_settles_them(line: Path) -> None:
    with Store.open(line) as store:
        number = store.decisions.add(DECISION, "Ada").id
        store.issues.add(Issue("Later", due=dt.date(2026, 3, 1)), "Ada")
        store.issues.add(replace(ISSUE, decision=number), "Ada")
        store.issues.add(replace(ISSUE, title="Settled", state=RESOLVED, outcome="Sales pays"), "Ada")
    app = page("Issues")
    text = said(app)
    assert not app.exception
    assert "3 issues: 2 open, 1 of them overdue, 1 closed. Nobody resolves 1 yet." in text
    assert "Who pays &lt;i&gt;rent&lt;/i&gt;" in text
    assert "Sales against Production" in text
    assert text.index("Who pays") < text.index("<b>Later</b>")
    assert "Settled by decision 1: Rent &lt;b&gt;hours&lt;/b&gt;, proposed" in text
    assert "Sales pays" not in text
    app.segmented_control(key="iss_shown").set_value("Closed").run()
    assert "Resolved: Sales pays" in said(app)


def test_an_issue_is_resolved_with_a_note_and_nobodys_edit_is_lost(view: context.View) -> None:
    record = issues.keep(None, ISSUE)
    with pytest.raises(ReviewError, match="Say how the issue was resolved"):
        issues.keep(record, replace(ISSUE, state=RESOLVED))
    done = issues.keep(record, replace(ISSUE, state=RESOLVED, outcome="Sales pays"))
    with pytest.raises(StoreError, match="after you opened it"):
        issues.keep(record, replace(ISSUE, resolver="Ben"))
    assert issues.actions(done.value)[0] == "Open again"
    (entry,) = issues.listed(view)
    assert issues.frame(view, [entry])["outcome"].tolist() == ["Sales pays"]
    assert issues.chosen_of([entry], "Open", "Everybody") == []
