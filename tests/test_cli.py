"""The command line: what it writes, what it says, how it fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sop_core import cli
from sop_core.cli import main
from sop_core.cli.commands import COMMANDS
from sop_core.scenario import Scenario
from sop_core.store import Store

FILES = {
    "products.csv": "product,price,unit_cost\nA,10,4\n",
    "demand_plan.csv": "month,product,quantity\n"
    + "".join(f"2026-0{m}-01,A,{100 + 10 * m}\n" for m in range(1, 7)),
    "sites.csv": "site\nMilan\n",
    "resources.csv": "resource,site,hours,overtime_hours,hour_cost\nLine,Milan,60,10,20\n",
    "sources.csv": "source,product,site,unit_cost\nmake A,A,Milan,4\n",
    "routings.csv": "source,resource,hours_per_unit\nmake A,Line,0.5\n",
    "settings.csv": "setting,value\nhorizon_months,6\nplan_start,2026-01\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small company that plans from its own demand plan."""
    folder = tmp_path / "company"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def loaded(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "company.duckdb"
    assert main(["load", str(folder), "--store", str(path), "--json"]) == 0
    return path


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Runs a command that must fail with 1; returns what it says on stderr."""
    capsys.readouterr()
    assert main([str(a) for a in arguments]) == 1
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.err.strip()
    return said.err


def test_load_lists_what_it_took_and_assumed(folder: Path, tmp_path: Path, capsys) -> None:
    assert (
        main(["load", str(folder), "--store", str(tmp_path / "s.duckdb"), "--who", "anna", "--note", "first"])
        == 0
    )
    said = capsys.readouterr().out
    assert "as data version 1" in said
    assert "  products: 1 rows (1 new, 0 changed, 0 as before)" in said
    assert "Default used: resources.overtime_cost" in said
    with Store.open(tmp_path / "s.duckdb") as store:
        assert (store.versions()[0].who, store.versions()[0].note) == ("anna", "first")


def test_load_in_json(folder: Path, tmp_path: Path, capsys) -> None:
    store = tmp_path / "s.duckdb"
    assert main(["load", *(str(folder / name) for name in FILES), "--store", str(store), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["version"] == 1
    assert body["tables"]["demand_plan"]["added"] == 6
    assert {file["name"] for file in body["files"]} == set(FILES)
    assert body["not_enough_to_plan"] is None
    assert body["defaults_used"]


def test_load_says_when_there_is_not_enough_to_plan(tmp_path: Path, capsys) -> None:
    path = tmp_path / "products.csv"
    path.write_text("product\nA\n")
    assert main(["load", str(path), "--store", str(tmp_path / "s.duckdb")]) == 0
    assert "Not enough to plan yet" in capsys.readouterr().out


def test_load_refuses_with_every_error_and_leaves_no_store(tmp_path: Path, capsys) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("month,product,quantity\n2026-01,A,x\n2026-02,A,y\n")
    report = tmp_path / "report.csv"
    said = fails(capsys, "load", path, "--store", tmp_path / "new" / "s.duckdb", "--report", report)
    assert "2 errors" in said
    assert "sales.csv, row 2, column quantity: 'x': it is not a number" in said
    assert list((tmp_path / "new").iterdir()) == []
    assert pd.read_csv(report)["row"].tolist() == [2, 3]
    assert main(["load", str(path), "--store", str(tmp_path / "s.duckdb"), "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert [finding["row"] for finding in body["findings"]] == [2, 3]


def test_load_options_answer_what_files_leave_open(tmp_path: Path, capsys) -> None:
    path = tmp_path / "verkauf.csv"
    path.write_text("Monat;Artikel;Menge\n01.02.2026;A;1.234\n")
    path = path.rename(tmp_path / "sales.csv")
    mapping = tmp_path / "mapping.json"
    mapping.write_text('{"sales": {"Monat": "month", "Artikel": "product", "Menge": "quantity"}}')
    store = tmp_path / "s.duckdb"
    common = ["load", str(path), "--store", str(store), "--mapping", str(mapping)]
    assert "--date-order" in fails(capsys, *common)
    assert main([*common, "--date-order", "dmy", "--decimal", ",", "--dry-run"]) == 0
    assert "Checked 1 rows" in capsys.readouterr().out
    assert main([*common, "--date-order", "dmy", "--decimal", ","]) == 0
    with Store.open(store) as opened:
        row = opened.tables()["sales"].iloc[0]
        assert (row["month"], row["quantity"]) == (pd.Timestamp("2026-02-01"), 1234)
        assert opened.latest_version() == 1


def test_plan_writes_its_results(loaded: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "results" / "base"
    capsys.readouterr()
    assert main(["plan", "--store", str(loaded), "--out", str(out), "--json"]) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert json.loads(capsys.readouterr().out) == summary
    assert summary["cost"] == pytest.approx(sum(summary["costs"].values()), rel=1e-9)
    assert summary["margin"] == pytest.approx(summary["revenue"] - summary["cost"], rel=1e-9)
    assert {"objective", "kpis", "solver", "data_version", "fingerprint"} <= set(summary)
    names = {"demand", "production", "stock", "backlog", "shipments", "staffing", "load", "shortages"}
    assert {f"{name}.csv" for name in names} <= {path.name for path in out.iterdir()}
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    production = pd.read_csv(out / "production.csv", dtype=str)
    assert production["month"].str.fullmatch(r"\d{4}-\d{2}-01").all()
    assert set(production["source"]) == {"make A"}


def test_the_same_store_gives_the_same_fingerprint(loaded: Path, tmp_path: Path) -> None:
    marks = []
    for name in ("one", "two"):
        assert main(["plan", "--store", str(loaded), "--out", str(tmp_path / name)]) == 0
        marks.append(json.loads((tmp_path / name / "summary.json").read_text())["fingerprint"])
    assert marks[0] == marks[1]


def test_plan_of_a_scenario_by_file_or_name(loaded: Path, tmp_path: Path) -> None:
    text = Scenario("Quiet", owner="anna").to_json()
    path = tmp_path / "quiet.json"
    path.write_text(text)
    with Store.open(loaded) as store:
        store.save_scenario("Quiet", text, "anna")
    for named in (str(path), "Quiet"):
        assert main(["plan", "--store", str(loaded), "--scenario", named, "--out", str(tmp_path / "o")]) == 0
        assert json.loads((tmp_path / "o" / "summary.json").read_text())["scenario"] == "Quiet"


def test_an_earlier_data_version_can_be_planned(loaded: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "products.csv").write_text("product,price,unit_cost\nA,20,4\n")
    assert main(["load", str(folder), "--store", str(loaded)]) == 0
    revenue = {}
    for version in ("1", "2"):
        assert (
            main(
                ["plan", "--store", str(loaded), "--out", str(tmp_path / version), "--data-version", version]
            )
            == 0
        )
        revenue[version] = json.loads((tmp_path / version / "summary.json").read_text())["revenue"]
    assert revenue["2"] == pytest.approx(2 * revenue["1"])


def test_forecast_of_series(tmp_path: Path, capsys) -> None:
    days = pd.date_range("2020-01-01", periods=48, freq="MS")
    frame = pd.DataFrame({"unique_id": "007", "ds": days, "y": [float(10 + d.month) for d in days]})
    for name in ("series.csv", "series.parquet"):
        path = tmp_path / name
        frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)
        out = tmp_path / "forecast.csv"
        assert main(["forecast", "--series", str(path), "--horizon", "3", "--out", str(out)]) == 0
        made = pd.read_csv(out, dtype={"unique_id": str})
        assert list(made.columns) == ["unique_id", "ds", "yhat", "lo", "hi", "method"]
        assert made["unique_id"].tolist() == ["007"] * 3
        assert made["ds"].tolist() == ["2024-01-01", "2024-02-01", "2024-03-01"]
        assert made["yhat"].to_numpy() == pytest.approx([11, 12, 13], rel=0.05)


def test_forecast_of_a_company(tmp_path: Path, capsys) -> None:
    path = tmp_path / "sales.csv"
    months = pd.date_range("2023-01-01", periods=36, freq="MS")
    pd.DataFrame({"month": months, "product": "A", "quantity": 50.0}).to_csv(path, index=False)
    store = tmp_path / "s.duckdb"
    assert main(["load", str(path), "--store", str(store)]) == 0
    capsys.readouterr()
    assert main(["forecast", "--store", str(store), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["rows"] == 18
    assert body["forecast"][0]["quantity"] == pytest.approx(50, rel=0.02)
    with Store.open(store) as opened:
        assert len(opened.forecasts) > 0


def test_forecast_of_every_level_adds_up(tmp_path: Path, capsys) -> None:
    path, out = tmp_path / "sales.csv", tmp_path / "forecast.csv"
    months = pd.date_range("2023-01-01", periods=36, freq="MS")
    places = [(p, r, s) for p in ("A", "B") for r in ("East", "West") for s in ("Retail", "Trade")]
    pd.concat(
        pd.DataFrame({"month": months, "product": p, "region": r, "segment": s, "quantity": 50.0 + 7 * n})
        for n, (p, r, s) in enumerate(places)
    ).to_csv(path, index=False)
    store = tmp_path / "s.duckdb"
    assert main(["load", str(path), "--store", str(store)]) == 0
    assert main(["forecast", "--store", str(store), "--all-levels", "--out", str(out)]) == 0
    assert "Forecast 2 items" in capsys.readouterr().out
    found = pd.read_csv(out)
    assert ((found["lo"] <= found["quantity"]) & (found["quantity"] <= found["hi"])).all()
    totals = found.groupby("level", sort=False)["quantity"].sum()
    assert list(totals.index[[0, -1]]) == ["company", "item x region"]
    assert {"region", "segment", "item"} < set(totals.index)
    assert totals.to_numpy() == pytest.approx([totals["company"]] * len(totals))
    assert main(["forecast", "--store", str(store), "--out", str(out)]) == 0
    below = found[found["level"] == "item x region"][["month", "item", "region", "quantity", "lo", "hi"]]
    assert below.to_numpy().tolist() == pd.read_csv(out).to_numpy().tolist()


def test_demo_fills_a_new_store_only(loaded: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "demo.duckdb"
    assert main(["demo", "--no-agenda", "--store", str(path), "--seed", "3"]) == 0
    assert main(["demo", "--no-agenda", "--store", str(tmp_path / "twin.duckdb"), "--seed", "3"]) == 0
    with Store.open(path) as one, Store.open(tmp_path / "twin.duckdb") as two:
        assert one.content_fingerprint() == two.content_fingerprint()
        assert len(one.tables()["sales"]) > 1000
        assert "seed 3" in one.versions()[0].note
    assert "holds data already" in fails(capsys, "demo", "--store", loaded)


def test_failures_are_sentences(loaded: Path, tmp_path: Path, capsys) -> None:
    text = tmp_path / "scenario.json"
    text.write_text("{")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    sales = tmp_path / "sales.csv"
    sales.write_text("month,product,quantity\n2026-01,A,1\n")
    store, out = ["--store", loaded], ["--out", tmp_path / "out"]
    assert "There is no store" in fails(capsys, "plan", "--store", tmp_path / "nope.duckdb", *out)
    assert "not a store" in fails(capsys, "plan", "--store", sales, *out)
    assert "neither a file nor a scenario" in fails(capsys, "plan", *store, "--scenario", "nope", *out)
    assert "JSON" in fails(capsys, "plan", *store, "--scenario", text, *out)
    assert "UTF-8" in fails(capsys, "plan", *store, "--scenario", binary, *out)
    assert "no data version 9" in fails(capsys, "plan", *store, "--data-version", "9", *out)
    assert "is a file" in fails(capsys, "plan", *store, "--out", sales)
    assert "no file or folder" in fails(capsys, "load", tmp_path / "nope", *store)
    assert "no column mapping file" in fails(capsys, "load", sales, *store, "--mapping", tmp_path / "nope")
    assert "must be a JSON object" in fails(capsys, "load", sales, *store, "--mapping", _written(text, "[]"))
    assert "what to forecast" in fails(capsys, "forecast")
    assert "--horizon" in fails(capsys, "forecast", "--series", sales)
    assert "no file" in fails(capsys, "forecast", "--series", tmp_path / "nope", "--horizon", "2")
    assert "unique_id" in fails(capsys, "forecast", "--series", sales, "--horizon", "2")
    assert "cannot be read" in fails(
        capsys, "forecast", "--series", _written(tmp_path / "e.csv", ""), "--horizon", "2"
    )
    assert "own demand plan" in fails(capsys, "forecast", *store)
    assert "data yet" in fails(capsys, "plan", "--store", _empty(tmp_path), *out)
    assert not (tmp_path / "out" / "summary.json").exists()


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _empty(folder: Path) -> Path:
    Store.open(folder / "empty.duckdb").close()
    return folder / "empty.duckdb"


def test_a_file_in_place_of_a_folder(loaded: Path, tmp_path: Path, capsys) -> None:
    said = fails(capsys, "plan", "--store", loaded, "--out", loaded / "deeper")
    assert "cannot be used" in said


def test_an_unexpected_error_is_one_sentence(loaded: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("sop_core.cli.commands.make_plan", broken)
    arguments = ["plan", "--store", str(loaded), "--out", str(tmp_path / "o")]
    said = fails(capsys, *arguments)
    assert "ZeroDivisionError: division by zero" in said
    assert len(said.strip().splitlines()) <= 2
    assert main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["load"],
        ["plan", "--store", "x"],
        ["serve", "--port", "99999"],
        ["demo", "--store", "x", "--seed", "y"],
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "--help" in capsys.readouterr().err


def test_serve_refuses_a_port_that_is_taken(loaded: Path, capsys, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sop_core.cli.commands.ROOT", tmp_path)
    assert "no screens here" in fails(capsys, "serve", "--store", loaded)
    (tmp_path / "app.py").write_text("")
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} cannot be had" in fails(capsys, "serve", "--store", loaded, "--port", port)


def test_as_a_module_a_second_process_is_told_that_the_store_is_busy(
    loaded: Path, root: Path, tmp_path: Path
) -> None:
    with Store.open(loaded):
        run = subprocess.run(
            [sys.executable, "-m", "sop_core", "plan", "--store", str(loaded), "--out", str(tmp_path / "o"), "--json"],
            cwd=root, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr.strip().splitlines() == [json.loads(run.stdout)["error"]]
    assert "is open in another process" in run.stderr


def test_the_module_knows_its_commands() -> None:
    review = ["export", "signoff", "signoffs", "verify"]
    assert list(COMMANDS) == [
        "demo", "load", "forecast", "plan", "compare", "project", "decisions", *review, "serve",
    ]  # fmt: skip
    assert (cli.ROOT / "sop_core" / "schema.py").is_file()


def test_plan_tells_what_it_takes_for_granted_and_what_cannot_be_kept(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "stock_targets.csv").write_text("product,site,minimum\nA,Milan,1000\n")
    store, out = tmp_path / "s.duckdb", tmp_path / "out"
    assert main(["load", str(folder), "--store", str(store)]) == 0
    capsys.readouterr()
    assert main(["plan", "--store", str(store), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Taken for granted: lanes: none - no lanes: every site serves every region at no cost" in said
    assert "Cannot be kept: Jun 26, A at Milan: minimum stock at the end is not reached by" in said
    told = json.loads((out / "summary.json").read_text())["defaults_used"]
    assert any(note.startswith("lanes: none") for note in told)
