"""A product manager moves a launch, takes over another price with its elasticity, and saves the scenario."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.driver import App, settled

_STRIP = ".st-key-products_scenario"


def units(page: Page) -> float:
    """What the scenario does to demand by its own sentence, units."""
    text = page.locator(f"{_STRIP} .sop-said").filter(has_text="against the base").inner_text()
    found = re.search(r"base: ([+\N{MINUS SIGN}-]?[\d,]+) units", text)
    assert found, text
    return float(found.group(1).replace("\N{MINUS SIGN}", "-").replace(",", ""))


def test_a_launch_is_moved_a_price_taken_over_and_the_scenario_saved(app_page: Page, app: App) -> None:
    page = app_page
    page.goto(f"{app.url}/products?products_view=Launches")
    later = page.get_by_role("spinbutton", name="Launch later by, months")
    later.wait_for(timeout=60_000)
    settled(page)
    later.fill("3")
    later.press("Enter")
    expect(page.locator(_STRIP)).to_contain_text("changes (1)")
    settled(page)
    moved = units(page)
    assert moved < 0

    page.get_by_role("radio", name="Prices").click()
    page.get_by_role("spinbutton", name="Price, %").wait_for(timeout=60_000)
    settled(page)
    page.get_by_role("spinbutton", name="Price, %").fill("10")
    page.get_by_role("spinbutton", name="Price, %").press("Tab")
    page.get_by_role("button", name="Add to the scenario").click()
    expect(page.locator(_STRIP)).to_contain_text("changes (2)")
    settled(page)
    assert units(page) < moved

    page.locator(".st-key-products_menu button").click()
    page.get_by_text("Save as", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Dearer and later")
    dialog.get_by_label("Name").press("Tab")
    dialog.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("scenario=Dearer[+]and[+]later"))
    settled(page)
    expect(page.locator(_STRIP)).to_contain_text("changes (2)")
    expect(page.locator(_STRIP)).not_to_contain_text("not saved")
