"""The meeting as a value: pen, agenda, clock, parking lot, and moves of several people at once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop_core.changes import CapacityChange, DemandGrowth, Scope
from sop_core.cycle.meeting import AWAY, Meeting, Topic
from sop_core.errors import ReviewError
from sop_core.scenario import Scenario

TOPICS = tuple(Topic(f"k{n}", f"Topic {n}", f"Sentence {n}.", 100.0 - n) for n in range(3))
GROWTH = DemandGrowth(pct=0.05)


@pytest.fixture
def room() -> Meeting:
    """Ada holds the pen, Ben follows."""
    opened = Meeting("Pre-S&OP", opened=1000.0, since=1000.0, agenda=TOPICS)
    return opened.join("a", "Ada", 1001.0).join("b", "Ben", 1002.0)


def test_the_first_in_the_room_holds_the_pen_and_alone_moves_the_scenario(room: Meeting) -> None:
    assert room.name(room.pen) == "Ada"
    moved = room.set_lever("a", GROWTH)
    assert moved.scenario.active == (GROWTH,)
    with pytest.raises(ReviewError, match="Ada holds the pen, so this move was not taken"):
        room.set_lever("b", GROWTH)
    with pytest.raises(ReviewError, match="Ada holds the pen"):
        room.go("b", 1, 1010.0)
    with pytest.raises(ReviewError, match="Join the meeting first"):
        room.park("stranger", "a thought", 1010.0)


def test_the_pen_is_asked_for_handed_over_and_taken_from_the_absent(room: Meeting) -> None:
    asked = room.ask("b").ask("b").ask("a")
    assert asked.asked == ("b",)
    assert asked.withdraw("b").asked == ()
    handed = asked.hand("a", "b")
    assert (handed.pen, handed.asked) == ("b", ())
    with pytest.raises(ReviewError, match="Ben holds the pen"):
        handed.undo("a")
    with pytest.raises(ReviewError, match="Ask for it"):
        handed.take("a", AWAY - 0.1)
    assert handed.take("a", AWAY).pen == "a"
    assert replace(room, pen="").ask("b").pen == "b"


def test_a_name_is_one_person(room: Meeting) -> None:
    with pytest.raises(ReviewError, match="Ada is in the room already"):
        room.join("c", " ADA ", 1010.0)
    with pytest.raises(ReviewError, match="Say your name"):
        room.join("c", "  ", 1010.0)
    back = room.join("a", "Ada Keller", 1010.0)
    assert [person.name for person in back.people] == ["Ada Keller", "Ben"]
    assert back.people[0].since == 1001.0


def test_going_on_ticks_the_topic_and_counts_its_time(room: Meeting) -> None:
    second = room.go("a", 1, 1060.0)
    assert second.discussed == ("k0",)
    assert second.seconds("k0", 9999.0) == 60.0
    assert second.seconds("k1", 1090.0) == 30.0
    back = second.go("a", 0, 1100.0)
    assert back.discussed == ("k0",)  # going back ticks nothing
    assert back.seconds("k0", 1105.0) == 65.0
    paused = back.pause("a", True, 1110.0)
    assert paused.seconds("k0", 5000.0) == 70.0
    assert paused.pause("a", False, 2000.0).seconds("k0", 2005.0) == 75.0
    assert back.tick("a", "k0", False).discussed == ()
    end = back.go("a", 99, 1200.0)
    assert end.topic is None
    closed = end.close("a", 1300.0)
    assert closed.elapsed(9999.0) == 300.0
    with pytest.raises(ReviewError, match="closed"):
        closed.set_lever("a", GROWTH)
    with pytest.raises(ReviewError, match="closed"):
        closed.park("b", "too late", 1400.0)


def test_a_paused_clock_stands_over_a_change_of_topic(room: Meeting) -> None:
    paused = room.pause("a", True, 1030.0).go("a", 1, 1500.0)
    assert paused.seconds("k0", 2000.0) == 30.0
    assert paused.seconds("k1", 2000.0) == 0.0


def test_the_agenda_follows_the_plan_and_keeps_what_was_discussed(room: Meeting) -> None:
    on = room.go("a", 1, 1010.0)  # the first is discussed, the second in hand
    new = Topic("new", "New", "New sentence.", 500.0)
    again = on.refresh("a", (new, replace(TOPICS[1], sentence="Half of it is gone.")), 1020.0)
    assert [topic.key for topic in again.agenda] == ["k0", "k1", "new"]
    assert again.topic is not None
    assert again.topic.sentence == "Half of it is gone."


def test_changes_are_muted_and_removed_by_what_they_are_not_where_they_stood(room: Meeting) -> None:
    hours = CapacityChange(scope=Scope.of(resource="Line"), pct=0.1)
    both = room.set_lever("a", GROWTH).set_lever("a", hours)
    assert both.remove("a", GROWTH).remove("a", GROWTH).scenario.active == (hours,)
    assert both.mute("a", hours, True).scenario.active == (GROWTH,)
    assert both.undo("a").scenario.active == (GROWTH,)
    assert both.undo("a").redo("a").scenario == both.scenario


def test_a_change_is_exchanged_where_it_stands_and_added_where_it_is_gone(room: Meeting) -> None:
    hours = CapacityChange(scope=Scope(resources=("Forge",)), pct=0.1)
    more = DemandGrowth(pct=0.08)
    two = room.add("a", GROWTH).add("a", hours)
    assert two.exchange("a", GROWTH, more).scenario.active == (more, hours)
    assert two.remove("a", GROWTH).exchange("a", GROWTH, more).scenario.active == (hours, more)
    with pytest.raises(ReviewError, match="Ada holds the pen"):
        two.exchange("b", GROWTH, more)


def test_another_scenario_is_put_on_the_table_and_undo_brings_the_first_back(room: Meeting) -> None:
    moved = room.add("a", GROWTH)
    other = Scenario("Pre-S&OP", parent="Two shifts").add(DemandGrowth(pct=-0.1))
    put = moved.load("a", other, "Two shifts")
    assert (put.scenario, put.start) == (other, "Two shifts")
    assert put.unsaved
    back = put.undo("a")
    assert (back.scenario.active, back.start) == ((GROWTH,), "Base")
    assert back.redo("a").start == "Two shifts"
    with pytest.raises(ReviewError, match="Ada holds the pen"):
        room.load("b", other, "Two shifts")


def test_newer_data_come_with_their_agenda_and_by_the_pen(room: Meeting) -> None:
    fresh = (Topic("k0", "Topic 0", "Said anew.", 50.0), Topic("new", "New", "Just in.", 10.0))
    renewed = room.renew("a", 7, fresh, 1100.0)
    assert renewed.data_version == 7
    assert [topic.sentence for topic in renewed.agenda] == ["Said anew.", "Just in."]
    assert Meeting.from_json(renewed.to_json()).data_version == 7
    with pytest.raises(ReviewError, match="Ada holds the pen"):
        room.renew("b", 7, fresh, 1100.0)


def test_what_is_unsaved_is_told(room: Meeting) -> None:
    assert not room.unsaved
    moved = room.set_lever("a", GROWTH)
    assert moved.unsaved
    kept = moved.keep("a", "Plan B", 1, moved.scenario.fingerprint())
    assert not kept.unsaved
    assert kept.set_lever("a", DemandGrowth(pct=0.06)).unsaved


def test_a_parked_thought_goes_by_its_author_or_by_the_pen(room: Meeting) -> None:
    parked = room.park("b", "  Tooling   of the mower ", 1010.0, "k1").park("a", "Freight", 1011.0)
    tooling, freight = parked.parked
    assert (tooling.text, tooling.who, tooling.topic) == ("Tooling of the mower", "Ben", "k1")
    with pytest.raises(ReviewError, match="Ada holds the pen"):
        parked.unpark("b", freight)
    assert parked.unpark("b", tooling).unpark("a", freight).parked == ()


def test_everything_but_redo_outlives_its_text(room: Meeting) -> None:
    moved = (
        room.set_lever("a", GROWTH)
        .go("a", 1, 1030.0)
        .park("b", "Später: Preise für Łódź", 1031.0, "k0")
        .decide("a", 7, "k0")
        .ask("b")
        .pause("a", True, 1040.0)
        .keep("a", "Plan B", 2, "ff")
    )
    assert Meeting.from_json(moved.to_json()).to_json() == moved.to_json()
    assert Meeting.from_json(moved.to_json()).undo("a").scenario == Scenario.base()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 2}'])
def test_a_text_that_is_no_meeting_is_refused(text: str) -> None:
    with pytest.raises(ReviewError):
        Meeting.from_json(text)


_IDS = st.sampled_from(["a", "b", "c", "d"])
_MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("join"), _IDS),
        st.tuples(st.just("ask"), _IDS),
        st.tuples(st.just("hand"), _IDS, _IDS),
        st.tuples(st.just("take"), _IDS, st.floats(0, 2 * AWAY)),
        st.tuples(st.just("lever"), _IDS, st.integers(-20, 20)),
        st.tuples(st.just("go"), _IDS, st.integers(-1, 4)),
        st.tuples(st.just("park"), _IDS, st.integers(0, 9)),
        st.tuples(st.just("undo"), _IDS),
    ),
    max_size=40,
)


@given(_MOVES)
def test_any_course_of_moves_keeps_the_rules(moves: list[tuple[object, ...]]) -> None:
    """Only the pen's holder moves scenario and agenda; a refused move changes nothing; every parked thought stays;
    the text of any state reads back as that state."""
    meeting = Meeting("Pre-S&OP", opened=0.0, agenda=TOPICS)
    parked, now = 0, 0.0
    for what, who, *more in moves:
        now += 1.0
        before = meeting
        assert isinstance(who, str)
        try:
            if what == "join":
                meeting = meeting.join(who, f"Name {who}", now)
            elif what == "ask":
                meeting = meeting.ask(who)
            elif what == "hand":
                meeting = meeting.hand(who, str(more[0]))
            elif what == "take":
                meeting = meeting.take(who, float(str(more[0])))
            elif what == "lever":
                meeting = meeting.set_lever(who, DemandGrowth(pct=int(str(more[0])) / 100))
            elif what == "go":
                meeting = meeting.go(who, int(str(more[0])), now)
            elif what == "park":
                meeting = meeting.park(who, f"thought {more[0]}", now)
                parked += 1
            else:
                meeting = meeting.undo(who)
        except ReviewError:
            assert meeting is before
        if (meeting.scenario, meeting.at) != (before.scenario, before.at):
            assert before.pen == who
        assert len(meeting.parked) == parked
        assert meeting.pen == "" or meeting.person(meeting.pen) is not None
        assert meeting.pen not in meeting.asked
        assert 0 <= meeting.at <= len(TOPICS)
    assert replace(Meeting.from_json(meeting.to_json()), history=meeting.history) == meeting
    assert Meeting.from_json(meeting.to_json()).scenario == meeting.scenario


def test_two_who_push_at_once_lose_nothing() -> None:
    """As rooms do it: a move is taken under a lock, upon the state as it is then."""
    lock, box = threading.Lock(), [Meeting("Pre-S&OP", opened=0.0, agenda=TOPICS)]
    for who in "ab":
        box[0] = box[0].join(who, f"Name {who}", 0.0)

    def push(id: str) -> None:
        for n in range(50):
            with lock:
                box[0] = box[0].park(id, f"{id} {n}", float(n))
                if box[0].pen == id:
                    box[0] = box[0].set_lever(id, DemandGrowth(pct=0.001 * (n + 1)))

    both = [threading.Thread(target=push, args=(who,)) for who in "ab"]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert {thought.text for thought in box[0].parked} == {f"{who} {n}" for who in "ab" for n in range(50)}
    assert box[0].scenario.active == (DemandGrowth(pct=0.05),)
