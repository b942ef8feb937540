"""What the pre-S&OP meeting takes away, without a screen: decisions, financial projection, scenarios side by side."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from typing import Any

import pandas as pd

from sop_core.cli.output import Progress, print_json, print_result, write_table
from sop_core.cli.reading import existing, scenario_of, snapshot_of
from sop_core.compare import kpi_table
from sop_core.cycle.decision import OPEN_STATES
from sop_core.cycle.estimate import final_by_cycle
from sop_core.cycle.lists import decisions_frame, judged_on
from sop_core.errors import SopError
from sop_core.export.tables import safe_csv
from sop_core.planner import Company, Planner, prepare
from sop_core.projection import comparisons, frame, project
from sop_core.scenario import Scenario
from sop_core.store import Store

#: Scenarios that are compared at once; each is a plan of its own.
MOST_COMPARED = 20


def decisions(wanted: argparse.Namespace) -> None:
    """Lists the decisions, or writes them as a table; with --json each as it is kept."""
    with existing(wanted.store) as store:
        found = store.decisions.list()
        settings = snapshot_of(store, None).settings
    day = judged_on(settings.plan_start, dt.date.today())
    if wanted.state == "open":
        found = tuple(record for record in found if record.value.state in OPEN_STATES)
    elif wanted.state != "all":
        found = tuple(record for record in found if record.value.state == wanted.state)
    if wanted.out is not None:
        write_table(wanted.out, decisions_frame(found, settings.currency, day))
        print_result(
            wanted,
            {"decisions": len(found), "out": str(wanted.out)},
            [f"{len(found)} decisions: {wanted.out}"],
        )
        return
    body = {
        "decisions": [
            {"number": r.id, "revision": r.revision, "who": r.who, "at": r.at.isoformat(timespec="seconds"),
             "overdue": r.value.overdue(day)} | r.value.to_dict()
            for r in found
        ]
    }  # fmt: skip
    lines = [
        f"{r.id}. {r.value.sentence()}{' (overdue)' if r.value.overdue(day) else ''}" for r in found
    ] or ["There are no decisions to list."]
    print_result(wanted, body, lines)


def project_money(wanted: argparse.Namespace) -> None:
    """The financial projection of a scenario as a table: to a file, or CSV to stdout."""
    tell = Progress(wanted.json)
    with existing(wanted.store) as store:
        scenario = scenario_of(store, wanted.scenario)
        company = _company(store, tell, wanted.data_version)
        before = [
            h
            for cycle, h in final_by_cycle(store.estimates.list()).items()
            if cycle < company.inputs.months[0]
        ]
        estimate = store.estimates.load(before[-1].id) if before else None
    planner = Planner(company)
    plan = planner.plan(scenario)
    others = comparisons(company, plan, planner.base if scenario.active else None, estimate)
    first = company.snapshot.settings.fiscal_year_start
    _give(
        wanted,
        frame(project(plan), first, wanted.by, others),
        f"Projection of '{scenario.name}' by {wanted.by}",
    )


def compare(wanted: argparse.Namespace) -> None:
    """Every KPI of several scenarios, each with its difference to the first; the base where one alone is named."""
    names = wanted.scenarios if len(wanted.scenarios) > 1 else [Scenario.base().name, *wanted.scenarios]
    if len(names) > MOST_COMPARED:
        raise SopError(
            f"{len(names)} scenarios are too many to compare at once; {MOST_COMPARED} are the most."
        )
    if wanted.scenarios == [Scenario.base().name]:
        raise SopError("The base is what others are compared with: name another scenario.")
    if len(set(names)) < len(names):
        raise SopError("A scenario is named twice: name each once.")
    tell = Progress(wanted.json)
    with existing(wanted.store) as store:
        scenarios = [scenario_of(store, name) for name in names]
        company = _company(store, tell, wanted.data_version)
    planner = Planner(company)
    plans = []
    for n, scenario in enumerate(scenarios, start=1):
        tell.step("Planning", n, len(scenarios))
        plans.append(planner.plan(scenario))
    tell.done()
    table = kpi_table(plans)
    kept = table[["kpi", "title", "unit", "direction"]].copy()
    for n, scenario in enumerate(scenarios):
        kept[scenario.name] = table[f"plan_{n}"]
        if n:
            kept[f"{scenario.name} less {scenarios[0].name}"] = table[f"delta_{n}"]
    _give(wanted, kept, f"{len(plans)} scenarios")


def _company(store: Store, tell: Progress, version: int | None) -> Company:
    try:
        return prepare(
            snapshot_of(store, version),
            verdicts=store.cleansing.verdicts(),
            cache=store.forecasts,
            progress=tell.step,
        )
    finally:
        tell.done()


def _give(wanted: argparse.Namespace, table: pd.DataFrame, what: str) -> None:
    """The table to its file, as JSON, or as CSV on stdout."""
    if wanted.out is not None:
        write_table(wanted.out, table)
        print_result(wanted, {"rows": len(table), "out": str(wanted.out)}, [f"{what}: {wanted.out}"])
    elif wanted.json:
        rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
        print_json({"rows": rows})
    else:
        sys.stdout.write(safe_csv(table, for_excel=False).decode())
