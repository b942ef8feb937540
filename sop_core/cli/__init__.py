"""The command line: the same jobs as on screen, for people and for machines.

Results go to stdout (`--json`: one JSON object), progress and messages to stderr. Exit code 0, 1 with the
reason on stderr, 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from sop_core.errors import SopError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit code."""
    wanted = _parser().parse_args(arguments)
    # Only now: a question for help should not wait for pandas.
    from sop_core.cli import commands
    from sop_core.cli.output import failed, say

    try:
        return commands.COMMANDS[wanted.command](wanted) or 0
    except SopError as error:
        return failed(wanted, str(error), getattr(error, "findings", ()))
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; say no more
        return 1
    except OSError as error:
        return failed(wanted, f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
    except Exception as error:  # noqa: BLE001 - the last resort: a defect must not greet people with a trace
        if wanted.debug:
            traceback.print_exc()
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        return failed(
            wanted,
            f"Something went wrong that should not ({type(error).__name__}: {reason}); --debug shows where.",
        )


class _Parser(argparse.ArgumentParser):
    """Explains what is wrong with a command line in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry '{self.prog} --help'.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m sop_core", description="Sales & operations planning without a screen.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(command=name)
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        sub.add_argument("--debug", action="store_true", help="show where an unexpected error arose")
        return sub

    demo = command("demo", "Build the demo company into a new store.")
    demo.add_argument(
        "--store", type=Path, required=True, metavar="F", help="the store's file; made where there is none"
    )
    demo.add_argument(
        "--seed",
        type=int,
        default=7,
        metavar="N",
        help="another seed gives other digits (default %(default)s)",
    )
    demo.add_argument(
        "--no-agenda",
        action="store_true",
        help="leave out the decisions, assumptions and the issue that its executives find; nothing is planned then",
    )

    demo.set_defaults(who=_user())

    load = command("load", "Check files or folders, then take them as a new data version.")
    load.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="CSV, XLSX or Parquet file, or a folder of them"
    )
    load.add_argument(
        "--store", type=Path, required=True, metavar="F", help="the store's file; made where there is none"
    )
    load.add_argument(
        "--date-order", choices=("dmy", "mdy", "ymd"), help="how to read dates such as 03/04/2026"
    )
    load.add_argument("--decimal", choices=(".", ","), help="the decimal mark, where the file leaves it open")
    load.add_argument(
        "--mapping", type=Path, metavar="FILE", help='JSON: {"table": {"their column": "our column"}}'
    )
    load.add_argument("--replace", action="store_true", help="each table brought becomes the whole table")
    load.add_argument("--dry-run", action="store_true", help="check and count, write nothing")
    load.add_argument(
        "--who",
        default=_user(),
        metavar="NAME",
        help="who imports, for the record (default %(default)s)",
    )
    load.add_argument("--note", default="", help="a note for the record")
    load.add_argument("--report", type=Path, metavar="FILE", help="write all findings to this CSV")

    forecast = command("forecast", "Forecast a company's demand, or the series of a file.")
    forecast.add_argument("--store", type=Path, metavar="F", help="the store's file")
    forecast.add_argument(
        "--all-levels",
        action="store_true",
        help="company, categories, families, regions, segments and items too, not items by region alone (with --store)",
    )
    forecast.add_argument("--series", type=Path, metavar="FILE", help="CSV or Parquet with unique_id, ds, y")
    forecast.add_argument("--horizon", type=int, metavar="H", help="periods ahead (with --series)")
    forecast.add_argument(
        "--level", type=int, default=80, help="interval in %% (with --series; default %(default)s)"
    )
    forecast.add_argument(
        "--freq", default="MS", help="MS months, QS quarters, W-MON weeks (with --series; default MS)"
    )
    forecast.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the forecast to this file: CSV, or Parquet where its name ends in .parquet",
    )

    plan = command("plan", "Plan a company and write the results into a folder.")
    plan.add_argument("--store", type=Path, required=True, metavar="F", help="the store's file")
    plan.add_argument(
        "--scenario", metavar="FILE_OR_NAME", help="a scenario file, or the name of one in the store"
    )
    plan.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for summary.json and one CSV per result",
    )
    plan.add_argument("--data-version", type=int, metavar="N", help="an earlier data version")
    plan.add_argument(
        "--cleansing", type=int, metavar="N", help="an earlier revision of the decisions on cleansing"
    )

    _meeting(command)
    _executive(command)

    serve = command("serve", "Serve the screens.")
    serve.add_argument(
        "--store", type=Path, default=ROOT / "data" / "sop.duckdb", metavar="F", help="default %(default)s"
    )
    serve.add_argument("--port", type=_port, default=8501, metavar="N", help="default %(default)s")
    return parser


def _meeting(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Commands for what the pre-S&OP meeting takes away."""
    compare = command("compare", "Plan several scenarios and put their KPIs side by side.")
    compare.add_argument(
        "scenarios",
        nargs="+",
        metavar="FILE_OR_NAME",
        help="scenario files, names in the store, or Base; up to 20",
    )
    project = command("project", "The financial projection of a scenario: P&L, working capital, cash.")
    project.add_argument(
        "--scenario", metavar="FILE_OR_NAME", help="a scenario file, or the name of one in the store"
    )
    project.add_argument(
        "--by",
        choices=("month", "quarter", "year"),
        default="month",
        help="fiscal periods (default %(default)s)",
    )
    for sub in (compare, project):
        sub.add_argument("--data-version", type=int, metavar="N", help="an earlier data version")
    decisions = command("decisions", "List the decisions for the executives, or write them as a table.")
    decisions.add_argument(
        "--state",
        choices=("all", "open", "proposed", "approved", "rejected", "deferred", "done"),
        default="all",
        help="open: proposed, deferred or approved (default %(default)s)",
    )
    for sub in (compare, project, decisions):
        sub.add_argument("--store", type=Path, required=True, metavar="F", help="the store's file")
        sub.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="write to this file: CSV, or Parquet where its name ends so",
        )


