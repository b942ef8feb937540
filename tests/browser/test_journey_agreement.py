"""A demand review to its end: an assumption, its Change, the agreement, the lock, a branch, a second version."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from sop_core.store import Store
from tests.browser.driver import App, running_app, settled, wait_for_choice


def section(page: Page, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()
    settled(page)


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    settled(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def chosen(page: Page) -> list[str]:
    """What stands in the boxes of the context bar."""
    found: list[str] = page.get_by_role("combobox").evaluate_all("boxes => boxes.map(box => box.value)")
    return found


def agree(page: Page, people: str) -> None:
    page.get_by_role("textbox", name="Names and roles, one a line").fill(people)
    press(page, "Agree demand")


def test_demand_is_reviewed_agreed_locked_and_agreed_again(
    page: Page, demo_store: Path, tmp_path: Path, console_errors: list[str]
) -> None:
    store = Path(shutil.copy(demo_store, tmp_path / "sop.duckdb"))
    with running_app(store, tmp_path / "server.log") as app:
        _write_down_an_assumption(page, app)
        name = _agree_on_it(page)
        branch = _branch_from_it(page, name)
        _agree_again(page, branch)
        assert not app.traceback()
    assert console_errors == []
    with Store.open(store) as opened:
        second, first = opened.agreements.list()
        assert (first.scenario, first.version, first.in_force) == (name, 1, False)
        assert (second.scenario, second.version, second.in_force) == (branch, 2, True)
        assert [v.said() for v in second.voices] == [
            "Ada Keller (Sales)",
            "Ben Ortiz (Operations)",
            "Cy Vu (Finance)",
        ]
        assert opened.load_scenario(branch).parent == name
        (kept,) = (r.assumption for r in opened.assumptions.list() if r.assumption.links)
        assert kept.links[0].change.to_dict()["kind"] == "demand_growth"


def _write_down_an_assumption(page: Page, app: App) -> None:
    """From the worked example, an adopted event beside it; its Change goes into a what-if."""
    page.goto(f"{app.url}/demand?demand_view=Assumptions")
    settled(page, patience=180)  # the first look at a company forecasts it
    expect(page.get_by_text("No assumption is written down yet.")).to_be_visible()
    press(page, "Start from the example")
    page.get_by_role("dialog").get_by_label("Owner").fill("Sales DACH")
    press(page, "Keep the assumption")
    expect(page.get_by_text("1 assumption: 1 open.")).to_be_visible()
    page.get_by_role("button", name="Adopt").last.click()
    settled(page)
    expect(page.get_by_text("2 assumptions: 2 open.")).to_be_visible()
    page.locator('[class*="st-key-as_menu_"] button').first.click()
    page.get_by_role("menuitem", name="Add its Change").or_(
        page.get_by_text("Add its Change", exact=True)
    ).first.click()
    settled(page)
    expect(page.get_by_text(re.compile(r"Linked \(What-if\).*in the scenario in view"))).to_be_visible()


def _agree_on_it(page: Page) -> str:
    """Two people agree; the what-if is saved under a clear name, locked, and in view."""
    section(page, "Agreement")
    expect(page.get_by_text(re.compile("Demand of the cycle .* is not agreed yet"))).to_be_visible()
    press(page, "Agree demand")
    expect(page.get_by_text("Name at least one person who agrees.")).to_be_visible()
    agree(page, "Ada Keller, Sales\nBen Ortiz, Operations")
    said = page.get_by_text(
        re.compile(r"agreed on .* by Ada Keller \(Sales\) and Ben Ortiz \(Operations\)")
    ).first
    expect(said).to_be_visible()
    name = next(value for value in chosen(page) if value.startswith("Demand "))
    assert name.endswith(" v1")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Demand agreed on")
    return name


def _branch_from_it(page: Page, name: str) -> str:
    """A lever on the locked scenario makes a what-if, which is saved as a branch."""
    go(page, "Scenarios")
    expect(page.get_by_text("What you move is a what-if on it")).to_be_visible()
    slider = page.locator(".st-key-lever_demand_growth input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    expect(page.get_by_text(f"This is What-if on {name}")).to_be_visible()
    page.locator(".st-key-scenario_menu button").click()
    page.get_by_text("Save as a branch", exact=True).click()
    settled(page)
    page.get_by_role("dialog").get_by_label("Name").fill("More of it")
    press(page, "Save the branch")
    wait_for_choice(page, "More of it")
    expect(page.get_by_text("What you move is a what-if on it")).to_be_hidden()
    return "More of it"


def _agree_again(page: Page, branch: str) -> None:
    """The cycle is reopened with a reason, the branch is agreed as version 2, one more joins."""
    go(page, "Demand")
    section(page, "Agreement")
    expect(page.get_by_text(f"In view: {branch}").first).to_be_visible()
    press(page, "Reopen")
    page.get_by_role("textbox", name="Who reopens it").fill("Dora")
    page.get_by_role("textbox", name="Why").fill("The chain asks for more")
    press(page, "Reopen the agreement")
    expect(page.get_by_text(re.compile("is open again: version 2 is next"))).to_be_visible()
    agree(page, "Ada Keller, Sales\nBen Ortiz, Operations")
    expect(page.get_by_text(re.compile("version 2 of the cycle")).first).to_be_visible()
    press(page, "Join")
    page.get_by_role("textbox", name="Names and roles, one a line").fill("Cy Vu, Finance")
    press(page, "Add to the agreement")
    expect(page.get_by_text(re.compile(r"Cy Vu \(Finance\), ")).first).to_be_visible()
    page.get_by_text("All agreed versions (2)").click()
    expect(page.get_by_text("Look at", exact=True)).to_be_visible()
