"""Sign-offs in the store: frozen whole, in a chain, never edited; what forbids a signature; what a kill leaves."""

from __future__ import annotations

import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.calendar import months_from
from sop_core.changes import DemandGrowth
from sop_core.cycle.agreement import Proposal as Agreed
from sop_core.cycle.agreement import Voice, fingerprint
from sop_core.cycle.decision import PROPOSED, Decision
from sop_core.cycle.estimate import estimate_of
from sop_core.demand.cleansing import Rule
from sop_core.errors import ReviewError, StoreError
from sop_core.pack.codec import to_json
from sop_core.plan import Unconstrained
from sop_core.scenario import Scenario
from sop_core.signoff.freeze import demand_digest, draw_up, signed_name
from sop_core.signoff.record import FIRST, Signoff, bytes_digest, digest
from sop_core.signoff.rows import frame_of, lines_digest, lines_of
from sop_core.signoff.verify import verify
from sop_core.store import Store
from tests.signoff import plans
from tests.signoff.plans import GROWN, Drawn

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plans.fill(tmp_path_factory.mktemp("signoffs") / "s.duckdb")


@pytest.fixture(scope="module")
def ready(filled: Path) -> dict[str, Drawn]:
    """What is to be signed, drawn up once on the store as it is filled."""
    with Store.open(filled) as store:
        planner = plans.planner(store)
        return {name: plans.drawn(store, name, planner) for name in (GROWN.name, "Base")}


@pytest.fixture
def store(filled: Path, ready: dict[str, Drawn], tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "s.duckdb"
    shutil.copy(filled, path)
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def grown(ready: dict[str, Drawn]) -> Drawn:
    return ready[GROWN.name]


def sign(store: Store, drawn: Drawn, **more: object) -> Signoff:
    return store.signoffs.sign(drawn.proposal, "Ada Keller", "CEO", "As discussed", **more)  # type: ignore[arg-type]


# -- what is frozen --


def test_a_signature_freezes_the_plan_with_all_it_rests_on(store: Store, grown: Drawn) -> None:
    signed = sign(store, grown)
    assert (signed.number, signed.previous, signed.supersedes) == (1, FIRST, None)
    assert (signed.who, signed.role, signed.comment) == ("Ada Keller", "CEO", "As discussed")
    assert (signed.scenario, signed.scenario_revision) == (GROWN.name, 1)
    assert Scenario.from_json(signed.scenario_json) == GROWN
    assert signed.plan_fingerprint == grown.plan.fingerprint
    assert signed.kpis["margin"] == grown.plan.kpis["margin"]
    assert signed.data_fingerprint == store.content_fingerprint(1)
    assert set(signed.tables) == {name for name, table in store.tables().items() if len(table)}
    assert "Second shift" in signed.decisions[0]
    assert "New listing" in signed.assumptions[0]
    assert (signed.engine, signed.status) == (grown.pack.basis.engine, grown.pack.basis.status)
    assert signed.packages == grown.pack.basis.packages
    assert store.signoffs.list() == (signed,)
    assert store.signoffs.get(1) == signed
    assert store.signoffs.latest("2026-01") == signed
    assert store.signoffs.latest("2026-02") is None


def test_what_was_signed_comes_back_to_the_last_bit(store: Store, grown: Drawn) -> None:
    signed = sign(store, grown)
    path = store.path
    store.close()
    with Store.open(path) as again:
        assert again.signoffs.pack(1) == grown.pack
        assert digest(again.signoffs.pack_text(1)) == signed.pack
        frames = again.signoffs.frames(1)
        assert list(frames) == list(grown.plan.frames())
        for name, frame in grown.plan.frames().items():
            pd.testing.assert_frame_equal(frames[name], frame, check_exact=True)
            assert [str(kind) for kind in frames[name].dtypes] == [str(kind) for kind in frame.dtypes]
        assert {name: bytes_digest(marks) for name, marks in again.signoffs.marks(1).items()} == signed.marks
        ((number, mark, text),) = again.signoffs.raw()
        assert (number, mark) == (1, digest(text)) == again.signoffs.head()
        assert text == to_json(signed)
        assert mark == signed.digest


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [0.1 + 0.2, 5e-324, -0.0, np.nan, np.inf, -np.inf, 1e308, 1 / 3]}),
        pd.DataFrame({"t": pd.Series(["x", None, "=1+1", "ü\n\u2028"], dtype="str")}),
        pd.DataFrame({"m": pd.to_datetime(["2026-01-01", None]).astype("datetime64[us]"), "n": [1, 2**62]}),
        pd.DataFrame({"b": [True, False], "o": pd.Series([None, 0.1], dtype="object")}),
        pd.DataFrame({"t": pd.Series([], dtype="str"), "x": pd.Series([], dtype="float64")}),
    ],
)  # fmt: skip
def test_rows_of_any_type_come_back_as_they_were(frame: pd.DataFrame) -> None:
    lines = lines_of(frame)
    back = frame_of(lines)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    assert lines_digest(lines_of(back)) == lines_digest(lines)
    for name in frame.columns[frame.dtypes == "float64"]:
        assert np.array_equal(np.signbit(back[name]), np.signbit(frame[name]))


