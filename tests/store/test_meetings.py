"""Meetings in the store: the newest state counts, a short tail is kept, and a kill leaves a whole state."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sop_core.changes import DemandGrowth
from sop_core.cycle.meeting import Meeting
from sop_core.errors import StoreError
from sop_core.store import Store
from sop_core.store.meetings import TAIL

CYCLE = np.datetime64("2026-11", "M")
ROOT = Path(__file__).resolve().parents[2]


def opened() -> Meeting:
    return Meeting("Pre-S&OP Nov 26", opened=1000.0).join("a", "Ada", 1000.0)


def test_a_meeting_is_listed_and_taken_up_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sop.duckdb"
    meeting = opened()
    with Store.open(path) as store:
        record = store.meetings.open(meeting, CYCLE, "Ada")
        assert (record.id, record.number, record.cycle) == (1, 1, CYCLE)
        moved = meeting.set_lever("a", DemandGrowth(pct=0.05)).park("a", "Tooling", 1010.0)
        store.meetings.write(record.id, 4, moved, "Ada")  # moves in between were overtaken
        other = store.meetings.open(opened(), CYCLE, "Ben")
    with Store.open(path) as store:
        assert store.meetings.get(1).meeting.to_json() == moved.to_json()
        assert store.meetings.get(1).number == 4
        assert [(found.id, found.who) for found in store.meetings.list()] == [(other.id, "Ben"), (1, "Ada")]
        assert store.meetings.list(1)[0].id == other.id


def test_a_later_state_is_never_written_over(store: Store) -> None:
    record = store.meetings.open(opened(), CYCLE, "Ada")
    newest = opened().park("a", "Kept", 1001.0)
    store.meetings.write(record.id, 5, newest, "Ada")
    for number in (1, 5):
        with pytest.raises(StoreError, match="went on elsewhere"):
            store.meetings.write(record.id, number, opened(), "Ben")
    assert store.meetings.get(record.id).meeting == newest
    with pytest.raises(StoreError, match="no meeting number 99"):
        store.meetings.get(99)
    with pytest.raises(StoreError, match="no meeting number 99"):
        store.meetings.write(99, 2, opened(), "Ben")


def test_only_a_short_tail_is_kept(store: Store) -> None:
    one, two = (store.meetings.open(opened(), CYCLE, "Ada") for _ in range(2))
    for number in range(2, 3 * TAIL):
        store.meetings.write(one.id, number, opened(), "Ada")
    with store._connection.cursor() as cursor:
        kept = cursor.execute(
            "SELECT meeting, count(*), max(number) FROM meeting_state GROUP BY 1 ORDER BY 1"
        )
        assert kept.fetchall() == [(one.id, TAIL, 3 * TAIL - 1), (two.id, 1, 1)]


_WRITER = """
import sys
from sop_core.cycle.meeting import Meeting
from sop_core.store import Store
store = Store.open(sys.argv[1])
meeting = store.meetings.get(1).meeting
for number in range(2, 100_000):
    meeting = meeting.park("a", f"thought {number}", float(number)) if number < 150 else meeting.go("a", number % 2, 0.0)
    store.meetings.write(1, number, meeting, "Ada")
    if number == 40:
        print("forty", flush=True)
"""


def test_a_server_that_is_killed_in_the_middle_leaves_a_whole_state(tmp_path: Path) -> None:
    path = tmp_path / "sop.duckdb"
    with Store.open(path) as store:
        store.meetings.open(opened(), CYCLE, "Ada")
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert writer.stdout is not None
    with writer.stdout as said:
        assert said.readline() == "forty\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with Store.open(path) as store:
        record = store.meetings.get(1)
        assert record.number >= 40
        thoughts = [thought.text for thought in record.meeting.parked]
        assert thoughts[:39] == [f"thought {number}" for number in range(2, 41)]
        assert json.loads(record.meeting.to_json())["format"] == 1
        store.meetings.write(1, record.number + 1, record.meeting, "Ada")
