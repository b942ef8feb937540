"""The Demand page: from what a planner does there to the last repaint, in a real browser.

Each action is measured at the demo company and at 300 products in 10 regions, beside a rerun of a page that holds
one button and one line, in the same browser in the same minutes. The seconds depend on who else uses the machine;
the ratio to the empty page does so far less. All actions together stand beside the goal of the design.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from bench import Row
from bench._review import browser, page_of, timed
from bench.live import MEDIAN, P95, ROOT, tell
from sop_core.planner import prepare
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.browser.driver import settled
from tests.pages import companies, large

#: Times that each action is measured, after one that warms the page up.
TIMES = 10
_EMPTY_PAGE = """
import streamlit as st

@st.fragment
def part():
    count = st.session_state.get("count", 0) + 1
    st.session_state["count"] = count
    st.button("Again")
    st.html(f'<p class="count">{count}</p>')

part()
"""
_GRID = "[data-testid=data-grid-canvas]"
_CHANGES = "(document.querySelector('.st-key-demand_changes')?.textContent ?? '')"
_PREVIEW = (
    "[...document.querySelectorAll('.sop-table th')].some("
    "one => one.textContent.startsWith('1 cell not applied yet'))"
)

Times = dict[str, list[float]]


def run() -> Iterable[Row]:
    """Rows of the table: every action against the empty page, and all of them against the goal."""
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        place = Path(folder)
        for name, store in stores(place):
            tell(f"{name}: the empty page, then the Demand page")
            empty = float(np.median(empty_page(opened, store, place)))
            found = demand_page(opened, store, place)
            for action, taken in found.items():
                yield Row(
                    f"{name}: {action}, median", float(np.median(taken)), "rerun of an empty page", empty
                )
            every = [value for taken in found.values() for value in taken]
            half, most = float(np.median(every)), float(np.percentile(every, 95))
            tell(
                f"{name}: median {half:.0f} ms, 95 % within {most:.0f} ms; goal {MEDIAN:.0f} and {P95:.0f} ms"
            )
            yield Row(f"{name}: all actions, median", half, "goal of the design", MEDIAN, goal=1.0)
            yield Row(f"{name}: all actions, 95 %", most, "goal of the design", P95, goal=1.0)


def stores(folder: Path) -> Iterator[tuple[str, Path]]:
    """The demo company and a large one, both with their forecasts made."""
    demo = folder / "demo.duckdb"
    tell("building the demo company")
    subprocess.run(
        [sys.executable, "-m", "sop_core", "demo", "--store", str(demo)],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield "demo", demo
    tell("building 300 products in 10 regions, and forecasting them")
    big = companies.build(folder / "large.duckdb", large.tables())
    with Store.open(big) as opened:
        version = opened.latest_version()
        prepare(Snapshot.from_tables(opened.tables(version), version), cache=opened.forecasts)
    yield "300 x 10", big


def empty_page(opened: Browser, store: Path, folder: Path) -> list[float]:
    """Milliseconds of reruns of a page with next to nothing on it."""
    script = folder / "empty.py"
    script.write_text(_EMPTY_PAGE)
    with page_of(opened, store, folder / "empty.log", script=script) as page:
        first = int(page.locator(".count").inner_text())
        taken = []
        for n in range(1, TIMES + 3):
            sign = f"document.querySelector('.count').innerText === '{first + n}'"
            taken.append(timed(page, page.get_by_role("button", name="Again").click, sign))
    return taken[2:]


def demand_page(opened: Browser, store: Path, folder: Path) -> Times:
    """Milliseconds by action."""
    found: Times = {}
    query = "demand?level=Family&demand_mode=Edit"
    with page_of(opened, store, folder / "server.log", query) as page:
        page.wait_for_selector(_GRID, timeout=120_000)
        settled(page, 1.0)
        for n in range(TIMES + 1):
            _edit(page, found, n)
        for _ in range(TIMES + 1):
            _switches(page, found)
    return {action: taken[1:] for action, taken in found.items()}


def _edit(page: Page, found: Times, n: int) -> None:
    """A cell typed, applied with its reason, and taken back."""
    page.locator(_GRID).first.focus()
    for key in ("Control+Home", "ArrowRight", "ArrowRight", *["ArrowDown"] * (1 + n % 4), "Enter"):
        page.keyboard.press(key)
    page.locator(".gdg-clip-region input, .gdg-clip-region textarea").fill(str(5000 + 137 * n))

    def enter() -> None:
        page.keyboard.press("Enter")

    _keep(page, found, "cell typed to preview", enter, _PREVIEW)
    page.get_by_label("Why").fill(f"reason {n}")
    _keep(page, found, "apply", enter, f"{_CHANGES}.includes('Changes of demand (1)')")
    undo = page.locator(".st-key-demand_undo button").first
    _keep(page, found, "undo", undo.click, f"{_CHANGES}.includes('None yet')")


def _switches(page: Page, found: Times) -> None:
    """The picture, the table and the grid, another section and another filter, there and back."""
    layers = "[...document.querySelectorAll('.sop-table th')].some(one => one.textContent === 'of baseline')"
    table, grid = "!!document.querySelector('.sop-months')", f"!!document.querySelector({json.dumps(_GRID)})"
    for action, key, word, sign in (
        ("chart switch", "demand_picture", "Layers", layers),
        ("chart switch", "demand_picture", "Forecast", f"!{layers}"),
        ("table or grid", "demand_mode", "Table", table),
        ("section change", "demand_view", "Order intake", f"!{table}"),
        ("section change", "demand_view", "By month", table),
        ("filter change", "show", "Money", "location.search.includes('show=Money')"),
        ("filter change", "show", "Units", "!location.search.includes('show=Money')"),
        ("table or grid", "demand_mode", "Edit", grid),
    ):
        button = page.locator(f".st-key-{key}").get_by_text(word, exact=True).first
        _keep(page, found, action, button.click, sign)


def _keep(page: Page, found: Times, action: str, act: Callable[[], None], sign: str) -> None:
    found.setdefault(action, []).append(timed(page, act, sign))
