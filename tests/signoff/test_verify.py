"""Verifying: in a fresh process, with another engine, with other packages, stopped, and of what is not there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sop_core.demo import proposals
from sop_core.errors import PlanError, StoreError
from sop_core.planner import Company, Planner
from sop_core.scenario import Scenario
from sop_core.signoff import differences, replay
from sop_core.signoff import verify as module
from sop_core.signoff.freeze import kpis_of
from sop_core.signoff.verify import verify
from sop_core.store import Store


@pytest.fixture(scope="module")
def store(signed_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A copy, only read."""
    with Store.open(shutil.copy(signed_store, tmp_path_factory.mktemp("verify") / "copy.duckdb")) as opened:
        yield opened


def test_a_fresh_process_comes_to_the_same_fingerprint(
    signed_store: Path, tmp_path: Path, root: Path
) -> None:
    copy = shutil.copy(signed_store, tmp_path / "copy.duckdb")
    ran = subprocess.run(
        [sys.executable, "-m", "sop_core", "verify", "--store", str(copy), "--signoff", "3", "--json"],
        cwd=root, env=os.environ | {"PYTHONHASHSEED": "5"}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["ok"] is True
    (one,) = told["checked"]
    assert one["number"] == 3
    assert one["same_environment"] is True
    assert one["remarks"] == []
    assert one["engine"] == "highspy"


def test_the_demo_has_the_same_kpis_with_another_engine(demo_company: Company, demo_planner: Planner) -> None:
    """Its optimum is one of many; the second engine can give the same plan only where it finds no better one."""
    plan = demo_planner.plan(proposals()[-1])
    other = replay.plan_otherwise(plan, demo_company, "linprog")
    assert other.solution.solver.engine == "linprog"
    assert replay.numbers_differ(kpis_of(other), kpis_of(plan), replay.CLOSE) == {}
    assert other.fingerprint == plan.fingerprint


def test_other_packages_are_said_and_numbers_compared_to_a_millionth(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = differences.packages()
    monkeypatch.setattr(differences, "packages", lambda: now | {"scipy": "1.0.0"})
    monkeypatch.setattr(
        module, "kpis_of", lambda plan: {n: v and v * (1 + 1e-7) for n, v in kpis_of(plan).items()}
    )
    (one,) = verify(store, 1).checked
    assert one.same_environment is False
    assert one.remarks == (
        f"Signed with scipy {now['scipy']}; planned again with scipy 1.0.0: numbers are compared to a millionth.",
        "KPIs and rows are the same to 1e-06, relative, not to the last digit.",
    )


def test_a_plan_that_comes_out_otherwise_is_named_row_by_row(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = replay.plan_again
    monkeypatch.setattr(
        replay, "plan_again", lambda company, text, *rest: real(company, Scenario.base().to_json(), *rest)
    )
    report = verify(store, 1)
    told = [finding.sentence for finding in report.findings]
    assert {finding.kind for finding in report.findings} == {"replay"}
    assert told[0].startswith("the plan made again is not the one that was signed: ")
    assert "was signed" in told[0]
    assert any("production, source make Anvil" in s and " when planned again, where " in s for s in told), (
        told
    )


def test_another_engine_that_finds_a_better_plan_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        replay, "plan_otherwise", lambda plan, company, *rest: Planner(company).plan(Scenario.base())
    )
    report = verify(store, 1, engine="linprog")
    assert [finding.kind for finding in report.findings] == ["engine", "engine"]
    assert "is worth" in report.findings[0].sentence
    assert "comes to other KPIs" in report.findings[1].sentence


def test_progress_and_stop(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    report = verify(
        store, replay=False, progress=lambda *step: told.append(step), stop=lambda: len(told) >= 4
    )
    assert report.stopped
    assert not report.ok
    assert [one.number for one in report.checked] == [1]
    assert report.sentence() == "Stopped: 1 of 3 sign-offs were checked, nothing was found in them."
    assert told[0] == ("Sign-off 1: data", 0, 15)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_what_is_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no sign-off number 9: the store has 1 to 3"):
        verify(store, 9)
    with pytest.raises(PlanError, match="highspy or linprog"):
        verify(store, engine="abacus")
    with Store.open(tmp_path / "empty.duckdb") as empty:
        report = verify(empty)
    assert report.ok
    assert report.sentence() == "Nothing is signed in this store yet, so there is nothing to verify."


def test_rows_are_held_against_each_other_by_their_names() -> None:
    head = '[["month","datetime64[us]"],["revenue","float64"]]'
    rows = ['["2026-01-01T00:00:00.000000",1.0]', '["2026-02-01T00:00:00.000000",1000.5]']
    then = (head, *rows)
    assert replay.rows_differ("money", then, then) == []
    assert replay.rows_differ("money", then, (head, rows[0])) == [
        "money, Feb 26: this row was signed and is missing."
    ]
    near = (head, rows[0], rows[1].replace("1000.5", "1000.5000001"))
    assert replay.rows_differ("money", then, near) == [
        "money, Feb 26: revenue 1000.5000001 where 1000.5 was signed."
    ]
    assert replay.rows_differ("money", then, near, 1e-6) == []
    assert replay.rows_differ("money", then, (head, rows[1], rows[0])) == [
        "money: its rows stand in another order, or are written otherwise, than when signed."
    ]
    assert replay.rows_differ("money", then, (head, rows[0], "[1")) == [
        "money, Feb 26: this row was signed and is missing.",
        "money, row 2: this row cannot be read, or was not signed.",
    ]