def test_a_row_that_was_changed_in_the_file_is_not_shown_as_signed(store: Store, grown: Drawn) -> None:
    sign(store, grown)
    store._connection.raw.execute(
        "UPDATE signoff_row SET json = replace(json, 'Anvil', 'Bellows') WHERE frame = 'stock'"
    )
    with pytest.raises(StoreError, match="The rows 'stock' of sign-off 1 are not those that were signed"):
        store.signoffs.frames(1)


def test_the_demand_is_told_by_the_same_digest_as_an_agreement_on_all_of_it(
    store: Store, grown: Drawn
) -> None:
    plan = grown.plan
    wanted = Unconstrained(plan.scenario, plan.inputs, plan.demand)
    estimate = estimate_of(plans.planner(store).company, wanted, kind="agreed", who="")
    assert demand_digest(plan) == fingerprint(estimate, plan.inputs.months[0], plan.inputs.months[-1])


def test_the_base_is_signed_as_a_scenario_of_its_own(store: Store, ready: dict[str, Drawn]) -> None:
    signed = sign(store, ready["Base"])
    stored = store.load_scenario("Signed plan Jan 26")
    assert (signed.scenario, signed.scenario_revision) == (stored.name, stored.revision)
    assert stored.locked == f"Signed for Jan 26 (sign-off 1) by Ada Keller (CEO) on {today()}"
    assert not Scenario.from_json(stored.json).steps
    assert signed_name(np.datetime64("2026-01", "M"), [stored.name]) == "Signed plan Jan 26 (2)"


def today() -> str:
    now = pd.Timestamp.now("UTC")
    return f"{now.day} {now:%b %Y}"


# -- the chain --


def test_a_later_signature_supersedes_with_a_reason_and_holds_the_one_before(
    store: Store, grown: Drawn, ready: dict[str, Drawn]
) -> None:
    first = sign(store, grown)
    with pytest.raises(StoreError, match=r"Sign-off 1, Jan 26: .*is in force for this cycle. Supersede it"):
        sign(store, ready["Base"])
    with pytest.raises(StoreError, match="Say why sign-off 1 is superseded"):
        sign(store, ready["Base"], supersedes=1)
    second = sign(store, ready["Base"], supersedes=1, reason="The order was lost")
    assert (second.number, second.previous, second.reason) == (2, first.digest, "The order was lost")
    assert store.signoffs.superseded(1) == second
    assert store.signoffs.superseded(2) is None
    assert store.signoffs.latest("2026-01") == second
    assert store.signoffs.head() == (2, second.digest)
    with pytest.raises(StoreError, match="is the one in force, not sign-off 1"):
        sign(store, grown, supersedes=1, reason="again")
    # The same scenario may be signed again; its lock then tells of the newest signature.
    third = sign(store, grown, supersedes=2, reason="It came back")
    assert store.load_scenario(GROWN.name).signed == third.number == 3


def test_nothing_can_be_superseded_where_nothing_is_signed(store: Store, grown: Drawn) -> None:
    with pytest.raises(StoreError, match="there is no sign-off 4 to supersede"):
        sign(store, grown, supersedes=4, reason="why not")


# -- what forbids a signature --


def nothing_signed(store: Store) -> None:
    assert store.signoffs.list() == ()
    assert store.signoffs.head() is None
    assert store.signoffs.lines(1) == {}
    assert store.signoffs.marks(1) == {}
    assert store.load_scenario(GROWN.name).signed is None


