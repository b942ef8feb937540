"""The Demand page in a browser: what a planner does there, and the moment when its last part was repainted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.setup import BROWSER_REMEDY, find_browser
from tests.browser.driver import LAUNCH_FLAGS, ROOT, VIEWPORT, running_app, settled

#: Notes every change that can be seen, and every input of the user. Not counted: the words that the grid keeps inside
#: its canvas for readers of screens, and frames in which the grid paints the same words in the same places again, cells
#: or headers (it lets the colour of a changed cell fade for half a second, and measures its headers anew).
_WATCH = """
window.__seen = {input: 0, change: 0};
const noted = () => { window.__seen.change = performance.now(); };
const words = new WeakMap();
const news = (canvas, text, x, y) => {
    const known = words.get(canvas) || words.set(canvas, new Map()).get(canvas);
    const place = Math.round(x) + ':' + Math.round(y);
    if (known.get(place) === text) return false;
    known.set(place, text);
    return true;
};
for (const name of ['fill', 'stroke', 'fillRect', 'fillText', 'drawImage']) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...args) {
        const grid = this.canvas.closest('[data-testid="stDataFrame"]');
        if (this.canvas.isConnected && (!grid || (name === 'fillText' && news(this.canvas, ...args)))) noted();
        return own.apply(this, args);
    };
}
for (const kind of ['pointerup', 'keydown', 'paste']) {
    addEventListener(kind, () => { window.__seen.input = performance.now(); }, true);
}
new MutationObserver(changes => {
    for (const change of changes) {
        const at = change.target.nodeType === 1 ? change.target : change.target.parentElement;
        if (at && at.closest('[data-testid="stMain"]') && !at.closest('canvas')) { noted(); return; }
    }
}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true,
    attributeFilter: ['d', 'data-stale', 'aria-pressed', 'disabled']});
"""

#: After an input: waits until its words stand on the page, no script runs and nothing changed for `quiet` ms.
_MEASURE = """async ([sign, quiet, limit]) => {
    const seen = window.__seen;
    for (;;) {
        await new Promise(resume => setTimeout(resume, 10));
        const now = performance.now();
        const app = document.querySelector('[data-testid="stApp"]');
        const idle = app.dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-stale="true"]');
        const there = eval(sign);
        if (idle && there && seen.change > seen.input && now - seen.change > quiet) return seen.change - seen.input;
        if (now - seen.input > limit) return -1;
    }
}"""


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium of its own. Raises RuntimeError where there is none."""
    path = find_browser()
    if path is None:
        raise RuntimeError(f"This bench needs Chromium. {BROWSER_REMEDY}")
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=path, args=LAUNCH_FLAGS)
        yield opened
        opened.close()


@contextmanager
def page_of(
    opened: Browser, store: Path, log: Path, query: str = "", script: Path | None = None
) -> Iterator[Page]:
    """A settled page: the Demand page on a store, or a script of one's own."""
    with running_app(store, log, script or ROOT / "app.py") as app:
        page = opened.new_page(viewport={"width": VIEWPORT["width"], "height": VIEWPORT["height"]})
        page.add_init_script(_WATCH)
        page.goto(f"{app.url}/{query}" if script is None else app.url)
        page.wait_for_selector("[data-testid=stMain] button", timeout=300_000)
        settled(page, 1.0, patience=300)
        yield page
        page.close()


def timed(page: Page, act: Callable[[], None], sign: str = "true", limit: int = 20_000) -> float:
    """Milliseconds from the last input of `act` to the last change on the page. `sign`: a JavaScript expression
    that holds once the answer is there. Raises RuntimeError where it never does."""
    act()
    took = float(page.evaluate(_MEASURE, [sign, 250, limit]))
    if took < 0:
        raise RuntimeError(f"the page did not answer: {sign}")
    return took
