"""Months by hand in a real browser: a click on a picture, numbers by key, a lever found by its name, the way to why."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.driver import edit_cell, settled
from tests.browser.test_live import push, to_scenarios


def click_month(page: Page, part: float, down: float = 180) -> None:
    """A click inside the picture of demand, at that part of the whole chart's width."""
    box = page.locator(".st-key-pictures_chart canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * part, box["y"] + down)
    settled(page, 0.5)


def test_a_click_on_a_month_moves_the_levers_there_and_back(app_page: Page) -> None:
    to_scenarios(app_page)
    click_month(app_page, 0.25)
    push(app_page, "ArrowRight", 3)
    changes = app_page.locator(".st-key-changes")
    expect(changes).to_contain_text(re.compile(r"All products: demand \+3 %, \w{3} 2\d"))
    click_month(app_page, 0.25)  # the same month again: all months
    push(app_page, "ArrowRight", 2)
    expect(changes).to_contain_text(re.compile(r"All products: demand \+2 %(?!,)"))


def test_a_month_is_typed_and_undone(app_page: Page) -> None:
    to_scenarios(app_page)
    app_page.get_by_text("By month", exact=True).click()
    settled(app_page, 0.5)
    edit_cell(app_page, 2, 1, "60000")
    changes = app_page.locator(".st-key-changes")
    expect(changes).to_contain_text("60,000")
    edit_cell(app_page, 2, 2, "40000")
    expect(changes).to_contain_text("40,000")
    app_page.locator("h1, .sop-strip").first.click()
    app_page.keyboard.press("z")
    settled(app_page, 0.5)
    expect(changes).not_to_contain_text("40,000")
    expect(changes).to_contain_text("60,000")
    app_page.keyboard.press("z")
    expect(changes).to_contain_text("None yet")
    settled(app_page)


def test_a_lever_is_found_by_another_word_for_it(app_page: Page) -> None:
    to_scenarios(app_page)
    app_page.locator(".st-key-lever_find input").fill("strike")
    app_page.keyboard.press("Enter")
    dialog = app_page.get_by_role("dialog")
    expect(dialog).to_contain_text("Outage")
    settled(app_page)
    app_page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_shortage_leads_to_why_and_its_way_out_into_the_scenario(app_page: Page) -> None:
    to_scenarios(app_page)
    app_page.locator(".st-key-shortages a").first.click()
    expect(app_page).to_have_url(re.compile(r"/tradeoffs\?.*why=shortage"), timeout=30_000)
    app_page.wait_for_selector(".st-key-why_way_0 button", timeout=120_000)
    expect(app_page.locator(".sop-why")).to_contain_text("because Mower Line is full")
    app_page.locator(".st-key-why_way_0 button").first.click()
    expect(app_page.locator(".st-key-why_scenario")).to_contain_text("Added: Mower Line", timeout=60_000)
    settled(app_page, 0.5)
