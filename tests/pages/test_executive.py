"""The executive page: what is proposed is shown from the pack alone, and decided one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import state
from pages.parts.executive import cards, proposal
from pages.parts.executive import proposal_html as html
from sop_core import risk
from sop_core.changes import CapacityChange, DemandGrowth, Scope
from sop_core.cycle.decision import (
    APPROVED,
    DEFERRED,
    PROPOSED,
    REJECTED,
    Decision,
    OptionConsidered,
    OptionKpis,
)
from sop_core.pack import value as v
from sop_core.pack.build import build
from sop_core.pack.gather import gather
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests import packs
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
NASTY = "<script>alert(1)</script> *a* $b$"
HOURS = CapacityChange(scope=Scope(resources=("Forge",), first="2026-01", last="2026-03"), hours=5.0)
MORE = Scenario("More hours").add(HOURS)
DECISION = Decision(
    f"Rent hours {NASTY}", why="March is short", owner="Anna", due=dt.date(2026, 1, 10), scenario="More hours",
    changes=(HOURS,),
    options=(
        OptionConsidered("Do nothing", "Base", (), OptionKpis(1000.0, 0.9, 500.0, 800.0), 1),
        OptionConsidered("Rent", "More hours", (HOURS,), OptionKpis(1150.0, 0.95, 520.0, 900.0), 1),
    ),
    recommendation="Rent",
)  # fmt: skip


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A company of one line with a scenario and a decision on it."""
    path = companies.build(tmp_path / "line.duckdb", companies.full_line())
    with Store.open(path) as store:
        store.save_scenario(MORE.name, MORE.to_json(), "Ada", 0)
        store.decisions.add(DECISION, "Ada")
    monkeypatch.setenv("SOP_STORE", str(path))
    yield path
    st.cache_resource.clear()


