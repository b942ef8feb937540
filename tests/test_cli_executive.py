"""The executive review without a screen: files, signatures, and the proof that they still stand."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from sop_core.changes import CapacityChange, Scope
from sop_core.cli import main
from sop_core.cycle.decision import Decision
from sop_core.planner import make_plan
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages.companies import full_line

Capture = pytest.CaptureFixture[str]
PLUS = Scenario("Plus").add(CapacityChange(scope=Scope.of(resource="Forge"), hours=5.0))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company of one line with a scenario."""
    path = tmp_path_factory.mktemp("cli") / "line.duckdb"
    with Store.open(path) as store:
        store.import_tables(full_line(), "test")
        store.save_scenario(PLUS.name, PLUS.to_json(), "Ada", 0)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "line.duckdb"))


@pytest.fixture(scope="module")
def signed_once(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with one sign-off."""
    path = Path(shutil.copy(made, tmp_path_factory.mktemp("signed") / "line.duckdb"))
    assert main(["signoff", "--store", str(path), "--scenario", "Plus", "--who", "Ada Keller", "--role", "CEO",
                 "--paths", "0", "--json"]) == 0  # fmt: skip
    return path


@pytest.fixture
def signed(signed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(signed_once, tmp_path / "signed.duckdb"))


def run(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(a) for a in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys: Capture, *arguments: object) -> dict[str, Any]:
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def kpi(content: bytes, title: str) -> float:
    rows = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Summary"].iter_rows(values_only=True)
    return next(float(row[2]) for row in rows if row[0] == title)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "inside"), [("pptx", "ppt/presentation.xml"), ("xlsx", "xl/workbook.xml"), ("pdf", "")]
)
def test_each_file_is_made_of_a_scenario(
    path: Path, tmp_path: Path, capsys: Capture, kind: str, inside: str
) -> None:
    out = tmp_path / f"plan.{kind}"
    code, said, told = run(
        capsys, "export", "--store", path, "--scenario", "Plus", "--format", kind, "--out", out, "--paths", 0
    )
    assert (code, said.count("\n")) == (0, 1)
    assert str(out) in said
    assert "Planning the proposal" in told
    content = out.read_bytes()
    assert content.startswith(b"%PDF") if kind == "pdf" else inside in zipfile.ZipFile(out).namelist()


def test_the_workbook_is_the_plans(path: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "plan.xlsx"
    body = as_json(capsys, "export", "--store", path, "--scenario", "Plus", "--out", out, "--paths", 0)
    assert (body["format"], body["scenario"], body["signoff"]) == ("xlsx", "Plus", None)
    assert body["bytes"] == out.stat().st_size
    plan = make_plan(Snapshot.from_tables(full_line(), 1), PLUS)
    assert body["plan_fingerprint"] == plan.fingerprint
    assert kpi(out.read_bytes(), "Margin") == pytest.approx(plan.kpis["margin"])


def test_a_signed_plan_is_exported_as_it_was_signed(signed: Path, tmp_path: Path, capsys: Capture) -> None:
    with Store.open(signed) as store:  # the company moves on
        tables = full_line()
        tables["demand_plan"]["quantity"] *= 2
        store.import_tables(tables, "test", replace=True)
    out = tmp_path / "signed.xlsx"
    body = as_json(capsys, "export", "--store", signed, "--signoff", 1, "--out", out)
    assert body["signoff"] == 1
    plan = make_plan(Snapshot.from_tables(full_line(), 1), PLUS)
    assert kpi(out.read_bytes(), "Margin") == pytest.approx(plan.kpis["margin"])
    cells = [c for row in openpyxl.load_workbook(out)["Summary"].iter_rows(values_only=True) for c in row]
    assert "Ada Keller, CEO" in cells


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "Nobody", "--out", "a.xlsx"), "There is no scenario called 'Nobody'"),
        (("--signoff", "7", "--out", "a.xlsx"), "There is no sign-off number 7"),
        (("--scenario", "Plus", "--out", "a.doc"), "--format pptx, xlsx, pdf"),
        (("--scenario", "Plus", "--out", "a.pdf", "--format", "xlsx"), "Call it .xlsx"),
    ],
)
def test_what_cannot_be_exported_is_said_and_nothing_is_written(
    path: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    code, out, told = run(capsys, "export", "--store", path, *arguments)
    assert (code, out) == (1, "")
    assert said in told
    assert set(tmp_path.iterdir()) == before


def test_a_file_that_cannot_be_written_leaves_what_was_there(
    path: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    code, _, told = run(
        capsys, "export", "--store", path, "--scenario", "Base", "--out", tmp_path / "folder.xlsx"
    )
    assert code == 1
    assert "is a folder" in told
    code, _, told = run(
        capsys,
        "export",
        "--store",
        path,
        "--scenario",
        "Base",
        "--paths",
        0,
        "--out",
        tmp_path / "no" / "plan.pdf",
    )
    assert code == 1
    assert "There is no folder" in told


@pytest.mark.parametrize(
    "arguments", [("--out", "a.pdf"), ("--scenario", "a", "--signoff", "1", "--out", "a.pdf"), ("--scenario", "a"),
                  ("--signoff", "one", "--out", "a.pdf")]
)  # fmt: skip
def test_a_wrong_command_line_is_told_at_once(path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["export", "--store", str(path), *arguments])
    assert stopped.value.code == 2


def test_a_plan_is_signed_listed_superseded_and_verified(signed: Path, capsys: Capture) -> None:
    first = as_json(capsys, "signoffs", "--store", signed)["signoffs"]
    assert [(one["number"], one["scenario"], one["who"]) for one in first] == [(1, "Plus", "Ada Keller")]
    plan = make_plan(Snapshot.from_tables(full_line(), 1), PLUS)
    assert first[0]["plan_fingerprint"] == plan.fingerprint
    assert first[0]["kpis"]["margin"] == pytest.approx(plan.kpis["margin"])

    again = [
        "signoff",
        "--store",
        signed,
        "--scenario",
        "Base",
        "--who",
        "Ada Keller",
        "--role",
        "CEO",
        "--paths",
        0,
    ]
    code, _, told = run(capsys, *again)
    assert code == 1
    assert "supersede" in told.lower()
    code, _, told = run(capsys, *again, "--supersedes", 1)
    assert (code, "--reason" in told) == (1, True)
    code, _, told = run(capsys, *again, "--reason", "better")
    assert (code, "--supersedes" in told) == (1, True)
    second = as_json(capsys, *again, "--supersedes", 1, "--reason", "The board wants the base.")
    assert (second["number"], second["supersedes"], second["previous"]) == (2, 1, first[0]["digest"])

    code, out, _ = run(capsys, "signoffs", "--store", signed)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Sign-off 2")
    assert lines[1].endswith("superseded by 2")
    code, out, _ = run(capsys, "verify", "--store", signed)
    assert code == 0
    assert out.startswith("All 2 sign-offs are as signed")


def test_verify_names_what_was_changed_and_ends_with_one(signed: Path, capsys: Capture) -> None:
    import duckdb

    with duckdb.connect(str(signed)) as file:
        file.execute(
            "UPDATE signoff_row SET json = replace(json, 'Anvil', 'Hammer') WHERE frame = 'production'"
        )
    code, out, told = run(capsys, "verify", "--store", signed, "--signoff", 1)
    assert code == 1
    assert "production" in out
    assert "finding" in told
    code, out, _ = run(capsys, "verify", "--store", signed, "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (1, False)
    assert {finding["kind"] for finding in report["findings"]} >= {"contents"}
    out_file = signed.with_name("broken.xlsx")
    code, _, told = run(capsys, "export", "--store", signed, "--signoff", 1, "--out", out_file)
    assert (code, out_file.exists()) == (1, False)
    assert "not those that were signed" in told


def test_verify_with_a_second_engine_and_without_sign_offs(signed: Path, path: Path, capsys: Capture) -> None:
    report = as_json(capsys, "verify", "--store", signed, "--engine", "linprog")
    assert (report["ok"], report["engine"]) == (True, "linprog")
    assert as_json(capsys, "verify", "--store", path)["signoffs"] == 0
    code, out, _ = run(capsys, "signoffs", "--store", path)
    assert (code, out) == (0, "Nothing is signed in this store yet.\n")


def test_open_decisions_are_named_unless_they_are_accepted(path: Path, capsys: Capture) -> None:
    with Store.open(path) as store:
        store.decisions.add(Decision("Hire a smith", "The forge is full.", "Ada", scenario="Plus"), "Ada")
    sign = ["signoff", "--store", path, "--scenario", "Plus", "--who", "Ada", "--role", "CEO", "--paths", 0]
    code, _, told = run(capsys, *sign)
    assert code == 1
    assert "Hire a smith" in told
    assert "--undecided" in told
    assert as_json(capsys, *sign, "--undecided")["number"] == 1


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, capsys: Capture) -> None:
    missing = tmp_path / "none.duckdb"
    for command in (["signoffs"], ["verify"], ["export", "--scenario", "Base", "--out", tmp_path / "a.pdf"]):
        code, _, told = run(capsys, *command, "--store", missing)
        assert code == 1
        assert str(missing) in told
    assert not missing.exists()


def test_a_company_with_next_to_nothing_is_exported(tmp_path: Path, capsys: Capture) -> None:
    months = pd.date_range("2026-01-01", periods=6, freq="MS")
    tables = {
        "demand_plan": pd.DataFrame([{"month": m, "product": "=1+1", "quantity": 10.0} for m in months]),
        "settings": pd.DataFrame({"setting": ["horizon_months"], "value": ["6"]}),
    }
    with Store.open(tmp_path / "small.duckdb") as store:
        store.import_tables(tables, "test")
    for kind in ("xlsx", "pptx", "pdf"):
        out = tmp_path / f"small.{kind}"
        code, _, told = run(
            capsys,
            "export",
            "--store",
            tmp_path / "small.duckdb",
            "--scenario",
            "Base",
            "--out",
            out,
            "--paths",
            0,
        )
        assert code == 0, told
        assert out.stat().st_size > 1_000


def test_a_record_that_was_edited_is_told_by_every_command(
    signed: Path, tmp_path: Path, capsys: Capture
) -> None:
    with Store.open(signed) as store:
        store._connection.raw.execute("UPDATE signoff SET json = 'not json'")
    out = tmp_path / "a.pdf"
    for command in (("signoffs",), ("export", "--signoff", 1, "--out", out), ("verify",)):
        code, _, told = run(capsys, command[0], "--store", signed, *command[1:])
        assert code == 1
        assert "sign-off 1" in told.lower()
    assert not out.exists()
