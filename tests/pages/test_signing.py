"""Sign-off on the executive page: checks, signature, opened again read-only, superseded, what forbids it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import scenario_menu, state
from pages.parts.executive import sign
from pages.parts.state import Work
from sop_core.changes import DemandGrowth
from sop_core.cycle.decision import Decision
from sop_core.scenario import History, Scenario
from sop_core.store import Store
from tests.pages.test_executive import settled
from tests.signoff import plans
from tests.signoff.plans import GROWN

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plans.fill(tmp_path_factory.mktemp("signing") / "s.duckdb")


@pytest.fixture(scope="module")
def small_signed(filled: Path) -> Path:
    """The same with its scenario signed, never to be written to."""
    path = filled.with_name("signed.duckdb")
    shutil.copy(filled, path)
    with Store.open(path) as opened:
        opened.signoffs.sign(plans.drawn(opened).proposal, "Ada Keller", "CEO")
    return path


@pytest.fixture
def store(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "s.duckdb"
    shutil.copy(filled, path)
    monkeypatch.setenv("SOP_STORE", str(path))
    yield path
    st.cache_resource.clear()


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in ({"executive_view": "Sign-off"} | query).items():
        app.query_params[name] = value
    return settled(app.switch_page("pages/executive.py").run())


def text(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def signed(app: AppTest, who: str = "Ada Keller", role: str = "CEO") -> AppTest:
    app.text_input(key="sign_who").set_value(who)
    app.text_input(key="sign_role").set_value(role)
    return settled(app.button(key="sign_press").click().run())


def errors(app: AppTest) -> str:
    return "\n".join(error.value for error in app.error)


def test_a_plan_is_signed_and_opened_as_it_was_signed(store: Path) -> None:
    app = page(scenario=GROWN.name)
    said = text(app)
    assert "“Grown” is ready to be signed" in said
    assert "The demand of this cycle is not agreed yet." in said
    assert "No decision is open: 1 approved." in said
    assert "No plan is signed yet." in said
    app = signed(app)
    said = text(app)
    assert app.query_params["signoff"] == "1"
    assert "<b>Signed: Grown</b>, sign-off 1 for Jan 26. Ada Keller (CEO), " in said
    assert "In force. This is what was signed; it is read-only." in said
    (found,) = state.store().signoffs.list()
    assert found.digest in [code.value for code in app.code]
    assert (found.who, found.role) == ("Ada Keller", "CEO")
    assert state.store().load_scenario(GROWN.name).signed == 1
    app = settled(app.button(key="signed_back").click().run())
    assert "“Grown” gives the plan that is signed" in text(app)
    app = settled(app.button(key="sign_open_held").click().run())
    assert "<b>Signed: Grown</b>" in text(app)


def test_a_press_without_a_name_signs_nothing_and_keeps_what_was_typed(store: Path) -> None:
    app = signed(page(scenario=GROWN.name), who="")
    assert "Not signed. Say who signs" in errors(app)
    assert app.text_input(key="sign_role").value == "CEO"
    assert state.store().signoffs.list() == ()
    assert "<b>Signed: Grown</b>" in text(signed(app))


def test_two_presses_are_one_signature(store: Path) -> None:
    app = page(scenario=GROWN.name)
    app.text_input(key="sign_who").set_value("Ada")
    app.text_input(key="sign_role").set_value("CEO")
    press = app.button(key="sign_press")
    press.click()
    app.run()
    app.run()
    settled(app)
    assert len(state.store().signoffs.list()) == 1
    again = page(scenario=GROWN.name)
    assert "is in force for this cycle. Supersede it" in errors(signed(again)).replace("\\", "")
    assert len(state.store().signoffs.list()) == 1


def test_a_later_one_supersedes_with_a_reason_and_the_first_says_so(store: Path) -> None:
    signed(page(scenario=GROWN.name))
    app = page()
    assert "The base is ready to be signed" in text(app)
    app.checkbox(key="sign_supersede").check()
    app.text_input(key="sign_reason").set_value("The order was lost")
    app = signed(app, "Ben")
    assert "It supersedes sign-off 1: The order was lost." in text(app)
    app = settled(app.button(key="signoff_open_1").click().run())
    said = text(app)
    assert "Superseded by sign-off 2 (The order was lost). It is read-only." in said
    assert "superseded by 2" in said
    assert state.store().load_scenario("Signed plan Jan 26").signed == 2
    app = settled(app.button(key="signed_after").click().run())
    assert "<b>Signed: Signed plan Jan 26</b>" in text(app)


def test_open_decisions_are_confirmed(store: Path) -> None:
    with Store.open(store) as opened:
        opened.decisions.add(Decision("Buy <b>a press</b>", scenario=GROWN.name), "Ada")
    app = page(scenario=GROWN.name)
    assert "1 decision is open: “Buy &lt;b&gt;a press&lt;/b&gt;”." in text(app)
    app = signed(app)
    assert "Nobody has decided yet on “Buy" in errors(app)
    app.checkbox(key="sign_undecided").check()
    assert "<b>Signed: Grown</b>" in text(signed(app))


def test_a_failed_job_of_another_plan_is_not_said_of_this_one(store: Path) -> None:
    app = signed(page(scenario=GROWN.name), role=" ")
    assert "Say in which role you sign" in errors(app)
    assert app.text_input(key="sign_who").value == "Ada Keller"


def test_unsaved_changes_are_saved_as_a_branch_first(store: Path) -> None:
    app = page(scenario=GROWN.name)
    work = app.session_state["_work"][GROWN.name]
    work.history = work.history.push(GROWN.add(DemandGrowth(pct=0.02)))
    app = settled(app.run())
    assert "“Grown” cannot be signed yet" in text(app)
    assert "has changes that are not saved" in text(app)
    assert app.button(key="sign_press").disabled
    app = app.button(key="sign_branch").click().run()
    assert app.text_input(key="menu_name_Save").value == "Grown 2"
    assert state.store().signoffs.list() == ()


@pytest.mark.parametrize("number", ["7", "x", "-1"])
def test_a_sign_off_that_is_not_there_is_said_and_the_plan_is_shown(store: Path, number: str) -> None:
    app = page(scenario=GROWN.name, signoff=number)
    assert "signoff" not in app.query_params
    assert "“Grown” is ready to be signed" in text(app)


@pytest.mark.parametrize(
    ("change", "query", "said"),
    [
        ("json = 'not json'", {}, "The record of sign-off 1 is not as it was signed"),
        ("json = 'not json'", {"signoff": "1"}, "The record of sign-off 1 is not as it was signed"),
        ("pack = '{}'", {"signoff": "1"}, "What sign-off 1 showed was edited after it was signed"),
    ],
)
def test_a_damaged_sign_off_is_said_and_can_be_verified(
    store: Path, small_signed: Path, change: str, query: dict[str, str], said: str
) -> None:
    shutil.copy(small_signed, store)
    with Store.open(store) as opened:
        opened._connection.raw.execute(f"UPDATE signoff SET {change}")
    app = page(scenario=GROWN.name, **query)
    assert said in errors(app).replace("\\", "")
    assert "No plan is signed yet." not in text(app)
    assert not app.exception
    assert not app.button(key="verify_all").disabled


def test_a_signed_scenario_moves_as_a_what_if_only(store: Path) -> None:
    signed(page(scenario=GROWN.name))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["scenario"] = GROWN.name
    app = app.switch_page("pages/scenarios.py").run()
    said = "\n".join(caption.value for caption in app.caption)
    assert "Signed for Jan 26" in said
    assert "Nobody changes it any more; derive a new one" in said
    app.slider(key="lever_demand_growth").set_value(9.0).run()
    assert "This is What-if on Grown" in "\n".join(caption.value for caption in app.caption)
    assert state.store().load_scenario(GROWN.name).json == GROWN.to_json()


def test_the_menu_of_a_signed_scenario_changes_nothing_in_it() -> None:
    work, lock = Work(History(GROWN), GROWN, 1), scenario_menu.Lock("why", agreed=False, signed=True)
    assert scenario_menu.choices("Grown", work, lock) == ["Save as a branch", "Duplicate", "Archive"]
    work.history = work.history.push(GROWN.add(DemandGrowth(pct=0.1)))
    assert scenario_menu.choices("Grown", work, lock) == ["Save as a branch", "Duplicate", "Discard changes"]


def test_a_signature_is_told_by_all_that_is_typed() -> None:
    one = sign.Signature("Ada", "CEO", "", None, "", False)
    assert one == sign.Signature("Ada", "CEO", "", None, "", False)
    assert one != sign.Signature("Ada", "CEO", "", None, "", True)
    assert Scenario.base().name == "Base"
