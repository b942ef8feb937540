"""The room: two sessions on one meeting, pen rules, lobby, minutes; the hub that carries and writes the state."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import state
from pages.parts.meeting import hub as hub_module
from pages.parts.meeting.hub import Hub, Room
from pages.parts.meeting.room_head import FORM_OPEN
from pages.parts.meeting.room_levers import MOST, levers_for
from pages.parts.meeting.room_pictures import about, pictures
from pages.parts.meeting.room_table import handed_over
from pages.parts.meeting.room_ways import rounded
from sop_core.changes import DemandGrowth, OvertimeChange, WorkforcePolicy
from sop_core.charts.roles import LIGHT
from sop_core.cycle.agenda import agenda, exceptions
from sop_core.cycle.assumption import Assumption
from sop_core.cycle.decision import Decision
from sop_core.cycle.issue import Issue
from sop_core.cycle.meeting import AWAY, Meeting, Topic
from sop_core.cycle.minutes import clock, minutes
from sop_core.errors import ReviewError, StoreError
from sop_core.headline import attention
from sop_core.planner import Planner
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
CYCLE = np.datetime64("2026-01", "M")


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company of one line that is full in spring; nobody is logged in."""
    path = companies.build(tmp_path / "line.duckdb", companies.full_line())
    monkeypatch.setenv("SOP_STORE", str(path))
    monkeypatch.setattr(state, "who", lambda: "Planner")
    return path


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/meeting.py").run()


def said(app: AppTest) -> str:
    html = [block.proto.body for block in app.get("html") if not block.proto.body.startswith("<style")]
    return "\n".join(
        [*html, *(str(m.value) for kind in ("markdown", "error", "warning") for m in getattr(app, kind))]
    )


def press(app: AppTest, label: str) -> AppTest:
    button = next(button for button in app.button if button.label.startswith(label))
    return button.click().run()


def joined(name: str, number: int = 1) -> AppTest:
    app = opened(meeting=str(number))
    app.text_input(key="room_name").set_value(name)
    return press(app, "Join the meeting")


def lever(app: AppTest, label: str) -> Any:
    return next(slider for slider in app.slider if slider.label.startswith(label))


@pytest.fixture
def ada(line: Path) -> AppTest:
    """Ada has opened a meeting and joined it first."""
    app = press(opened(), "Open the meeting")
    assert app.query_params["meeting"] == "1"
    return joined("Ada")


def test_the_lobby_shows_the_agenda_and_opens_a_meeting(line: Path) -> None:
    app = opened()
    assert not app.exception
    assert "Forge is full" in said(app)
    assert "Demand is not agreed" in said(app)
    press(app, "Open the meeting")
    assert "Nobody is in the room yet: the first one holds the pen." in said(app)
    back = press(app, "Back to the list of meetings")
    assert any(button.label.startswith("Join: Pre-S&OP Jan 26") for button in back.button)


def test_both_see_the_lever_that_one_moves(ada: AppTest) -> None:
    ben = joined("Ben")
    assert "Ada · has the pen" in said(ben)
    assert lever(ben, "Demand of").disabled
    lever(ada, "Demand of").set_value(-20.0).run()
    assert "demand -20 %" in said(ada)
    ben.run()
    assert "demand -20 %" in said(ben)
    assert strip(ben) == strip(ada)
    assert lever(ben, "Demand of").value == -20.0


def strip(app: AppTest) -> str:
    return next(block.proto.body for block in app.get("html") if "sop-strip" in block.proto.body[:60])


def test_a_lever_moved_after_the_pen_was_taken_is_refused_and_falls_back(ada: AppTest) -> None:
    joined("Ben")
    room = hub_module.hub().room(1)
    seats = {person.name: person.id for person in room.meeting.people}
    room.act(lambda now: now.hand(seats["Ada"], seats["Ben"]))
    lever(ada, "Demand of").set_value(-20.0).run()
    assert "Ben holds the pen, so this move was not taken" in said(ada)
    assert lever(ada, "Demand of").value == 0.0
    assert room.meeting.scenario.steps == ()


def test_the_pen_is_asked_for_and_handed_over(ada: AppTest) -> None:
    ben = press(joined("Ben"), "Ask for the pen")
    assert any(button.label == "Asked for the pen" for button in ben.button)
    press(ada.run(), "Hand the pen to Ben")
    ben.run()
    assert "Ben (you) · has the pen" in said(ben)
    assert not lever(ben, "Demand of").disabled
    assert lever(ada.run(), "Demand of").disabled