@pytest.mark.parametrize(
    ("who", "role", "said"), [(" ", "CEO", "a signature needs a name"), ("A", "", "role")]
)
def test_a_signature_needs_a_name_and_a_role(
    store: Store, grown: Drawn, who: str, role: str, said: str
) -> None:
    with pytest.raises(StoreError, match=said):
        store.signoffs.sign(grown.proposal, who, role)
    with pytest.raises(StoreError, match="The comment has 2,001 characters"):
        store.signoffs.sign(grown.proposal, "Ada", "CEO", "x" * 2001)
    nothing_signed(store)


def _save(store: Store) -> None:
    store.save_scenario(GROWN.name, GROWN.add(DemandGrowth(pct=0.01)).to_json(), "Ben", 1)


def _decide(store: Store) -> None:
    record = store.decisions.list()[0]
    store.decisions.change(
        record.id, replace(record.value, comment="but only till June"), "Ben", record.revision
    )


def _assume(store: Store) -> None:
    record = store.assumptions.list()[0]
    store.assumptions.change(record.id, replace(record.assumption, note="weaker"), "Ben", record.revision)


def _import(store: Store) -> None:
    store.import_tables({"regions": pd.DataFrame({"region": ["North"]})}, "Ben")


def _cleanse(store: Store) -> None:
    store.cleansing.decide([(Rule("outlier", item="Anvil"), False)], "Ben")


def _tamper(store: Store) -> None:
    store._connection.raw.execute("UPDATE data_version SET fingerprint = 'x'")


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (_save, r"Ben saved scenario 'Grown' again .*revision 2, the proposal rests on 1"),
        (_decide, "Ben changed decision 1 since"),
        (lambda s: s.decisions.add(Decision("New"), "Cy"), "Cy added decision 2 since"),
        (_assume, "Ben changed assumption 1 since"),
        (_import, "rests on data version 1; version 2 is there by now"),
        (_cleanse, "cleansing review moved on to revision 1"),
        (lambda s: s.archive_scenario(GROWN.name, "Ben"), "is archived"),
        (lambda s: s.delete_scenario(GROWN.name, "Ben"), "There is no scenario 'Grown'"),
        (_tamper, "The rows of data version 1 are not those that were imported"),
    ],
)  # fmt: skip
def test_what_moved_on_since_it_was_looked_at_is_not_signed(
    store: Store, grown: Drawn, meanwhile: Callable[[Store], object], said: str
) -> None:
    meanwhile(store)
    with pytest.raises(StoreError, match=said):
        sign(store, grown)
    assert store.signoffs.list() == ()
    assert store.signoffs.head() is None
    assert all(one.signed is None for one in store.scenarios())


def test_a_plan_on_earlier_data_is_signed_only_when_said_so(store: Store, grown: Drawn) -> None:
    _import(store)
    assert sign(store, grown, old_data=True).data_version == 1


def test_an_agreement_that_came_meanwhile_is_looked_at_first(store: Store, grown: Drawn) -> None:
    agree(store, grown)
    with pytest.raises(StoreError, match="The agreement on demand changed"):
        sign(store, grown)


def agree(store: Store, drawn: Drawn) -> int:
    plan = drawn.plan
    wanted = Unconstrained(plan.scenario, plan.inputs, plan.demand)
    estimate = estimate_of(plans.planner(store).company, wanted, kind="agreed", who="Ada")
    months = months_from(plan.inputs.months[0], len(plan.inputs.months))
    proposal = Agreed(GROWN, 1, 1, months[0], months[-1], estimate)
    return store.agreements.agree(proposal, [Voice("Ada")], "Ada").id


def test_open_decisions_are_confirmed_or_taken_first(store: Store) -> None:
    store.decisions.add(Decision("Buy a press", scenario=GROWN.name, state=PROPOSED), "Ada")
    drawn = plans.drawn(store)
    with pytest.raises(StoreError, match="Nobody has decided yet on “Buy a press”"):
        sign(store, drawn)
    assert len(sign(store, drawn, undecided=True).decisions) == 2


def test_a_what_if_is_saved_before_it_is_signed(store: Store, grown: Drawn) -> None:
    moved = replace(grown.plan, scenario=GROWN.add(DemandGrowth(pct=0.2)))
    with pytest.raises(ReviewError, match="changes that are not saved"):
        draw_up(store, moved, grown.pack)
    with pytest.raises(ReviewError, match="'What-if' is not saved"):
        draw_up(store, replace(grown.plan, scenario=GROWN.rename("What-if")), grown.pack)