def page(**query: str) -> AppTest:
    """The page as it stands when what is worked out beside the screen has ended."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return settled(app.switch_page("pages/executive.py").run())


def settled(app: AppTest) -> AppTest:
    assert not app.exception
    jobs = app.session_state["_jobs"] if "_jobs" in app.session_state else {}  # noqa: SIM401 (it has no get)
    for job in list(jobs.values()):
        assert job.wait(60)
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    blocks = [block.proto.body for block in app.get("html")]
    others = (str(m.value) for kind in ("markdown", "warning", "info", "error") for m in getattr(app, kind))
    return "\n".join([*blocks, *others])


# -- the page --


def test_a_proposal_is_on_the_page_from_its_sentence_to_what_it_rests_on(line: Path) -> None:
    app = page(scenario="More hours")
    text = said(app)
    order = [
        "Executive review of Jan 26", 'class="ex-kpis"', "Scenarios considered", "<h3>Risk", "What could break the plan",
        "Decisions <i>1: 1 open", "Rests on data version 1",
    ]  # fmt: skip
    at = [text.index(part) for part in order]
    assert at == sorted(at)
    assert len(app.get("plotly_chart")) == 4
    assert "✓ recommended" in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_what_is_shown_is_the_pack_that_the_command_line_would_export(line: Path) -> None:
    text = said(page(scenario="More hours"))
    store = state.store()
    planner = Planner(prepare(Snapshot.from_tables(store.tables(1), 1)))
    pack = build(gather(store, planner, "More hours", paths=risk.PATHS))
    assert html.head(pack) + html.kpis(pack) in text
    assert html.scenarios(pack) in text
    assert html.risk(pack) in text
    assert html.threats(pack) in text
    assert html.basis(pack) in text
    assert cards.html(pack.decisions[0], pack.currency) in text


def test_with_the_base_in_view_one_click_proposes_a_scenario(line: Path) -> None:
    app = page()
    assert "The base is in view" in said(app)
    settled(app.button(key="exec_propose_0").click().run())
    assert app.selectbox(key="scenario").value == "More hours"
    assert "The base is in view" not in said(app)


def test_a_newcomer_reads_what_to_bring_and_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = companies.build(tmp_path / "plan.duckdb", companies.demand_plan_only())
    monkeypatch.setenv("SOP_STORE", str(path))
    app = page()
    text = said(app)
    assert "nothing else can be proposed yet" in text
    assert "targets (file &lt;b&gt;" not in text
    assert "file <b>budget</b>" in text
    assert "Nothing is put to the executives yet" in text
    assert "No target is known, so nothing can be missed" in text
    st.cache_resource.clear()


def test_without_data_there_is_nothing_to_decide_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOP_STORE", str(companies.build(tmp_path / "empty.duckdb", {})))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/executive.py").run()
    assert "There is no plan to decide on yet" in said(app)
    st.cache_resource.clear()


# -- deciding --


def test_a_decision_is_approved_with_a_comment_and_taken_back_by_another_one(line: Path) -> None:
    app = page(scenario="More hours")
    app.text_input(key="exec_comment_1").set_value("With the price of last year")
    settled(app.button(key="exec_approve_1").click().run())
    assert ">approved</span>" in said(app)
    assert "With the price of last year" in said(app)
    settled(app.button(key="exec_defer_1").click().run())
    history = state.store().decisions.history(1)
    assert [one.value.state for one in history] == [DEFERRED, APPROVED, PROPOSED]
    assert [one.value.comment for one in history] == ["With the price of last year"] * 2 + [""]
    assert history[0].who == "test@example.com", "who the login says"


def test_who_decides_on_what_changed_meanwhile_is_told_and_keeps_the_comment(line: Path) -> None:
    app = page(scenario="More hours")
    register = state.store().decisions
    register.change(1, replace(DECISION, state=REJECTED, comment="Too dear"), "Ben", 1)
    app.text_input(key="exec_comment_1").set_value("Mine")
    text = said(app.button(key="exec_approve_1").click().run())
    assert "Ben changed this decision" in text
    assert "it is rejected now" in text
    assert "Too dear" in text
    assert app.text_input(key="exec_comment_1").value == "Mine"
    assert register.get(1).value.state == REJECTED
    settled(app.button(key="exec_approve_1").click().run())
    assert (register.get(1).value.state, register.get(1).value.comment) == (APPROVED, "Mine")


def test_a_decision_does_not_draw_the_paths_of_demand_again(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(scenario="More hours")
    assert "over 1,000 paths" in said(app)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the risk is known already")

    monkeypatch.setattr(risk, "simulate", never)
    app.button(key="exec_reject_1").click().run()
    assert not app.exception
    assert "over 1,000 paths" in said(app)
    assert ">rejected</span>" in said(app)


# -- the HTML of a pack --


def test_a_full_pack_says_gaps_with_arrow_sign_and_word() -> None:
    text = html.kpis(packs.example())
    assert "▼ −61.5 k unfavourable" in text
    assert "▲ +118 k favourable" in text
    assert "Target <em>98.0 %</em>" in text
    assert "Last LE: estimate of Oct 26 over Nov 26–Sep 27" in text


def test_a_target_that_is_kept_within_its_tolerance_is_not_called_favourable() -> None:
    kpi = v.KpiLine(
        "service_level", "Service level", "fraction", "up", "on time", 0.981,
        against=(v.Against(v.TARGET, 0.985, 0.981, good=True),),
    )  # fmt: skip
    assert "▼ −0.4 pp within tolerance" in html.kpis(packs.example(kpis=(kpi,)))


def test_what_has_a_target_and_no_card_is_named_below() -> None:
    extra = v.KpiLine(
        "stock_turns", "Stock turns", "turns", "up", "cost over stock", 9.0,
        against=(v.Against(v.TARGET, 11.5, 9.0, good=False),),
    )  # fmt: skip
    pack = packs.example()
    text = html.kpis(replace(pack, kpis=(*pack.kpis, extra)))
    assert "Stock turns <b>9 a year</b> (target 11.5 a year)" in text
    assert "✗ missed" in text
    assert text.count('ex-kpi"') == 6


def test_a_bare_pack_says_what_to_bring() -> None:
    pack = packs.bare()
    assert "file <b>targets</b>" in html.kpis(pack)
    assert "file <b>budget</b>" in html.kpis(pack)
    assert "There is nothing beside it" in html.scenarios(pack)
    assert "The risk is not known" in html.risk(pack)
    assert "Nothing stands out" in html.threats(pack)
    assert "Demand of this cycle is not agreed." in html.basis(pack)


def test_scenarios_mark_the_recommended_one_and_the_chance_to_miss() -> None:
    text = html.scenarios(packs.example())
    assert text.count("✓ recommended") == 1
    chosen = text[text.index('class="chosen"') :]
    assert chosen.index("Planning&#x27;s proposal") < chosen.index("✓ recommended")
    assert "Service level missed, %" in text
    assert "<td>41</td>" in text


def test_a_kpi_that_a_later_release_does_not_know_is_drawn_by_its_unit() -> None:
    line = v.KpiLine("footprint", "Footprint", "tonnes", "down", "by weight", 1234.0)
    assert "1,234 tonnes" in html.kpis(packs.example(kpis=(line,)))


@pytest.mark.parametrize("pack", [packs.example, packs.bare])
def test_no_text_of_the_data_reaches_the_page_as_markup(pack: Callable[..., v.Pack]) -> None:
    full = pack(company=NASTY, title=NASTY, proposal=NASTY, sentences=(NASTY,))
    nasty = replace(
        full,
        scenarios=tuple(replace(one, name=NASTY, sentence=NASTY) for one in full.scenarios),
        threats=tuple(replace(one, title=NASTY, sentence=NASTY) for one in full.threats),
        basis=replace(full.basis, agreement=NASTY, defaults=(NASTY,), engine=NASTY),
        decisions=tuple(
            replace(one, title=NASTY, why=NASTY, owner=NASTY, comment=NASTY, changes=(NASTY,), waiting=NASTY)
            for one in full.decisions
        ),
    )
    parts = [html.head(nasty), html.kpis(nasty), html.scenarios(nasty), html.risk(nasty), html.threats(nasty)]
    parts += [html.basis(nasty), *(cards.html(one, "EUR") for one in nasty.decisions)]
    assert not [part for part in parts if "<script" in part]


def test_cards_count_and_ways_follow_the_state() -> None:
    pack = packs.example()
    assert cards.count(pack.decisions) == "3: 1 open, 1 deferred, 1 approved"
    first = cards.html(pack.decisions[0], "EUR")
    assert "Elena Ricci, Sales, 15 Dec 2026" in first
    assert "A month of waiting costs 24.6 k EUR" in first
    assert "▼ −33.0 k" in first
    assert "What a month of waiting costs is not known" in cards.html(pack.decisions[1], "EUR")


def test_candidates_are_scenarios_of_open_decisions_then_the_ones_saved_last(line: Path) -> None:
    with Store.open(line) as store:
        for name in ("Later", "Latest"):
            store.save_scenario(name, Scenario(name).add(HOURS).to_json(), "Ada", 0)
        assert proposal.candidates(store.scenarios(), store.decisions.list())[0] == "More hours"
        store.archive_scenario("Later", "Ada")
        names = proposal.candidates(store.scenarios(), ())
        assert "Later" not in names
        strong = Scenario("Strong").add(DemandGrowth(pct=0.2))
        store.save_scenario("Strong", strong.to_json(), "Ada", 0)
        assert "Strong" not in proposal.candidates(store.scenarios(), ())
        told = store.decisions.add(Decision("Prepare for it", scenario="Strong"), "Ada")
        assert proposal.candidates(store.scenarios(), (told,))[0] == "Strong"
        assert names[0] == "Latest"