def _executive(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Commands for the executive review: files to take away, signatures, and their proof."""
    export = command(
        "export", "Make the slides, the workbook or the one-pager of a proposal or a signed plan."
    )
    what = export.add_mutually_exclusive_group(required=True)
    what.add_argument("--scenario", metavar="NAME", help="a scenario of the store, or Base")
    what.add_argument(
        "--signoff", type=_whole, metavar="ID", help="number of a sign-off: the plan as it was signed"
    )
    export.add_argument(
        "--format",
        choices=("pptx", "xlsx", "pdf"),
        help="slides, workbook or one-pager (default: as the name of the file ends)",
    )
    export.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the file, written whole or not at all"
    )
    signoff = command("signoff", "Sign the plan of a scenario: it is frozen with all that it rests on.")
    signoff.add_argument("--scenario", required=True, metavar="NAME", help="a scenario of the store, or Base")
    signoff.add_argument("--who", required=True, metavar="NAME", help="who signs")
    signoff.add_argument("--role", required=True, metavar="ROLE", help="in which role")
    signoff.add_argument("--comment", default="", metavar="TEXT", help="what is said with the signature")
    signoff.add_argument(
        "--supersedes",
        type=_whole,
        metavar="ID",
        help="number of the sign-off in force that this one replaces",
    )
    signoff.add_argument(
        "--reason", default="", metavar="TEXT", help="why it is replaced (with --supersedes)"
    )
    signoff.add_argument(
        "--undecided", action="store_true", help="sign although nobody has taken some decisions yet"
    )
    for sub in (export, signoff):
        sub.add_argument(
            "--paths", type=_whole, metavar="N", help="paths of demand for the risk; 0 leaves the risk out"
        )
    signoffs = command("signoffs", "List the sign-offs, newest first.")
    verify = command(
        "verify",
        "Prove that signed plans, their data, decisions and order are unchanged; exit code 1 if not.",
    )
    verify.add_argument("--signoff", type=_whole, metavar="ID", help="number of one sign-off (default: all)")
    verify.add_argument(
        "--engine", choices=("linprog", "highspy"), default="", help="plan again with this solver as well"
    )
    for sub in (export, signoff, signoffs, verify):
        sub.add_argument("--store", type=Path, required=True, metavar="F", help="the store's file")


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number; give 1, 2, 3 ...")
    return int(text)


def _user() -> str:
    return os.environ.get("USER") or os.environ.get("USERNAME") or "command line"


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port; give a number from 1 to 65535")
    return int(text)