def test_a_pack_of_another_plan_is_not_signed(store: Store, grown: Drawn, ready: dict[str, Drawn]) -> None:
    with pytest.raises(ReviewError, match="are not the same"):
        draw_up(store, grown.plan, ready["Base"].pack)


# -- for ever --


@pytest.mark.parametrize(
    "attempt",
    [
        lambda s: s.save_scenario(GROWN.name, GROWN.to_json(), "ben"),
        lambda s: s.save_scenario(GROWN.name, GROWN.to_json(), "ben", 1),
        lambda s: s.save_scenario(GROWN.name, GROWN.to_json(), "ben", source=("Other", 1)),
        lambda s: s.rename_scenario(GROWN.name, "New name", "ben"),
        lambda s: s.delete_scenario(GROWN.name, "ben"),
        lambda s: s.lock_scenario(GROWN.name, "ben", "mine"),
        lambda s: s.unlock_scenario(GROWN.name, "ben", "I want to"),
    ],
    ids=["save", "save as opened", "merge", "rename", "delete", "lock", "unlock"],
)
def test_a_signed_scenario_stays_as_it_is_for_ever(
    store: Store, grown: Drawn, attempt: Callable[[Store], object]
) -> None:
    store.duplicate_scenario(GROWN.name, "Other", "ben")
    sign(store, grown)
    before = store.load_scenario(GROWN.name)
    with pytest.raises(StoreError, match=r"Signed for Jan 26 \(sign-off 1\) by Ada Keller"):
        attempt(store)
    assert store.load_scenario(GROWN.name) == before


def test_what_happens_after_a_signature_leaves_it_as_it_was(store: Store, grown: Drawn) -> None:
    signed = sign(store, grown)
    before = store.load_scenario(GROWN.name)
    store.archive_scenario(GROWN.name, "ben", "old")
    store.unarchive_scenario(GROWN.name, "ben")
    assert store.duplicate_scenario(GROWN.name, "Copy", "ben").locked is None
    store.save_scenario("Copy", GROWN.add(DemandGrowth(pct=0.2)).rename("Copy").to_json(), "ben", 1)
    _decide(store)
    _assume(store)
    _cleanse(store)
    _import(store)
    assert store.load_scenario(GROWN.name) == before
    assert store.signoffs.get(1) == signed
    assert store.signoffs.pack(1) == grown.pack
    assert verify(store, replay=False).ok


def _edit(column: str, text: str, *, resigned: bool = False) -> Callable[[Store], None]:
    def edit(store: Store) -> None:
        raw = store._connection.raw
        raw.execute(f"UPDATE signoff SET {column} = ?", [text])
        if resigned:
            raw.execute("UPDATE signoff SET digest = ?", [digest(text)])
            raw.execute("UPDATE signoff_head SET digest = ?", [digest(text)])

    return edit


