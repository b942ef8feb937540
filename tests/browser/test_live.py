"""The live page in a real browser: levers, keys, saving, and a frame that stays where it is."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.driver import VIEWPORT, App, settled

_SLIDER = ".st-key-lever_demand_growth input[type=range]"
_PARTS = ".st-key-levers, .st-key-pictures, [data-testid=stEChartsChart], .sop-strip"
_PLACES = (
    f"() => [...document.querySelectorAll('{_PARTS}')]"
    + """
    .map(part => { const box = part.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; })"""
)


def to_scenarios(page: Page) -> None:
    page.get_by_role("link", name="Scenarios", exact=True).click()
    page.wait_for_selector(".st-key-pictures_chart canvas", timeout=60_000)
    settled(page, 0.5)


def push(page: Page, key: str, times: int) -> None:
    """Moves the demand lever by the keyboard, as the design asks."""
    page.locator(_SLIDER).first.focus()
    for _ in range(times):
        page.keyboard.press(key)
    settled(page, 0.5)


def test_everything_fits_the_screen_and_nothing_moves(app_page: Page) -> None:
    """At 1440 x 900 nothing scrolls, and a lever leaves every part of the page in its place."""
    to_scenarios(app_page)
    height = app_page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    assert height <= VIEWPORT["height"]
    before = app_page.evaluate(_PLACES)
    assert len(before) == 4
    push(app_page, "ArrowRight", 3)
    expect(app_page.locator(".st-key-changes")).to_contain_text("All products: demand +3 %")
    assert app_page.evaluate(_PLACES) == before


def test_keys_undo_redo_and_flip_to_the_base(app_page: Page) -> None:
    to_scenarios(app_page)
    changes, strip = app_page.locator(".st-key-changes"), app_page.locator(".sop-strip")
    push(app_page, "ArrowLeft", 2)
    expect(changes).to_contain_text("demand -2 %")
    expect(strip).to_contain_text("unfavourable")
    app_page.locator("h1, .sop-strip").first.click()
    app_page.keyboard.press("b")
    expect(strip).not_to_contain_text("unfavourable")
    app_page.keyboard.press("b")
    expect(strip).to_contain_text("unfavourable")
    app_page.keyboard.press("z")
    expect(changes).to_contain_text("None yet")
    app_page.keyboard.press("y")
    expect(changes).to_contain_text("demand -2 %")
    settled(app_page)


def test_a_scenario_is_saved_reopened_renamed_and_deleted(app_page: Page, app: App) -> None:
    to_scenarios(app_page)
    push(app_page, "ArrowRight", 4)
    choose(app_page, "Save as")
    name_it(app_page, "Good summer", "Save")
    expect(app_page).to_have_url(re.compile("scenario=Good[+]summer"))
    expect(app_page.locator(".st-key-changes_head")).not_to_contain_text("not saved")

    app_page.goto(f"{app.url}/scenarios?scenario=Good+summer")
    settled(app_page, 0.5)
    expect(app_page.locator(".st-key-changes")).to_contain_text("demand +4 %")

    choose(app_page, "Rename")
    name_it(app_page, "Better summer", "Rename")
    expect(app_page).to_have_url(re.compile("scenario=Better[+]summer"))

    choose(app_page, "Delete")
    app_page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(app_page).not_to_have_url(re.compile("scenario="))
    settled(app_page, 0.5)
    expect(app_page.locator(".st-key-changes")).to_contain_text("None yet")


def choose(page: Page, what: str) -> None:
    page.locator(".st-key-scenario_menu button").click()
    page.get_by_text(what, exact=True).click()


def name_it(page: Page, name: str, button: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Name").press("Tab")
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)
    settled(page, 0.5)


def test_any_change_can_be_added_by_its_form(app_page: Page) -> None:
    to_scenarios(app_page)
    app_page.get_by_role("button", name="Add a change").click()
    dialog = app_page.get_by_role("dialog")
    dialog.get_by_text("Supply", exact=True).click()
    settled(app_page)
    dialog.get_by_label("Regular hours, %", exact=True).fill("10")
    dialog.get_by_label("Why").fill("weekend crew")
    dialog.get_by_label("Why").press("Tab")
    dialog.get_by_role("button", name="Add the change").click()
    expect(dialog).to_have_count(0)
    expect(app_page.locator(".st-key-changes")).to_contain_text("All resources: +10 % hours (weekend crew)")
    settled(app_page, 0.5)


def test_choices_follow_to_the_next_page_and_back_in_history(app_page: Page) -> None:
    to_scenarios(app_page)
    app_page.locator(".st-key-show").get_by_text("Money").click()
    settled(app_page, 0.5)
    app_page.get_by_role("link", name="Supply", exact=True).click()
    expect(app_page).to_have_url(re.compile(r"/supply\?.*show=Money"), timeout=30_000)
    settled(app_page, 0.5)
    app_page.locator(".st-key-show").get_by_text("Units").click()
    expect(app_page).not_to_have_url(re.compile("show="))
    settled(app_page, 0.5)
    app_page.go_back()
    expect(app_page).to_have_url(re.compile("show=Money"))
    settled(app_page, 0.5)


def test_a_link_to_a_page_shows_it_within_its_frame(page: Page, app: App) -> None:
    page.goto(f"{app.url}/scenarios?show=Money")
    page.wait_for_selector(".st-key-pictures_chart canvas", timeout=60_000)
    expect(page.get_by_role("link", name="Overview", exact=True)).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert page.evaluate("document.fonts.check('14px \"IBM Plex Sans\"')")
