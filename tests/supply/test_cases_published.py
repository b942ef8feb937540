"""Published problems, brought as contract tables and planned the ordinary way, give their published optimum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sop_core.cli import main
from sop_core.planner import make_plan
from sop_core.snapshot import Snapshot
from tests import published


def case(shared_dir: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_dir / "cases" / f"{name}.json").read_text())
    return loaded


@pytest.mark.parametrize(
    ("name", "tables", "figure"),
    [
        ("red_tomato_base", published.red_tomato, "cost"),
        ("red_tomato_promo_jan", published.red_tomato, "margin"),
        ("winston_sailco", published.sailco, "cost"),
        ("nahmias_densepack", published.densepack, "cost"),
        ("winston_powerco", published.transport, "cost"),
        ("dantzig_gams_trnsport", published.transport, "cost"),
    ],
)
def test_published_optimum_is_reached(shared_dir: Path, name: str, tables: Any, figure: str) -> None:
    known = case(shared_dir, name)
    summary = make_plan(Snapshot.from_tables(tables(known))).summary()
    assert summary[figure] == pytest.approx(known["expected_objective"], rel=1e-6)
    assert summary["cost"] == pytest.approx(sum(summary["costs"].values()), rel=1e-12)
    assert summary["margin"] == pytest.approx(summary["revenue"] - summary["cost"], rel=1e-12)


def test_promotion_moves_demand_and_revenue_as_published(shared_dir: Path) -> None:
    known = case(shared_dir, "red_tomato_promo_jan")
    plan = make_plan(Snapshot.from_tables(published.red_tomato(known)))
    assert plan.demand.total.ravel() == pytest.approx(known["inputs"]["demand_after_promo"])
    assert plan.summary()["revenue"] == pytest.approx(known["expected"]["revenue"])
    assert plan.summary()["cost"] == pytest.approx(known["expected"]["cost"], rel=1e-6)


def test_red_tomato_workforce_is_the_published_one(shared_dir: Path) -> None:
    known = case(shared_dir, "red_tomato_base")
    plan = make_plan(Snapshot.from_tables(published.red_tomato(known)))
    assert plan.solution.headcount[0].min() == pytest.approx(known["expected"]["workforce_lp"], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "tables", "figure"),
    [
        ("red_tomato_promo_jan", published.red_tomato, "margin"),
        ("dantzig_gams_trnsport", published.transport, "cost"),
    ],
)
def test_from_files_to_summary_by_the_command_line(
    shared_dir: Path, tmp_path: Path, name: str, tables: Any, figure: str
) -> None:
    known = case(shared_dir, name)
    files, store, out = tmp_path / "files", str(tmp_path / "s.duckdb"), tmp_path / "out"
    files.mkdir()
    for table, frame in tables(known).items():
        frame.to_csv(files / f"{table}.csv", index=False)
    assert main(["load", str(files), "--store", store]) == 0
    assert main(["plan", "--store", store, "--out", str(out)]) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary[figure] == pytest.approx(known["expected_objective"], rel=1e-4)
    again = tmp_path / "again"
    assert main(["plan", "--store", store, "--out", str(again)]) == 0
    assert json.loads((again / "summary.json").read_text())["fingerprint"] == summary["fingerprint"]