@pytest.mark.parametrize(
    ("text", "resigned"), [("not json", False), ("not json", True), ("[]", True), ("{}", True), ("[" * 9999, True)]
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_said_and_can_be_verified(
    store: Store, grown: Drawn, text: str, resigned: bool
) -> None:
    sign(store, grown)
    _edit("json", text, resigned=resigned)(store)
    assert (store.signoffs.list(), store.signoffs.broken()) == ((), (1,))
    assert store.signoffs.latest() is None
    assert store.signoffs.superseded(1) is None
    for read in (store.signoffs.get, store.signoffs.pack, store.signoffs.frames):
        with pytest.raises(StoreError, match=r"record of sign-off 1 .*Verify the chain"):
            read(1)
    with pytest.raises(StoreError, match="record of sign-off 1"):  # nothing is signed on top of it
        sign(store, grown, supersedes=1, reason="again")
    report = verify(store, replay=False)
    assert not report.ok
    assert "its record" in report.findings[0].sentence


def test_a_pack_that_was_edited_is_not_shown_as_signed(store: Store, grown: Drawn) -> None:
    sign(store, grown)
    _edit("pack", store.signoffs.pack_text(1).replace("Second shift", "Third shift"))(store)
    with pytest.raises(StoreError, match="What sign-off 1 showed was edited after it was signed"):
        store.signoffs.pack(1)


@pytest.mark.parametrize("number", [0, -1, 2, 10**30])
def test_a_number_that_no_sign_off_has_is_said(store: Store, grown: Drawn, number: int) -> None:
    sign(store, grown)
    with pytest.raises(StoreError, match="There is no sign-off number"):
        store.signoffs.get(number)


def test_reopening_an_agreement_leaves_the_signatures_lock(store: Store, grown: Drawn) -> None:
    number = agree(store, grown)
    drawn = plans.drawn(store)
    assert sign(store, drawn).agreement == number
    store.agreements.reopen(number, "Ben", "New orders")
    assert store.load_scenario(GROWN.name).signed == 1
    with pytest.raises(StoreError, match="stays as it is for ever"):
        store.unlock_scenario(GROWN.name, "Ben", "New orders")


def test_the_parent_of_a_signed_scenario_keeps_its_name(store: Store) -> None:
    child = replace(GROWN, name="Child", parent=GROWN.name)
    store.save_scenario("Child", child.to_json(), "Ada", 0)
    sign(store, plans.drawn(store, "Child"))
    with pytest.raises(StoreError, match="'Child', which is signed, names it as its parent"):
        store.rename_scenario(GROWN.name, "Other", "ben")
    assert store.load_scenario("Child").revision == 1


# -- two at once, and a kill --


def test_of_two_who_sign_at_once_one_does_and_the_other_is_told(store: Store, grown: Drawn) -> None:
    told: list[object] = []
    start = threading.Barrier(4)

    def one(who: str) -> None:
        start.wait()
        try:
            told.append(store.signoffs.sign(grown.proposal, who, "CEO"))
        except StoreError as error:
            told.append(str(error))

    threads = [threading.Thread(target=one, args=(f"Person {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (signed,) = store.signoffs.list()
    assert [found for found in told if isinstance(found, Signoff)] == [signed]
    others = [found for found in told if isinstance(found, str)]
    assert len(others) == 3
    assert all(f"signed by {signed.who} (CEO)" in found for found in others)


VICTIM = """
import os, pickle, signal, sys, threading, time, types
from sop_core.store import Store, connection, scenarios, signoffs
until, parent = time.monotonic() + 60, os.getppid()
store, point = Store.open(sys.argv[1]), sys.argv[3]
with open(sys.argv[2], "rb") as file:
    proposal = pickle.load(file)

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def sign(n):
    if time.monotonic() > until or os.getppid() != parent:
        sys.exit("nobody is there any more")
    store.signoffs.sign(proposal, "Ada", "CEO", supersedes=n - 1 or None, reason="again")
    print(n, flush=True)

sign(1)
if point == "record":
    signoffs.pd = types.SimpleNamespace(DataFrame=die)
elif point == "rows":
    scenarios.lock_for_ever = die
elif point == "commit":
    connection._commit = die
else:
    threading.Timer(0.05, die).start()
for n in range(2, 100):
    sign(n)
"""


@pytest.mark.parametrize("point", ["record", "rows", "commit", "anywhere"])
def test_a_kill_while_signing_leaves_it_signed_whole_or_not_at_all(
    filled: Path, grown: Drawn, tmp_path: Path, point: str
) -> None:
    """Killed in the middle of a signature, or anywhere in a loop of them, every sign-off there is, is whole, and so is
    the chain."""
    path, proposal = tmp_path / "s.duckdb", tmp_path / "proposal"
    shutil.copy(filled, path)
    proposal.write_bytes(pickle.dumps(grown.proposal))
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(path), str(proposal), point],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    told = [int(line) for line in done.stdout.split()]
    with Store.open(path) as store:
        chain = store.signoffs.list()
        assert verify(store, replay=False).ok
        assert len(chain) == 1 if point != "anywhere" else len(chain) >= max(told)
        assert [one.number for one in chain] == list(range(len(chain), 0, -1))
        for one, before in zip(chain, [*(b.digest for b in chain[1:]), FIRST], strict=True):
            assert one.previous == before
        newest = chain[0]
        assert digest(store.signoffs.pack_text(newest.number)) == newest.pack
        assert set(store.signoffs.frames(newest.number)) == set(newest.frames)
        marks = store.signoffs.marks(newest.number)
        assert {name: bytes_digest(found) for name, found in marks.items()} == newest.marks
        assert store.signoffs.lines(newest.number + 1) == {}
        assert store.signoffs.head() == (newest.number, newest.digest)
        assert store.load_scenario(GROWN.name).signed == newest.number
