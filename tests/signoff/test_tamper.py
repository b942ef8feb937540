"""Whatever is changed behind a signature's back is found, and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.signoff.record import Signoff, digest
from sop_core.signoff.verify import verify
from sop_core.store import Store

Con = duckdb.DuckDBPyConnection


def edit_record(
    con: Con, number: int, change: Callable[[dict[str, object]], None], *, forge: bool = False
) -> None:
    """Edits a record's JSON; `forge`: gives it the fingerprint of the edited text as well."""
    ((text,),) = con.execute("SELECT json FROM signoff WHERE number = ?", [number]).fetchall()
    record = json.loads(text)
    change(record)
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    con.execute("UPDATE signoff SET json = ? WHERE number = ?", [text, number])
    if forge:
        con.execute("UPDATE signoff SET digest = ? WHERE number = ?", [digest(text), number])


def edit_pack(con: Con, change: Callable[[dict[str, object]], None]) -> None:
    ((text,),) = con.execute("SELECT pack FROM signoff WHERE number = 2").fetchall()
    pack = json.loads(text)
    change(pack)
    text = json.dumps(pack, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    con.execute("UPDATE signoff SET pack = ? WHERE number = 2", [text])


def edit_row(con: Con) -> None:
    """Adds ten to what is started first."""
    ((at, text),) = con.execute(
        "SELECT row, json FROM signoff_row WHERE signoff = 2 AND frame = 'production' AND row = 1"
    ).fetchall()
    row = json.loads(text)
    row[5] += 10.0
    con.execute(
        "UPDATE signoff_row SET json = ? WHERE signoff = 2 AND frame = 'production' AND row = ?",
        [json.dumps(row, ensure_ascii=False, separators=(",", ":")), at],
    )


def swap(con: Con) -> None:
    con.execute("UPDATE signoff SET number = 5 - number WHERE number IN (2, 3)")


def swap_with_numbers(con: Con) -> None:
    """Exchanges two records and forges their own numbers and fingerprints."""
    swap(con)
    for number in (2, 3):
        edit_record(con, number, lambda r, n=number: r.update(number=n), forge=True)  # type: ignore[misc]


def insert_between(con: Con) -> None:
    """Puts a forged record in the second place and moves the others on, with forged numbers and fingerprints."""
    con.execute("UPDATE signoff SET number = number + 1 WHERE number >= 2")
    con.execute("INSERT INTO signoff SELECT 2, digest, json, pack FROM signoff WHERE number = 3")
    for number in (2, 3, 4):
        edit_record(con, number, lambda r, n=number: r.update(number=n), forge=True)  # type: ignore[misc]


def delete(number: int) -> Callable[[Con], None]:
    def run(con: Con) -> None:
        for table, column in (("signoff", "number"), ("signoff_row", "signoff"), ("signoff_mark", "signoff")):
            con.execute(f"DELETE FROM {table} WHERE {column} = ?", [number])

    return run


def delete_last_with_head(con: Con) -> None:
    """Removes the last sign-off, and takes the head back to the one before."""
    delete(3)(con)
    con.execute("UPDATE signoff_head SET number = 2, digest = (SELECT digest FROM signoff WHERE number = 2)")


def delete_all(con: Con) -> None:
    for number in (1, 2, 3):
        delete(number)(con)
    con.execute("DELETE FROM signoff_head")


def sql(text: str) -> Callable[[Con], None]:
    def run(con: Con) -> None:
        con.execute(text)

    return run


@dataclass(frozen=True)
class Case:
    tamper: Callable[[Con], None]
    where: str  #: of the finding
    words: tuple[str, ...]  #: that its sentence has
    replay: bool = False  #: whether it takes the plan made again to name it


MARCH = "product = 'Anvil' AND month = DATE '2025-03-01'"
CASES = {
    # the chain
    "a comment edited": Case(
        lambda con: edit_record(con, 2, lambda r: r.update(comment="I never agreed.")),
        "Sign-off 2", ("record", "edited after it was signed"),
    ),
    "a comment and its fingerprint edited": Case(
        lambda con: edit_record(con, 2, lambda r: r.update(comment="I never agreed."), forge=True),
        "Sign-off 2", ("sign-off 3 was signed on top of", "edited"),
    ),
    "the last comment and its fingerprint edited": Case(
        lambda con: edit_record(con, 3, lambda r: r.update(comment="I never agreed."), forge=True),
        "Chain of sign-offs", ("fingerprint of sign-off 3",),
    ),
    "a record that is no JSON": Case(
        sql("UPDATE signoff SET json = '{' || json WHERE number = 1"), "Sign-off 1", ("record", "edited"),
    ),
    "two signatures swapped": Case(swap, "Sign-off 2", ("that of sign-off 3", "order of signatures")),
    "two signatures swapped and forged": Case(swap_with_numbers, "Sign-off 2", ("sign-off 3 was signed on top of",)),
    "a signature inserted": Case(insert_between, "Sign-off 2", ("sign-off 3 was signed on top of", "inserted")),
    "a signature copied": Case(
        sql("INSERT INTO signoff SELECT * FROM signoff WHERE number = 2"), "Sign-off 2", ("2 times", "inserted"),
    ),
    "the first deleted": Case(delete(1), "Sign-off 1", ("missing", "the first of the chain", "'Overtime'", "deleted")),
    "a middle one deleted": Case(delete(2), "Sign-off 2", ("missing", "'Growth'", "deleted")),
    "the last deleted": Case(delete(3), "Sign-off 3", ("missing", "the last of the chain", "deleted")),
    "the last deleted with the head": Case(delete_last_with_head, "Sign-off 3", ("missing", "deleted")),
    "all deleted": Case(delete_all, "Sign-off 2", ("missing", "deleted")),
    "the head edited": Case(
        sql(f"UPDATE signoff_head SET digest = '{'f' * 64}'"), "Chain of sign-offs", ("head", "edited"),
    ),
    "the head moved back": Case(
        sql("UPDATE signoff_head SET number = 2"), "Chain of sign-offs", ("head names sign-off 2", "3 is there"),
    ),
    "the head removed": Case(sql("DELETE FROM signoff_head"), "Chain of sign-offs", ("head", "missing")),
    "a lock removed": Case(
        sql("DELETE FROM scenario_lock WHERE signoff = 2"), "Sign-off 2", ("'Growth'", "lock", "removed"),
    ),
    # the data
    "a data row changed": Case(
        sql(f"UPDATE data.sales SET quantity = 76 WHERE {MARCH}"),
        "Sign-off 2", ("data version 1", "sales, Mar 25, product Anvil", "values differ"),
    ),
    "a data row deleted": Case(
        sql(f"DELETE FROM data.sales WHERE {MARCH}"), "Sign-off 2", ("sales: 1 row that was signed is missing",),
    ),
    "a data row added": Case(
        sql("INSERT INTO data.sales BY NAME SELECT * REPLACE ('Tongs' AS product) FROM data.sales"
            f" WHERE {MARCH}"),
        "Sign-off 2", ("sales, Mar 25, product Tongs", "was not there"),
    ),
    "a setting changed": Case(
        sql("UPDATE data.settings SET \"value\" = '5' WHERE setting = 'horizon_months'"),
        "Sign-off 2", ("settings, setting horizon_months", "values differ"),
    ),
    "a table emptied": Case(sql("DELETE FROM data.routings"), "Sign-off 2", ("routings: 2 rows", "missing")),
    "the fingerprint of the data": Case(
        sql("UPDATE data_version SET fingerprint = 'abc'"), "Sign-off 2", ("fingerprint noted beside data version 1",),
    ),
    "the data version removed": Case(
        sql("DELETE FROM data_version"), "Sign-off 2", ("data version 1 cannot be read",),
    ),
    "a verdict turned round": Case(
        sql("UPDATE cleansing_verdict SET verdict = 'accept'"), "Sign-off 2", ("verdicts", "revision 1"),
    ),
    "a verdict removed": Case(sql("DELETE FROM cleansing_verdict"), "Sign-off 2", ("verdicts", "revision 1")),
    # what was decided
    "a decision's text": Case(
        sql("UPDATE decision_revision SET json = replace(json, 'Until June.', 'Until May.') WHERE id = 1"),
        "Sign-off 2", ("decision 1, revision 1", "comment reads “Until May.” where “Until June.” was signed"),
    ),
    "a decision's state": Case(
        sql("UPDATE decision_revision SET json = replace(json, 'approved', 'rejected') WHERE id = 2"),
        "Sign-off 2", ("decision 2", "Hire a smith", "state reads “rejected”"),
    ),
    "who decided": Case(
        sql("UPDATE decision_revision SET who = 'Mallory' WHERE id = 2"),
        "Sign-off 2", ("decision 2", "who reads “Mallory” where “Ada” was signed"),
    ),
    "a decision removed": Case(sql("DELETE FROM decision_revision WHERE id = 2"), "Sign-off 2", ("decision 2",)),
    "a decision that cannot be read": Case(
        sql("UPDATE decision_revision SET json = 'x' WHERE id = 2"), "Sign-off 2", ("decision 2", "cannot be read"),
    ),
    "an assumption's value": Case(
        sql("UPDATE assumption_revision SET json = replace(json, '0.03', '0.04')"),
        "Sign-off 2", ("assumption 1", "value reads “0.04” where “0.03” was signed"),
    ),
    "the scenario's changes": Case(
        sql("UPDATE scenario SET json = replace(json, '0.1', '0.2') WHERE name = 'Growth'"),
        "Sign-off 2", ("scenario 'Growth'", "edited in spite of its lock"),
    ),
    "the scenario's history": Case(
        sql("UPDATE scenario_revision SET json = replace(json, '0.1', '0.2') WHERE name = 'Growth'"),
        "Sign-off 2", ("revision 1 in the history of scenario 'Growth'",),
    ),
    # what was signed
    "the pack's title": Case(
        lambda con: edit_pack(con, lambda p: p.update(title="Another plan")),
        "Sign-off 2", ("pack", "another fingerprint"),
    ),
    "a KPI in the pack": Case(
        lambda con: edit_pack(con, lambda p: p["kpis"][0].update(value=1.0)),  # type: ignore[index]
        "Sign-off 2", ("pack", "other KPIs", " 1.00 where "),
    ),
    "a decision's title in the pack": Case(
        lambda con: edit_pack(con, lambda p: p["decisions"][0].update(title="Rest")),  # type: ignore[index]
        "Sign-off 2", ("pack", "called “Rest” where “Work overtime in the forge” was signed"),
    ),
    "a plan row": Case(
        edit_row, "Sign-off 2", ("production, source make Anvil, Jan 26: started ", " was signed"), replay=True,
    ),
    "a plan row, without planning again": Case(edit_row, "Sign-off 2", ("production", "not those that were signed")),
    "a plan row deleted": Case(
        sql("DELETE FROM signoff_row WHERE signoff = 2 AND frame = 'money' AND row = 3"),
        "Sign-off 2", ("money, Mar 26", "is missing"), replay=True,
    ),
    "a plan row doubled": Case(
        sql("INSERT INTO signoff_row SELECT signoff, frame, 99, json FROM signoff_row"
            " WHERE signoff = 2 AND frame = 'money' AND row = 3"),
        "Sign-off 2", ("money, Mar 26, row 7", "was not signed"), replay=True,
    ),
    "a frame deleted": Case(
        sql("DELETE FROM signoff_row WHERE signoff = 2 AND frame = 'stock'"),
        "Sign-off 2", ("stock: all of its rows are missing",),
    ),
    "a frame invented": Case(
        sql("INSERT INTO signoff_row VALUES (2, 'wishes', 0, '[]')"), "Sign-off 2", ("wishes", "were not signed"),
    ),
    "row marks": Case(
        sql("UPDATE signoff_mark SET marks = CAST('0123456789abcdef' AS BLOB) WHERE signoff = 2 AND \"table\" = 'sales'"),
        "Sign-off 2", ("row marks of table sales",),
    ),
}  # fmt: skip


@pytest.fixture
def copy(signed_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(signed_store, tmp_path / "copy.duckdb"))


def test_an_untouched_store_is_clean(copy: Path) -> None:
    with Store.open(copy) as store:
        report = verify(store, engine="linprog")
    assert report.findings == ()
    assert report.ok
    assert [one.number for one in report.checked] == [1, 2, 3]
    assert all(one.kpis and one.second == "linprog" and one.plan_rows for one in report.checked)
    assert report.lines()[0] == (
        "All 3 sign-offs are as signed: chain, contents, data and decisions are unchanged, and the plan made again is "
        "the same, with linprog as well."
    )


@pytest.mark.parametrize("name", CASES)
def test_what_was_changed_is_named(name: str, copy: Path) -> None:
    case = CASES[name]
    with duckdb.connect(str(copy)) as con:
        case.tamper(con)
    with Store.open(copy) as store:
        number = 2 if any(n == 2 for n, *_ in store.signoffs.raw()) else None
        report = verify(store, number, replay=case.replay)
    assert not report.ok
    told = [f for f in report.findings if f.where == case.where and all(w in f.sentence for w in case.words)]
    assert told, "\n".join(report.lines())
    assert all(finding.remedy for finding in report.findings)
    assert report.as_dict()["ok"] is False


@pytest.mark.parametrize("name", ["a data row changed", "a comment edited", "a plan row", "the head edited"])
def test_nothing_else_is_said_to_have_changed(name: str, copy: Path) -> None:
    case = CASES[name]
    with duckdb.connect(str(copy)) as con:
        case.tamper(con)
    with Store.open(copy) as store:
        findings = verify(store, 2, replay=case.replay).findings
    assert len(findings) == 1 or name == "a data row changed"
    assert {finding.kind for finding in findings} <= {"chain", "contents", "data"}


def test_a_forged_forecast_in_the_cache_is_told_and_not_used(copy: Path) -> None:
    with duckdb.connect(str(copy)) as con:
        ((key, payload),) = con.execute("SELECT key, payload FROM forecast LIMIT 1").fetchall()
        con.execute(
            "UPDATE forecast SET payload = ? WHERE key = ?", [payload[:-8] + b"\0\0\0\0\0\0\x59@", key]
        )
    with Store.open(copy) as store:
        kept = len(store.forecasts)
        report = verify(store, 2)
        assert len(store.forecasts) == kept
    assert [(f.kind, f.sentence) for f in report.findings] == [
        ("cache", "1 forecast is not what comes out when made afresh.")
    ]


def test_changed_data_make_another_plan(copy: Path) -> None:
    """The replay is on the data as they now stand, and says why it differs."""
    with duckdb.connect(str(copy)) as con:
        con.execute("UPDATE data.resources SET hours = 20")
    with Store.open(copy) as store:
        replayed = [f.sentence for f in verify(store, 1).findings if f.kind == "replay"]
    assert len(replayed) == 1
    assert "not the one that was signed (the data changed, see above)" in replayed[0]


def test_a_plan_made_of_other_data_does_not_tell_what_was_signed(copy: Path) -> None:
    with duckdb.connect(str(copy)) as con:
        con.execute("UPDATE data.resources SET hours = 20")
        edit_row(con)
    with Store.open(copy) as store:
        told = [f.sentence for f in verify(store, 2).findings if f.kind == "contents"]
    assert told == ["production: its rows are not those that were signed."]


class _Edited:
    """A store of which one text of its sign-offs reads otherwise."""

    def __init__(self, store: Store, number: int, column: str, place: tuple[str, int], text: str) -> None:
        self._store, self._number, self._column, self._place, self._text = store, number, column, place, text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def signoffs(self) -> Any:
        return self

    def raw(self) -> tuple[tuple[int, str, str], ...]:
        at = {"digest": 1, "json": 2}.get(self._column)
        found = [list(row) for row in self._store.signoffs.raw()]
        if at is not None:
            found[self._number - 1][at] = self._text
        return tuple((row[0], row[1], row[2]) for row in found)

    def list(self) -> tuple[Signoff, ...]:
        return self._store.signoffs.list()

    def head(self) -> tuple[int, str] | None:
        return self._store.signoffs.head()

    def marks(self, number: int) -> dict[str, bytes]:
        return self._store.signoffs.marks(number)

    def pack_text(self, number: int) -> str:
        return self._text if self._column == "pack" else self._store.signoffs.pack_text(number)

    def lines(self, number: int) -> dict[str, tuple[str, ...]]:
        found = self._store.signoffs.lines(number)
        if self._column == "row":
            frame, at = self._place
            found[frame] = (*found[frame][:at], self._text, *found[frame][at + 1 :])
        return found


@pytest.fixture(scope="module")
def opened(signed_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(shutil.copy(signed_store, tmp_path_factory.mktemp("opened") / "copy.duckdb")) as store:
        yield store


@settings(max_examples=15)
@given(data=st.data())
def test_any_character_changed_in_any_signed_text_is_found(data: st.DataObject, opened: Store) -> None:
    number = data.draw(st.integers(1, 3))
    column = data.draw(st.sampled_from(["json", "pack", "digest", "row"]))
    place = ("", 0)
    if column == "row":
        lines = opened.signoffs.lines(number)
        place = data.draw(st.sampled_from([(frame, n) for frame in lines for n in range(len(lines[frame]))]))
        text = lines[place[0]][place[1]]
    elif column == "pack":
        text = opened.signoffs.pack_text(number)
    else:
        text = opened.signoffs.raw()[number - 1][1 if column == "digest" else 2]
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8", exclude_characters=text[at]))
    edited = text[:at] + other + text[at + 1 :]
    report = verify(cast(Store, _Edited(opened, number, column, place, edited)), number, replay=False)
    assert not report.ok
    assert {finding.number for finding in report.findings} == {number}
