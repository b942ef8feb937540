"""The commands: each takes the parsed command line, does its job, and says what came of it."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from sop_core.cli import ROOT, executive, meeting
from sop_core.cli.output import (
    PRINTED,
    Progress,
    json_text,
    listed,
    print_json,
    print_result,
    report_json,
    say,
    write_csv,
    write_table,
)
from sop_core.cli.reading import (
    NewOrOpen,
    defaults_used,
    existing,
    read_json,
    read_series,
    scenario_of,
    snapshot_of,
)
from sop_core.demand import baseline as forecaster
from sop_core.demand.statistical import every_level, items_by_region
from sop_core.demo import NAME, agenda, build, proposals
from sop_core.errors import DataError, SopError
from sop_core.export.tables import safe_csv, write_whole
from sop_core.planner import Planner, make_plan, prepare
from sop_core.store import Store
from sop_core.store.report import findings_frame


def demo(wanted: argparse.Namespace) -> None:
    """Builds the demo company into a store without data."""
    with NewOrOpen(wanted.store) as store:
        if store.latest_version():
            raise SopError(f"{wanted.store} holds data already. Choose another file for the demo company.")
        say(f"Making up the demo company {NAME}")
        tables = build(wanted.seed)
        say("Checking it and writing it to the store")
        report = store.import_tables(tables, who=wanted.who, note=f"Demo company, seed {wanted.seed}")
        for scenario in proposals():
            store.save_scenario(scenario.name, scenario.to_json(), scenario.owner, 0)
        if not wanted.no_agenda:
            _write_agenda(wanted, store)
    print_result(wanted, report_json(report), [f"{wanted.store}: {report.summary()}"])


def _write_agenda(wanted: argparse.Namespace, store: Store) -> None:
    """What the demo company's executives have to decide; its numbers come from plans, so it is forecast first."""
    say("Planning what its executives have to decide")
    tell = Progress(wanted.json)
    try:
        company = prepare(snapshot_of(store, None), cache=store.forecasts, progress=tell.step)
    finally:
        tell.done()
    found = agenda(company, Planner(company).plan)
    for decision in found.decisions:
        store.decisions.add(decision, decision.owner)
    for assumption in found.assumptions:
        store.assumptions.add(assumption, assumption.owner)
    for issue in found.issues:
        store.issues.add(issue, issue.resolver)


def load(wanted: argparse.Namespace) -> None:
    """Imports files and folders; lists what was taken, changed, warned of, and which defaults a plan uses."""
    tell = Progress(wanted.json)
    mapping = None if wanted.mapping is None else read_json(wanted.mapping, "column mapping")
    with NewOrOpen(wanted.store) as store:
        try:
            report = store.import_files(
                wanted.paths,
                who=wanted.who,
                mapping=mapping,
                dry_run=wanted.dry_run,
                progress=tell.share,
                note=wanted.note,
                date_order=wanted.date_order,
                decimal=wanted.decimal,
                replace=wanted.replace,
            )
        except DataError as error:
            if wanted.report is not None and error.findings:
                write_csv(wanted.report, findings_frame(error.findings))
            raise listed(error, wanted.report) from error
        finally:
            tell.done()
        defaults, missing = defaults_used(store) if not wanted.dry_run else ([], "")
    if wanted.report is not None:
        write_csv(wanted.report, report.to_frame())
    lines = [report.summary()]
    for table in report.tables.values():
        removed = f", {table.removed:,} removed" if table.removed else ""
        lines.append(
            f"  {table.table}: {table.rows:,} rows ({table.added:,} new, {table.changed:,} changed, "
            f"{table.unchanged:,} as before{removed})"
        )
    lines += [f"Changed on the way: {finding.sentence()}" for finding in report.changes[:PRINTED]]
    lines += [f"Warning: {finding.sentence()}" for finding in report.warnings[:PRINTED]]
    lines += [f"Default used: {sentence}" for sentence in defaults]
    if missing:
        lines.append(f"Not enough to plan yet: {missing}")
    print_result(
        wanted,
        report_json(report) | {"defaults_used": defaults, "not_enough_to_plan": missing or None},
        lines,
    )


def forecast(wanted: argparse.Namespace) -> None:
    """Forecasts a store's company or a file of series; CSV to a file or to stdout."""
    if (wanted.store is None) == (wanted.series is None):
        raise SopError(
            "Say what to forecast: --store F for a company, or --series FILE for a file of series."
        )
    if wanted.series is not None:
        if wanted.horizon is None:
            raise SopError("Say how many periods to forecast: --horizon H.")
        frame = _forecast_series(wanted)
        what = f"{frame['unique_id'].nunique():,} series"
    else:
        frame = _forecast_company(wanted)
        what = f"{len(set(frame['item']) - {''}):,} items"
    if wanted.out is not None:
        write_table(wanted.out, frame)
        print_result(wanted, {"rows": len(frame), "out": str(wanted.out)}, [f"Forecast {what}: {wanted.out}"])
    elif wanted.json:
        print_json(
            {"rows": len(frame), "forecast": json.loads(frame.to_json(orient="records", date_format="iso"))}
        )
    else:
        sys.stdout.write(safe_csv(frame, for_excel=False).decode())


