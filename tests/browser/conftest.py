"""Fixtures for tests in a real browser: an app on the demo company, and a page that watches for errors.

They skip, with the reason, where there is no Chromium; with REQUIRE_BROWSER set (as CI does) they fail.
Under xdist they all go to one worker, one after the other (tests/conftest.py): one server, one browser.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from scripts.setup import BROWSER_REMEDY, find_browser
from tests.browser.driver import LAUNCH_FLAGS, ROOT, VIEWPORT, App, running_app, settled

#: On a page's own address Streamlit first looks for its server below that address, and takes the 404 as an answer.
PROBE = re.compile(r"https?://[^/]+/[^/]+/_stcore/(health|host-config)")

# How long a screen may take to show what is expected. It costs nothing where all is well, and a machine with other work
# on it is not taken for a defect.
expect.set_options(timeout=30_000)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark everything in this folder `browser`."""
    item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium instead of one that Playwright would download."""
    path = find_browser()
    if path is None:
        reason = f"there is no Chromium; to get one: {BROWSER_REMEDY}"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(f"REQUIRE_BROWSER is set and {reason}", pytrace=False)
        pytest.skip(reason)
    return {**browser_type_launch_args, "executable_path": path, "args": LAUNCH_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The screen that the live page is designed for; the same language and clock everywhere."""
    fixed = {"viewport": VIEWPORT, "locale": "en-US", "timezone_id": "UTC", "color_scheme": "light"}
    return {**browser_context_args, **fixed}


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's store, built once. Tests read it; those that write take a copy."""
    store = tmp_path_factory.mktemp("demo") / "sop.duckdb"
    command = [sys.executable, "-m", "sop_core", "demo", "--no-agenda", "--store", str(store)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"the demo company was not built:\n{built.stderr[-2000:]}"
    return store


@pytest.fixture(scope="session")
def app(
    browser_type_launch_args: dict[str, Any], demo_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The app on a copy of the demo company, one server for the session. Needs a browser, or skips."""
    folder = tmp_path_factory.mktemp("app")
    store = Path(shutil.copy(demo_store, folder / "sop.duckdb"))
    with running_app(store, folder / "server.log") as app:
        yield app


@pytest.fixture
def console_errors(page: Page) -> list[str]:
    """What the page's console reports as an error, and what scripts in it throw, as it happens."""
    found: list[str] = []

    def listen(said: ConsoleMessage) -> None:
        url = said.location.get("url", "")
        if said.type == "error" and not PROBE.fullmatch(url):
            found.append(f"{said.text} [{url}]")

    page.on("console", listen)
    page.on("pageerror", lambda thrown: found.append(str(thrown)))
    return found


@pytest.fixture
def app_page(page: Page, app: App, console_errors: list[str]) -> Iterator[Page]:
    """A settled page on the demo company at 1440 x 900. Errors in the browser or the server fail the test."""
    before = app.log_size()
    page.goto(app.url)
    settled(page)
    yield page
    assert console_errors == []
    trouble = app.traceback(since=before)
    assert not trouble, f"the server logged a stack trace:\n{trouble[-3000:]}"