def test_the_pen_of_who_is_gone_can_be_taken(ada: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = joined("Ben")
    assert not any(button.label == "Take the pen" for button in ben.button)
    ada_seat = hub_module.hub().room(1).meeting.pen
    away = Room.away
    monkeypatch.setattr(Room, "away", lambda room, seat: AWAY + 1 if seat == ada_seat else away(room, seat))
    press(ben.run(), "Take the pen")
    assert "Ben (you) · has the pen" in said(ben.run())


def test_a_name_that_is_in_the_room_is_not_taken_twice_but_comes_back(
    ada: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = joined("ada")
    assert "Ada is in the room already" in said(second)
    monkeypatch.setattr(Room, "away", lambda room, seat: 100.0)
    again = press(second, "Join the meeting")
    assert "Ada (you) · has the pen" in said(again) or "ada (you) · has the pen" in said(again)
    assert len(hub_module.hub().room(1).meeting.people) == 1


def test_a_follower_looks_ahead_alone(ada: AppTest) -> None:
    ben = press(joined("Ben"), "Next")
    assert "Demand is not agreed" in said(ben)
    assert any(button.label.startswith("Back to the room") for button in ben.button)
    assert "Forge is full" in title(ada.run())
    press(ben, "Back to the room")
    assert "Forge is full" in title(ben)
    press(ada, "Next")
    assert "Demand is not agreed" in title(ben.run())
    assert "1 of 2 discussed" in said(ben)


def title(app: AppTest) -> str:
    return next(block.proto.body for block in app.get("html") if "room-title" in block.proto.body[:40])


def test_a_decision_is_captured_with_the_scenario_and_its_changes(ada: AppTest) -> None:
    lever(ada, "Regular hours").set_value(10.0).run()
    what = next(box for box in ada.text_input if box.label == "What")
    assert "+10 % hours" in what.value
    next(box for box in ada.text_input if box.label == "Why").set_value("Spring is sold out")
    press(ada, "Record the decision")
    assert not ada.exception
    (kept,) = state.store().decisions.list()
    assert kept.who == "Ada"
    assert kept.value.meeting == 1
    assert [change.kind for change in kept.value.changes] == ["capacity"]
    assert kept.value.recommended is not None
    saved = state.store().load_scenario(kept.value.scenario)
    assert Scenario.from_json(saved.json).active == kept.value.changes
    assert "From meeting 1" in saved.json
    assert "D1" in said(ada)


def test_what_the_form_takes_becomes_a_move_on_the_scenario_as_it_is_then(ada: AppTest) -> None:
    room = hub_module.hub().room(1)
    seat, opened_on = room.meeting.pen, room.meeting.scenario
    growth, hours = DemandGrowth(pct=0.05), OvertimeChange(hours=10.0)
    room.act(lambda now: now.add(seat, hours))
    work = handed_over(1, seat, opened_on, None)
    work.history = work.history.push(opened_on.add(growth))
    assert room.meeting.scenario.active == (hours, growth)
    at = room.meeting.scenario
    work = handed_over(1, seat, at, 1)
    work.history = work.history.push(at.replace(1, DemandGrowth(pct=0.08)))
    assert room.meeting.scenario.active == (hours, DemandGrowth(pct=0.08))


def test_an_open_form_is_not_closed_by_what_others_do(ada: AppTest) -> None:
    ada.button(key="room_add").click().run()
    assert ada.session_state[FORM_OPEN]
    ada.run()
    assert FORM_OPEN not in ada.session_state


def test_a_meeting_stays_on_its_data_until_the_presenter_takes_newer_ones(ada: AppTest) -> None:
    before = strip(ada)
    tables = companies.full_line()
    tables["sales"] = tables["sales"].assign(quantity=tables["sales"]["quantity"] * 0.8)
    state.store().import_tables(tables, "second")
    ben = joined("Ben")
    assert "version 2 has come in" in said(ben)
    assert not any(button.label == "Take data version 2" for button in ben.button)
    assert strip(ben) == before
    press(ada.run(), "Take data version 2")
    assert not ada.exception
    assert hub_module.hub().room(1).meeting.data_version == 2
    ben.run()
    assert strip(ben) == strip(ada.run()) != before
    assert "has come in" not in said(ben)


def test_what_was_decided_is_read_again_only_where_the_register_moved(
    ada: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, room = state.store(), hub_module.hub().room(1)
    kept = store.decisions.add(Decision("Rent hours", meeting=1), "Ada")
    assert [decision.title for _, decision in room.decisions(store)] == ["Rent hours"]
    with monkeypatch.context() as patch:
        patch.setattr(type(store.decisions), "list", lambda register: pytest.fail("read again"))
        assert [number for number, _ in room.decisions(store)] == [kept.id]
    store.decisions.change(kept.id, Decision("Rent more hours", meeting=1), "Ben", kept.revision)
    assert [decision.title for _, decision in room.decisions(store)] == ["Rent more hours"]


def test_closing_saves_the_scenario_and_leaves_minutes(ada: AppTest) -> None:
    lever(ada, "Demand of").set_value(-10.0).run()
    ben = joined("Ben")
    next(box for box in ben.text_input if box.label == "Park a thought").set_value("Press *overhaul*")
    press(ben, "Park")
    assert not ben.exception
    press(press(ada.run(), "Minutes and close"), "Close the meeting")
    text = said(ada)
    assert "Saved as" in text
    assert "Press \\*overhaul\\*" in text
    assert "demand \\-10 %" in text or "demand -10 %" in text
    assert "Pre-S&OP Jan 26" in state.scenario_names()
    assert "All meetings" in [button.label for button in ben.run().button]
    lobby = press(ben, "All meetings")
    assert any(button.label.startswith("Read: Pre-S&OP Jan 26") for button in lobby.button)
    assert "Base" in state.scenario_names()


def test_a_scenario_of_that_name_is_never_written_over(ada: AppTest) -> None:
    other = Scenario("Pre-S&OP Jan 26").add(DemandGrowth(pct=0.5))
    state.store().save_scenario(other.name, other.to_json(), "Cy", 0)
    lever(ada, "Demand of").set_value(-10.0).run()
    press(press(ada, "Minutes and close"), "Close the meeting")
    assert Scenario.from_json(state.store().load_scenario("Pre-S&OP Jan 26").json).active == other.active
    assert "Pre-S&OP Jan 26 2" in state.scenario_names()


def test_an_address_without_a_meeting_is_explained(line: Path) -> None:
    for address in ("99", "x", "1e3"):
        app = opened(meeting=address)
        assert not app.exception
        assert "There is no meeting" in said(app)
        assert any(button.label == "All meetings" for button in app.button)


# -- the hub --


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "hub.duckdb") as opened:
        yield opened


def fresh() -> Meeting:
    return Meeting("Pre-S&OP", opened=1.0).join("a", "Ada", 1.0).join("b", "Ben", 2.0)


def test_moves_of_many_threads_are_all_taken_and_all_written(store: Store) -> None:
    hub = Hub(store)
    room = hub.open(fresh(), CYCLE, "Ada")

    def push(seat: str) -> None:
        for n in range(60):
            room.act(lambda now, n=n: now.park(seat, f"{seat} {n}", float(n)))  # type: ignore[misc]
            if seat == "a":
                room.act(lambda now, n=n: now.set_lever("a", DemandGrowth(pct=0.001 * (n + 1))))  # type: ignore[misc]

    threads = [threading.Thread(target=push, args=(seat,)) for seat in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hub.close()
    kept = store.meetings.get(room.id)
    assert kept.number == room.look()[0] == 1 + 180
    assert {thought.text for thought in kept.meeting.parked} == {f"{s} {n}" for s in "ab" for n in range(60)}
    assert kept.meeting.scenario.active == (DemandGrowth(pct=0.06),)


def test_a_room_is_taken_up_as_it_was_written(store: Store) -> None:
    hub = Hub(store)
    room = hub.open(fresh(), CYCLE, "Ada")
    room.act(lambda now: now.set_lever("a", DemandGrowth(pct=0.05)))
    hub.close()
    again = Hub(store)
    assert again.room(room.id).meeting.to_json() == room.meeting.to_json()
    assert again.room(room.id).away("a") == float("inf")
    assert again.room(room.id) is again.room(room.id)
    again.close()


def test_a_move_may_ask_who_is_away(store: Store) -> None:
    """The pen of somebody who never gave a sign of life to this server is free to take."""
    hub = Hub(store)
    room = hub.open(fresh(), CYCLE, "Ada")
    room.beat("a")
    with pytest.raises(ReviewError, match="Ada holds the pen and is here"):
        room.act(lambda now: now.take("b", room.away(now.pen)))
    room.act(lambda now: now.hand("a", "b"))
    assert room.act(lambda now: now.take("a", room.away(now.pen))).pen == "a"
    hub.close()


def test_a_refused_move_changes_nothing(store: Store) -> None:
    hub = Hub(store)
    room = hub.open(fresh(), CYCLE, "Ada")
    before = room.look()
    with pytest.raises(ReviewError):
        room.act(lambda now: now.set_lever("b", DemandGrowth(pct=0.05)))
    assert room.look() == before
    hub.close()


def test_a_write_that_fails_is_told_and_made_good(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "AGAIN", 0.05)
    hub = Hub(store)
    room = hub.open(fresh(), CYCLE, "Ada")
    write = room.write

    def full(store: Store) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(room, "write", full)
    room.act(lambda now: now.park("b", "Kept all the same", 3.0))
    wait(lambda: room.trouble == "The disk is full.")
    monkeypatch.setattr(room, "write", write)
    wait(lambda: not room.trouble and not room.dirty)
    hub.close()
    assert store.meetings.get(room.id).meeting.parked[0].text == "Kept all the same"


def wait(until: Any) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_rooms_are_bounded_and_leave_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "ROOMS", 3)
    hub = Hub(store)
    rooms = [hub.open(fresh(), CYCLE, "Ada") for _ in range(3)]
    rooms[0].act(lambda now: now.park("a", "Before it left", 3.0))
    for _ in range(4):
        hub.open(fresh(), CYCLE, "Ada")
    assert len(hub._rooms) == 3
    assert hub.room(rooms[0].id).meeting.parked[0].text == "Before it left"
    hub.close()


# -- agenda, levers, pictures, minutes, without a page --


def test_the_agenda_stands_in_money_order_and_says_what_the_overview_says(demo_planner: Planner) -> None:
    base, company = demo_planner.base, demo_planner.company
    found = exceptions(base, company)
    assert [topic.sentence for topic in found] == [card.sentence for card in attention(base, company)]
    assert [topic.money for topic in found] == sorted((topic.money for topic in found), reverse=True)
    assert len({topic.key for topic in found}) == len(found)
    for topic in found:
        if topic.kind == "shortage":
            assert topic.items, topic
            assert topic.first, topic
    assert any(topic.resource in company.inputs.resource_names for topic in found if topic.resource)


def test_what_is_open_in_the_registers_comes_after_the_money(demo_planner: Planner) -> None:
    import datetime as dt

    company = demo_planner.company
    day = dt.date(2026, 12, 1)
    late = Assumption(
        "Listing", "growth", 0.03, 0.01, 0.05, dt.date(2026, 1, 1), dt.date(2026, 11, 1), owner="Sales"
    )
    fresh_one = Assumption("Later", "growth", 0.03, 0.01, 0.05, dt.date(2026, 1, 1), dt.date(2027, 11, 1))
    issues = [(4, Issue("Extra shift", ("Sales", "Production"), "Anna", dt.date(2026, 11, 20)))]
    found = agenda(
        demo_planner.base,
        company,
        day=day,
        agreement=None,
        assumptions=[(1, fresh_one), (2, late)],
        issues=issues,
    )
    tail = [
        topic for topic in found if not topic.money and topic.kind in ("agreement", "assumption", "issue")
    ]
    assert [topic.key for topic in tail] == ["agreement", "assumption|2", "issue|4"]
    assert "It is overdue" in tail[2].sentence


def test_every_topic_has_levers_that_move_and_two_pictures(demo_planner: Planner) -> None:
    base, company = demo_planner.base, demo_planner.company
    for topic in (None, *agenda(base, company, day=np.datetime64("2026-12-01").item(), agreement=None)):
        levers = levers_for(topic, company.inputs)
        assert 1 <= len(levers) <= MOST
        for one in levers:
            low, high, step = one.range
            assert low < high
            change = one.at(Scenario.base(), step)
            change.check(company.inputs)
            moved = Scenario.base().set_lever(change)
            assert one.value(moved) == pytest.approx(step)
            assert one.value(Scenario.base()) == 0
        shown = pictures(base, base, topic, LIGHT)
        assert len(shown) == 2
        assert all(words for _, words in shown)
        assert about(base, topic)


def test_ways_out_are_said_in_whole_numbers_rounded_up() -> None:
    assert rounded(OvertimeChange(hours=482.55)).hours == 483
    assert rounded(WorkforcePolicy(policy="free", max_headcount=61.22)).max_headcount == 62
    assert rounded(DemandGrowth(pct=0.055)) == DemandGrowth(pct=0.055)


def test_minutes_read_as_text() -> None:
    topics = (
        Topic("k", "Line is full", "100 units late.", 5000.0),
        Topic("l", "Stock is high", "Said.", 900.0),
    )
    meeting = Meeting("Pre-S&OP", opened=0.0, agenda=topics).join("a", "Ada", 0.0).join("b", "Ben", 1.0)
    text = minutes(meeting.go("a", 1, 125.0).close("a", 3725.0), 3, now=9999.0, currency="EUR")
    assert "Meeting 3, 01 Jan 1970, 00:00 to 01:02 (UTC), 1 h 2 min." in text
    assert "Present: Ada (presenting at the end) and Ben." in text
    assert "## Discussed\n\n- Line is full (5 k EUR), 2 minutes. 100 units late." in text
    assert "- Stock is high (900 EUR), 1 h. Said." in text, "an hour was spent on it, though nobody ticked it"
    early = minutes(meeting.close("a", 20.0), 3, now=9999.0, currency="EUR")
    assert "No topic was discussed." in early
    assert "## Not reached\n\n- Line is full (5 k EUR)\n- Stock is high (900 EUR)" in early
    assert "Nothing was decided." in text
    assert "No changes: the plan is that of Base." in text
    assert clock(59.9) == "0:59"
