"""Drives the real app: a server process on a store, a Chromium, and the moment when a page has settled."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT = {"width": 1440, "height": 900}
#: A browser that runs as root in a container and leaves the network alone.
LAUNCH_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_SETTLED = """async ([quiet, limit]) => {
    const began = performance.now();
    let since = began;
    for (;;) {
        const now = performance.now();
        const app = document.querySelector('[data-testid="stApp"]');
        const idle = app && app.dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-stale="true"], [data-testid^="stSkeleton"]');
        if (!idle) since = now;
        if (now - since >= quiet) return null;
        if (now - began > limit) return app ? app.dataset.testScriptState : 'no app';
        await new Promise(resume => setTimeout(resume, 20));
    }
}"""


@dataclass(frozen=True)
class App:
    """A running app: where it answers, the store it has open, and what it logs."""

    url: str
    store: Path
    log: Path

    def log_size(self) -> int:
        """Bytes logged so far."""
        return self.log.stat().st_size

    def traceback(self, since: int = 0) -> str:
        """The log from the first stack trace on that was written after `since` bytes, or nothing."""
        text = self.log.read_bytes()[since:].decode(errors="replace")
        start = text.find("Traceback (most recent call last)")
        return text[start:] if start >= 0 else ""


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_app(
    store: Path, log: Path, script: Path = ROOT / "app.py", patience: float = 60
) -> Iterator[App]:
    """Serve `script` with `store` on a free port until the block ends.

    Raises RuntimeError with the server's last words if it ends or does not answer within `patience` seconds.
    """
    port = free_port()
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        *("--server.port", str(port), "--server.address", "127.0.0.1"),
        *("--logger.hideWelcomeMessage", "true", "--logger.enableRich", "false"),
    ]
    environment = {**os.environ, "SOP_STORE": str(store), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + patience
        while not _healthy(port):
            if server.poll() is not None or time.monotonic() > deadline:
                state = "ended" if server.poll() is not None else f"did not answer within {patience:g} s"
                raise RuntimeError(f"the server {state}:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield App(f"http://127.0.0.1:{port}", store, log)
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def settled(page: Page, quiet: float = 0.15, patience: float = 60) -> None:
    """Wait until for `quiet` seconds no script or fragment ran, nothing was stale and no skeleton stood in.

    Raises AssertionError with the script's state if that does not come within `patience` seconds.
    """
    page.wait_for_selector('[data-testid="stApp"]', timeout=patience * 1000)
    state = page.evaluate(_SETTLED, [quiet * 1000, patience * 1000])
    assert state is None, f"the page has not settled within {patience:g} s: script state {state!r}"


def wait_for_choice(page: Page, value: str) -> None:
    """Wait until `value` stands in one of the page's boxes to choose from."""
    page.wait_for_function(
        "value => [...document.querySelectorAll('[role=combobox]')].some(box => box.value === value)",
        arg=value,
    )


def edit_cell(page: Page, column: int, row: int, text: str, editor: int = 0) -> None:
    """Type `text` into a cell of the page's n-th grid and settle. Index column and first row are 0."""
    grid = page.get_by_test_id("stDataFrame").nth(editor)
    grid.scroll_into_view_if_needed()
    grid.get_by_test_id(f"glide-cell-{column}-{row}").wait_for(state="attached")
    # The grid is painted on a canvas, so no cell has a place to click at: walk there by keys.
    grid.get_by_test_id("data-grid-canvas").focus()
    keys = ["Control+Home", *["ArrowRight"] * column, *["ArrowDown"] * row, "Enter"]
    for key in keys:
        page.keyboard.press(key)
    page.locator(".gdg-clip-region input, .gdg-clip-region textarea").fill(text)
    page.keyboard.press("Enter")
    settled(page)
