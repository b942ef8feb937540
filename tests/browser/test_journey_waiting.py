"""A company whose plans take long: a lever is answered by an estimate, and the exact plan replaces it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from bench.planner import tables
from tests.browser.driver import running_app, settled
from tests.pages.companies import build

_LOG = """() => {
    window.seen = [];
    new MutationObserver(() => {
        const strip = document.querySelector('.sop-strip'), line = document.querySelector('.sop-waiting');
        if (!strip || !line) return;
        const now = [strip.className.includes('sop-estimate'), line.innerText];
        const last = window.seen[window.seen.length - 1];
        if (!last || last.join() !== now.join()) window.seen.push(now);
    }).observe(document, {subtree: true, childList: true, characterData: true});
}"""

#: While the page is drawn anew the old line may stand beside the new one for a moment.
_EXACT = """() => {
    const lines = [...document.querySelectorAll('.sop-waiting')];
    return lines.length === 1 && lines[0].innerText.startsWith('Exact plan, solved in');
}"""


def test_an_estimate_appears_and_the_exact_plan_replaces_it(
    page: Page, tmp_path: Path, browser_type_launch_args: dict[str, object], console_errors: list[str]
) -> None:
    store = build(tmp_path / "large.duckdb", tables(100))
    with running_app(store, tmp_path / "server.log") as app:
        page.goto(f"{app.url}/scenarios")
        page.wait_for_selector(".st-key-pictures_chart canvas", timeout=120_000)
        settled(page, 0.5)
        place = "document.querySelector('.sop-strip').getBoundingClientRect().toJSON()"
        before = page.evaluate(place)
        page.evaluate(_LOG)
        page.locator(".st-key-lever_demand_growth input[type=range]").first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        expect(page.locator(".st-key-changes")).to_contain_text("demand +3 %", timeout=60_000)
        page.wait_for_function(_EXACT, timeout=120_000)
        settled(page, 0.5)
        expect(page.locator(".sop-strip")).not_to_have_class("sop-estimate")
        assert page.evaluate(place) == before, "the strip stays in its place"
        seen = page.evaluate("window.seen")
        estimates = [line for estimate, line in seen if estimate]
        assert estimates, "an estimate was shown first"
        assert all(line.startswith("Estimate from plans solved so far") for line in estimates)
        assert seen[-1][0] is False
        assert app.traceback(since=0) == ""
    assert [error for error in console_errors if "WebSocket" not in error] == []