def _forecast_series(wanted: argparse.Namespace) -> pd.DataFrame:
    frame = read_series(wanted.series)
    tell = Progress(wanted.json)
    try:
        return forecaster.forecast(
            frame,
            wanted.horizon,
            wanted.freq,
            wanted.level,
            progress=lambda done, total: tell.step("Forecasting", done, total),
        )
    finally:
        tell.done()


def _forecast_company(wanted: argparse.Namespace) -> pd.DataFrame:
    tell = Progress(wanted.json)
    with existing(wanted.store) as store:
        company = prepare(
            snapshot_of(store, None),
            verdicts=store.cleansing.verdicts(),
            cache=store.forecasts,
            progress=tell.step,
        )
    tell.done()
    baseline = company.baseline
    if baseline is None:
        raise SopError(
            "This company plans from its own demand plan (setting demand), so there is nothing to forecast."
        )
    regions = company.inputs.regions
    if wanted.all_levels:
        return every_level(baseline, company.items, regions, company.inputs.segments)
    return items_by_region(baseline, company.items, regions)


def plan(wanted: argparse.Namespace) -> None:
    """Plans, and writes summary.json and one CSV per result."""
    tell = Progress(wanted.json)
    with existing(wanted.store) as store:
        scenario = scenario_of(store, wanted.scenario)
        snapshot = snapshot_of(store, wanted.data_version)
        try:
            verdicts = store.cleansing.verdicts(wanted.cleansing)
            plan = make_plan(snapshot, scenario, verdicts=verdicts, cache=store.forecasts, progress=tell.step)
        finally:
            tell.done()
    summary = plan.summary()
    frames = plan.frames()
    if wanted.out.exists() and not wanted.out.is_dir():
        raise SopError(f"{wanted.out} is a file. Name a folder for the results.")
    wanted.out.mkdir(parents=True, exist_ok=True)
    # The summary last: where it lies, the results beside it are those of this plan.
    (wanted.out / "summary.json").unlink(missing_ok=True)
    for name, frame in frames.items():
        write_whole(wanted.out / f"{name}.csv", safe_csv(frame, for_excel=False))
    write_whole(wanted.out / "summary.json", (json_text(summary) + "\n").encode())
    lines = [f"{key}: {summary[key]:,.2f}" for key in ("objective", "revenue", "cost", "margin")]
    # `load` has told the defaults of the tables; these are what the plan itself takes for granted.
    assumed = plan.notes[len(snapshot.defaults_used) :]
    lines += [f"Taken for granted: {note.sentence()}" for note in assumed]
    broken = summary["promises_broken"]
    lines += [f"Cannot be kept: {promise}" for promise in broken[:PRINTED]]
    if len(broken) > PRINTED:
        lines.append(f"Cannot be kept: {len(broken) - PRINTED:,} more, see promises_broken in summary.json")
    print_result(wanted, summary, [*lines, f"Results: {wanted.out}"])


def serve(wanted: argparse.Namespace) -> None:
    """Serves the screens until it is stopped."""
    app = ROOT / "app.py"
    if not app.is_file():
        raise SopError(
            f"There are no screens here: {app} is missing. Run this from a copy of the whole project."
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", wanted.port))
        except OSError as error:
            raise SopError(
                f"Port {wanted.port} cannot be had ({error.strerror}). Choose another with --port."
            ) from error
    path = wanted.store.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    Store.open(path).close()  # says at once if the store is busy or not ours
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(wanted.port)]
    # Its banner asks the internet for this machine's address; the line below says all that is needed.
    command += ["--logger.hideWelcomeMessage", "true"]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "SOP_STORE": str(path)})
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    print_result(
        wanted,
        {"url": f"http://localhost:{wanted.port}", "store": str(path)},
        [f"Open http://localhost:{wanted.port}"],
    )
    try:
        code = server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait(timeout=20)
        return
    finally:
        if server.poll() is None:
            server.kill()
    if code not in (0, -signal.SIGTERM):
        raise SopError(f"The server ended with code {code}; its messages stand above.")


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int | None]] = MappingProxyType(
    {
        "demo": demo,
        "load": load,
        "forecast": forecast,
        "plan": plan,
        "compare": meeting.compare,
        "project": meeting.project_money,
        "decisions": meeting.decisions,
        "export": executive.export,
        "signoff": executive.signoff,
        "signoffs": executive.signoffs,
        "verify": executive.verify,
        "serve": serve,
    }
)
