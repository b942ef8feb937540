"""Runs the benches and prints one table of ratios: `python -m bench [NAME...]`.

Each bench runs in a process of its own, so that none warms or swells another. Goals that are not met are
marked; they do not fail the run, a bench that breaks does.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.metadata
import json
import os
import pkgutil
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import bench
from bench import Row

ROOT = Path(__file__).resolve().parent.parent
#: Begins a line that carries a row from a bench's process to this one.
MARK = "row:"
LIBRARIES = ("streamlit", "highspy", "numpy", "pandas", "duckdb", "plotly", "prophet")


def names() -> list[str]:
    """The benches there are; a module whose name starts with an underscore is a helper of theirs."""
    return sorted(found.name for found in pkgutil.iter_modules(bench.__path__) if found.name[0] != "_")


def machine() -> list[str]:
    """What the ratios were measured on."""
    cpu = platform.processor() or platform.machine()
    memory = ""
    if (info := Path("/proc/cpuinfo")).exists():
        models = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        cpu = models[0] if models else cpu
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB"
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines = [
        f"Machine: {usable} cores of {cpu}{memory}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}",
        "With: " + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES),
    ]
    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) > 0.5:
        lines.append(
            f"Others use this machine too (load {load:.1f} before the start): take the ratios with care."
        )
    return lines


def run_one(name: str) -> tuple[list[Row], list[str]]:
    """Run one bench in a process of its own: its rows, and lines that it printed besides.

    Raises RuntimeError if it breaks; it has said why on stderr.
    """
    command = [sys.executable, "-m", "bench", "--rows", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the bench {name} broke (exit code {done.returncode}); see above")
    lines = done.stdout.splitlines()
    rows = [Row(**json.loads(line[len(MARK) :])) for line in lines if line.startswith(MARK)]
    return rows, [line for line in lines if not line.startswith(MARK)]


def print_rows(name: str) -> None:
    """In the bench's own process: run it and write its rows as marked JSON lines.

    A module without `run` prints ratios of its own in `main`; they come out below the table as they are.
    """
    module = importlib.import_module(f"bench.{name}")
    if not hasattr(module, "run"):
        sys.argv[1:] = []
        module.main()
        return
    for row in module.run():
        print(MARK + json.dumps(dataclasses.asdict(row)), flush=True)


def amount(value: float, unit: str) -> str:
    """A measured value at a precision that does not pretend."""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def table(rows: Sequence[tuple[str, Row]]) -> list[str]:
    """The rows as aligned text: ratio, goal, what, against what, both amounts, note."""
    heads = ("bench", "ratio", "goal", "what", "against", "amounts")
    lines = [heads]
    for name, row in rows:
        goal = "" if row.goal is None else f"≤ {row.goal:.2f} " + ("met" if row.met else "MISSED")
        both = f"{amount(row.measured, row.unit)} : {amount(row.reference, row.unit)}"
        lines.append((name, f"{row.ratio:.2f}", goal, row.what, row.against, both))
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = []
    notes = ["", *(row.note for _, row in rows)]
    for line, note in zip(lines, notes, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        text.append("  ".join(cells).rstrip() + (f"   {note}" if note else ""))
    text.insert(1, "  ".join("-" * width for width in widths))
    return text


def main() -> int:
    """Run the benches that are named, or all; 0 if none broke."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What the planner costs, as ratios.")
    parser.add_argument("names", nargs="*", help=f"which ones; there are: {', '.join(names()) or 'none yet'}")
    parser.add_argument("--rows", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if unknown := sorted(set(wanted.names) - set(names())):
        known = ", ".join(names()) or "none yet"
        print(f"There is no bench {', '.join(unknown)}; there are: {known}", file=sys.stderr)
        return 1
    if wanted.rows:
        for name in wanted.names:
            print_rows(name)
        return 0
    chosen = wanted.names or names()
    if not chosen:
        print("There is no bench in bench/ yet.", file=sys.stderr)
        return 1
    head = machine()
    rows: list[tuple[str, Row]] = []
    besides: list[str] = []
    broken: list[str] = []
    for name in chosen:
        print(f"Running {name}", file=sys.stderr, flush=True)
        try:
            found, said = run_one(name)
        except RuntimeError as problem:
            broken.append(str(problem))
            continue
        rows += [(name, row) for row in found]
        besides += ["", f"{name}:", *said] if said else []
    print("\n".join([*head, "", *(table(rows) if rows else []), *besides]))
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
