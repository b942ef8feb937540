"""A browser on the Scenarios page, and the moment when its last picture has been repainted after an input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, Position, sync_playwright

from scripts.setup import BROWSER_REMEDY, find_browser
from tests.browser.driver import LAUNCH_FLAGS, VIEWPORT, running_app, settled

#: Notes when anything is drawn on a chart, when words beside them change, and when the pointer is let go.
_WATCH = """
window.__live = {input: 0, paint: 0, words: 0, painted: new Set()};
for (const name of ['fill', 'stroke', 'fillRect', 'clearRect', 'fillText', 'strokeText', 'drawImage']) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...args) {
        const chart = this.canvas.isConnected && this.canvas.closest('[data-testid="stEChartsChart"]');
        if (chart) {
            window.__live.paint = performance.now();
            window.__live.painted.add(chart);
        }
        return own.apply(this, args);
    };
}
addEventListener('pointerup', () => {
    window.__live.input = performance.now();
    window.__live.painted.clear();
}, true);
new MutationObserver(changes => {
    for (const change of changes) {
        const at = change.target.nodeType === 1 ? change.target : change.target.parentElement;
        if (at && at.closest('.st-key-pictures')) window.__live.words = performance.now();
    }
}).observe(document, {subtree: true, childList: true, characterData: true});
"""

#: After an input: waits until the pictures were drawn and nothing changed for `quiet` ms; milliseconds from the
#: input to the last drawing on a chart, and to the last change of all.
_MEASURE = """async ([charts, quiet, limit]) => {
    const live = window.__live;
    for (;;) {
        await new Promise(resume => setTimeout(resume, 10));
        const now = performance.now();
        const idle = document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning';
        const drawn = live.painted.size >= charts && live.paint > live.input;
        if (idle && drawn && now - Math.max(live.paint, live.words) > quiet) break;
        if (now - live.input > limit) return {charts: -1, all: -1, painted: live.painted.size};
    }
    return {
        charts: live.paint - live.input,
        all: Math.max(live.paint, live.words) - live.input,
        painted: live.painted.size,
    };
}"""


@contextmanager
def scenarios_page(store: Path, log: Path) -> Iterator[Page]:
    """The Scenarios page on a store, settled, in a browser of its own. Raises RuntimeError without Chromium."""
    path = find_browser()
    if path is None:
        raise RuntimeError(f"This bench needs Chromium. {BROWSER_REMEDY}")
    with running_app(store, log) as app, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=LAUNCH_FLAGS)
        page = browser.new_page(viewport={"width": VIEWPORT["width"], "height": VIEWPORT["height"]})
        page.add_init_script(_WATCH)
        page.goto(f"{app.url}/scenarios")
        page.wait_for_selector(".st-key-pictures_chart canvas", timeout=120_000)
        settled(page, 1.0)
        yield page
        browser.close()


def move(page: Page, lever: str, percent: int, low: int = -50, high: int = 50) -> tuple[float, float]:
    """Sets a lever by a click on its track; milliseconds from the click to the last repaint of a chart, and to
    that of all pictures, numbers and sentences.

    Raises RuntimeError where the lever did not go there or the charts did not follow within ten seconds.
    """
    thumb = _click(page, lever, percent, low, high)
    said = page.evaluate(_MEASURE, [1, 250, 10_000])
    value = thumb.get_attribute("value")
    if value is None or int(float(value)) != percent:
        raise RuntimeError(f"the lever {lever} stands at {value}, not at {percent}")
    if said["charts"] < 0:
        raise RuntimeError(f"after moving {lever} to {percent} the pictures were not repainted")
    return float(said["charts"]), float(said["all"])


#: After an input: milliseconds until an estimate's numbers stood on the page, or the exact ones where they were there
#: first, and until the pictures were drawn; both by the frame in which they were seen.
_FIRST = """async ([limit]) => {
    const live = window.__live;
    let words = 0;
    for (;;) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        const said = document.querySelector('.sop-waiting')?.textContent ?? '';
        const there = said.startsWith('Estimate') ? !!document.querySelector('.sop-strip.sop-estimate')
            : said.startsWith('Exact') && live.words > live.input;
        if (!words && there) words = now;
        if (words && live.painted.size) return {words: words - live.input, charts: live.paint - live.input};
        if (now - live.input > limit) return {words: -1, charts: -1};
    }
}"""
_EXACT = """() => document.querySelector('.sop-waiting')?.textContent.startsWith('Exact')
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'"""


def first_answer(page: Page, lever: str, percent: int, low: int = -50, high: int = 50) -> tuple[float, float]:
    """Sets a lever where an exact plan takes long; milliseconds from the click to the first numbers on the page, and to
    the first drawing of the pictures. Returns once the exact plan is shown too.

    Raises RuntimeError where nothing came within ten seconds.
    """
    _click(page, lever, percent, low, high)
    said = page.evaluate(_FIRST, [10_000])
    if said["words"] < 0:
        raise RuntimeError(f"after moving {lever} to {percent} no estimate was shown")
    page.wait_for_function(_EXACT, timeout=120_000)
    settled(page, 0.5, patience=120)
    return float(said["words"]), float(said["charts"])


def _click(page: Page, lever: str, percent: int, low: int, high: int) -> Locator:
    """Clicks on a slider's track where a value stands; the slider's thumb."""
    slider = page.locator(f".st-key-lever_{lever} [role=group] > div").first
    box = slider.bounding_box()
    assert box is not None
    thumb = page.locator(f".st-key-lever_{lever} input[type=range]").first
    place: Position = {"x": (percent - low) / (high - low) * box["width"], "y": box["height"] / 2}
    slider.click(position=place)
    return thumb
