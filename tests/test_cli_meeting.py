"""Decisions, financial projection and comparison without a screen."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from sop_core.changes import CapacityChange, Scope
from sop_core.cli import main
from sop_core.cycle.decision import APPROVED, REJECTED, Decision, OptionConsidered
from sop_core.planner import make_plan
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages.companies import full_line

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The company of one line with ten scenarios."""
    with Store.open(tmp_path / "line.duckdb") as store:
        store.import_tables(full_line(), "test")
        for n in range(1, 11):
            scenario = Scenario(f"Plus {n}").add(
                CapacityChange(scope=Scope.of(resource="Forge"), hours=float(n))
            )
            store.save_scenario(scenario.name, scenario.to_json(), "Ada", 0)
    return tmp_path / "line.duckdb"


def planned(name: str = "Base", hours: float = 0.0) -> float:
    scenario = Scenario(name)
    if hours:
        scenario = scenario.add(CapacityChange(scope=Scope.of(resource="Forge"), hours=hours))
    return make_plan(Snapshot.from_tables(full_line(), 1), scenario).kpis["margin"]


def table(capsys: Capture, *arguments: object) -> pd.DataFrame:
    capsys.readouterr()
    assert main([str(a) for a in arguments]) == 0
    return pd.read_csv(io.StringIO(capsys.readouterr().out))


def test_ten_scenarios_are_compared_with_the_first(path: Path, capsys: Capture) -> None:
    names = [f"Plus {n}" for n in range(1, 11)]
    found = table(capsys, "compare", *names, "--store", path).set_index("kpi")
    assert [name for name in found.columns if name in names] == names
    assert found.loc["margin", "Plus 3"] == pytest.approx(planned("x", 3.0))
    difference = found.loc["margin", "Plus 10"] - found.loc["margin", "Plus 1"]
    assert found.loc["margin", "Plus 10 less Plus 1"] == pytest.approx(difference)


def test_one_scenario_is_compared_with_the_base(path: Path, capsys: Capture) -> None:
    found = table(capsys, "compare", "Plus 5", "--store", path).set_index("kpi")
    assert found.loc["margin", "Base"] == pytest.approx(planned())
    assert found.loc["margin", "Plus 5 less Base"] == pytest.approx(planned("x", 5.0) - planned())


@pytest.mark.parametrize("by", ["month", "quarter", "year"])
def test_the_projection_is_the_plans_money(path: Path, capsys: Capture, by: str) -> None:
    found = table(capsys, "project", "--scenario", "Plus 5", "--by", by, "--store", path).set_index("line")
    assert found.loc["margin", "Plan"] == pytest.approx(planned("x", 5.0))
    assert found.loc["margin_base", "Plan"] == pytest.approx(planned())
    assert found.loc["revenue_budget", "Plan"] == pytest.approx(4200.0)
    columns = [c for c in found.columns if c not in ("title", "kind", "unit", "Plan")]
    assert found.loc["margin", columns].astype(float).sum() == pytest.approx(planned("x", 5.0))


def test_a_projection_goes_to_a_file_and_to_json(path: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "money.parquet"
    assert main(["project", "--store", str(path), "--out", str(out)]) == 0
    assert "Projection of 'Base' by month" in capsys.readouterr().out
    assert "margin" in set(pd.read_parquet(out)["line"])
    assert main(["project", "--store", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["line"] for row in rows} >= {"revenue", "margin", "cash_flow"}


def test_decisions_are_listed_and_exported(path: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["decisions", "--store", str(path)]) == 0
    assert "no decisions to list" in capsys.readouterr().out
    first = Decision("Rent hours", owner="Anna", options=(OptionConsidered("A"), OptionConsidered("B")))
    with Store.open(path) as store:
        store.decisions.add(first, "Ada")
        store.decisions.add(Decision("Buy a press", state=REJECTED), "Ada")
        store.decisions.add(Decision("Hire two", state=APPROVED), "Ada")
    assert main(["decisions", "--store", str(path), "--state", "open"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1. Rent hours; Anna; proposed", "3. Hire two; no owner; approved"
    ]  # fmt: skip
    assert main(["decisions", "--store", str(path), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)["decisions"]
    assert [(d["number"], d["state"]) for d in body] == [(1, "proposed"), (2, "rejected"), (3, "approved")]
    assert body[0]["options"][0]["title"] == "A"
    out = tmp_path / "decisions.csv"
    assert main(["decisions", "--store", str(path), "--out", str(out)]) == 0
    assert pd.read_csv(out)["number"].tolist() == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "Plus 1", "Plus 1"], "named twice"),
        (["compare", "Nobody"], "neither a file nor a scenario"),
        (["compare", *(f"Plus {n}" for n in range(1, 23))], "22 scenarios are too many"),
        (["project", "--scenario", "Nobody"], "neither a file nor a scenario"),
    ],
)
def test_failures_are_sentences(path: Path, capsys: Capture, arguments: list[str], said: str) -> None:
    assert main([*arguments, "--store", str(path)]) == 1
    assert said in capsys.readouterr().err
