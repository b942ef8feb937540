"""Two people on one scenario: both edit, both save, nothing is lost; a reload in the middle of the work keeps it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from sop_core.changes import CapacityChange, DemandGrowth, PriceChange, Scope
from sop_core.scenario import Scenario
from sop_core.store import Store
from tests.browser.driver import VIEWPORT, App, running_app, settled

GROW, PRICE = DemandGrowth(pct=0.05), PriceChange(pct=0.02)
CUT = CapacityChange(scope=Scope.of(resource="Forming"), pct=-0.1)


def studio(page: Page, app: App) -> None:
    page.goto(f"{app.url}/scenarios?scenario=Peak&mode=Studio")
    settled(page, patience=180)
    expect(page.locator(".st-key-studio_list")).to_be_visible()


def sentences(page: Page) -> list[str]:
    return page.locator(".st-key-studio_list label").all_inner_texts()


def tick(page: Page, at: int) -> None:
    """By the keyboard, as the studio asks."""
    page.locator(f".st-key-studio_pick_{at} input").focus()
    page.keyboard.press("Space")
    settled(page)


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name, exact=isinstance(name, str)).click()
    settled(page)


def save(page: Page) -> None:
    page.locator(".st-key-studio_menu button").click()
    page.get_by_text("Save", exact=True).last.click()
    settled(page)


def test_two_browsers_on_one_scenario_lose_nothing(
    browser: Browser, browser_context_args: dict[str, object], demo_store: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copy(demo_store, tmp_path / "sop.duckdb"))
    peak = Scenario("Peak", "Ada").add(GROW).add(CUT)
    with Store.open(store) as opened:
        opened.save_scenario("Peak", peak.to_json(), "Ada", 0)
    with running_app(store, tmp_path / "server.log") as app:
        contexts = [browser.new_context(**browser_context_args) for _ in range(2)]  # type: ignore[arg-type]
        one, other = (context.new_page() for context in contexts)
        thrown: list[str] = []
        for page in (one, other):
            page.on("pageerror", lambda error: thrown.append(str(error)))
            studio(page, app)
        _both_edit_and_save(one, other)
        _a_reload_keeps_the_work(one, other, app)
        for context in contexts:
            context.close()
        assert not app.traceback()
    assert thrown == []
    with Store.open(store) as opened:
        saved = Scenario.from_json(opened.load_scenario("Peak").json)
        # One took the cut out, the other moved it up and changed the growth: every edit is there.
        assert [step.muted for step in saved.steps] == [True]
        assert [r.revision for r in opened.scenario_history("Peak")] == [3, 2, 1]


def _both_edit_and_save(one: Page, other: Page) -> None:
    """One removes a change, the other mutes the other one. Neither sees the other's work before it is saved."""
    tick(one, 1)
    press(one, "Remove")
    tick(other, 0)
    press(other, "Mute")
    assert len(sentences(one)) == 1
    assert len(sentences(other)) == 2
    assert "muted" not in sentences(one)[0]
    assert "draft=" in one.url
    assert one.url != other.url
    save(one)
    expect(one.locator(".st-key-studio_steps .sop-headline")).not_to_contain_text("not saved")
    save(other)
    dialog = other.get_by_role("dialog")
    expect(dialog).to_contain_text("No conflict")
    expect(dialog).to_contain_text("Removed: Forming")
    expect(dialog).to_contain_text("Muted: All products: demand +5 %")
    press(other, "Save the merge")
    expect(other.get_by_role("dialog")).to_have_count(0)
    settled(other)
    assert len(sentences(other)) == 1
    assert "muted" in sentences(other)[0]
    assert "draft=" not in other.url
    one.get_by_text("History", exact=True).click()
    settled(one)
    one.get_by_text("Changes", exact=True).click()
    settled(one)
    assert sentences(one) == sentences(other)  # who has nothing unsaved is given the newer one


def _a_reload_keeps_the_work(one: Page, other: Page, app: App) -> None:
    """The connection drops right after an edit: the new session offers it, and only to who made it."""
    tick(one, 0)
    press(one, "Duplicate")
    assert len(sentences(one)) == 2
    one.reload()
    settled(one)
    assert len(sentences(one)) == 1  # never taken up unasked
    expect(one.locator(".st-key-offered_draft")).to_contain_text("Peak")
    other.reload()
    settled(other)
    expect(other.locator(".st-key-offered_draft")).to_have_count(0)
    assert len(sentences(other)) == 1
    press(one, "Take up where you left off")
    assert len(sentences(one)) == 2
    expect(one.locator(".st-key-offered_draft")).to_have_count(0)
    one.get_by_role("link", name="Supply", exact=True).click()
    settled(one)
    expect(one).to_have_url(re.compile("draft="))
    one.go_back()
    settled(one)
    expect(one.locator(".st-key-offered_draft")).to_have_count(0)
    assert VIEWPORT["width"] >= one.get_by_test_id("stMain").evaluate("node => node.scrollWidth")
