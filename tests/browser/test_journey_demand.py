"""A planner edits demand: types, pastes a block, applies it with its reason, undoes, saves under a name."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.driver import App, settled

_CHANGES = ".st-key-demand_changes"


def to_grid(page: Page, app: App) -> None:
    page.goto(f"{app.url}/demand?level=Family&demand_mode=Edit")
    page.get_by_test_id("data-grid-canvas").first.wait_for(timeout=60_000)
    settled(page, 0.5)


def at(page: Page, column: int, row: int) -> None:
    """Puts the grid's cursor on a cell; column 0 holds the lines' names."""
    page.get_by_test_id("data-grid-canvas").first.focus()
    for key in ["Control+Home", *["ArrowRight"] * column, *["ArrowDown"] * row]:
        page.keyboard.press(key)


def write(page: Page, text: str) -> None:
    """Types into the cell under the cursor and goes on to the next line, without waiting for the server."""
    page.keyboard.press("Enter")
    page.locator(".gdg-clip-region input, .gdg-clip-region textarea").fill(text)
    page.keyboard.press("Enter")
    page.locator(".gdg-clip-region").wait_for(state="detached")


def preview(page: Page) -> dict[str, list[str]]:
    """Label -> before, after, difference, percent of the typed cells."""
    rows = page.locator(".sop-table").last.locator("tbody tr").all()
    cells = [[cell.inner_text().strip() for cell in row.locator("td").all()] for row in rows]
    return {label: rest for label, *rest in cells}


def number(text: str) -> float:
    return 0.0 if text == "–" else float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def test_a_block_is_typed_pasted_applied_undone_and_saved(app_page: Page, app: App) -> None:
    page = app_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    to_grid(page, app)
    expect(page.locator(_CHANGES)).to_contain_text("None yet")

    at(page, 1, 1)
    write(page, "10000")
    write(page, "13,000")  # at once, while the first is still on its way
    expect(page.get_by_text("2 cells not applied yet")).to_be_visible()
    settled(page, 0.5)
    assert [row[1] for row in preview(page).values()][:2] == ["10,000", "13,000"]

    page.evaluate(
        "navigator.clipboard.writeText('9,000\\t8000\\t7 900\\n1.234\\tabc\\t3000,5\\n2500\\t6100\\t16000')"
    )
    at(page, 3, 3)
    page.keyboard.press("Control+v")
    settled(page, 0.5)
    alert = page.get_by_role("alert").filter(has_text="cannot be read")
    expect(alert).to_contain_text("2 cells cannot be read and stay as typed")
    expect(alert).to_contain_text("“1.234” may mean 1234 or 1.234")
    before, after, difference, _ = next(
        row for name, row in preview(page).items() if name.startswith("Everything")
    )
    assert abs(number(after) - number(before) - number(difference)) <= 1.5
    expect(page.locator(_CHANGES)).to_contain_text("None yet")

    page.keyboard.press("Control+s")
    expect(page.get_by_text("Say why first")).to_be_visible()
    page.get_by_label("Why").fill("dealer listing")
    page.get_by_role("textbox", name="Owner").fill("A. Rossi")
    page.keyboard.press("Enter")
    expect(page.locator(_CHANGES)).to_contain_text("Changes of demand (5)")
    expect(page.locator(_CHANGES)).to_contain_text("demand set to 13,000 in")
    expect(page.locator(_CHANGES)).to_contain_text("(dealer listing, A. Rossi)")
    settled(page, 0.5)
    expect(alert).to_contain_text("2 cells cannot be read and stay as typed")
    page.get_by_role("button", name="Discard").click()
    settled(page, 0.5)

    at(page, 1, 1)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(_CHANGES)).to_contain_text("None yet")
    settled(page, 0.5)
    page.keyboard.press("Control+Shift+y")
    expect(page.locator(_CHANGES)).to_contain_text("Changes of demand (5)")
    settled(page, 0.5)

    page.locator(".st-key-demand_scenario_menu button").click()
    page.get_by_text("Save as", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Dealer spring")
    dialog.get_by_label("Name").press("Tab")
    dialog.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("scenario=Dealer[+]spring"))
    settled(page, 0.5)
    expect(page.locator(_CHANGES)).to_contain_text("Changes of demand (5)")


def test_no_edit_is_lost_between_typing_and_applying(app_page: Page, app: App) -> None:
    """What is typed in the moment of applying waits; filters and pages do not lose it either."""
    page = app_page
    to_grid(page, app)
    at(page, 2, 1)
    write(page, "8888")
    settled(page, 0.5)
    page.get_by_label("Why").fill("first")
    page.get_by_label("Why").press("Tab")
    at(page, 3, 1)
    write(page, "7777")
    page.keyboard.press("Control+s")
    expect(page.locator(_CHANGES)).to_contain_text("demand set to 8,888")
    settled(page, 0.8)
    told = page.locator(_CHANGES).inner_text()
    waiting = "" if "7,777" in told else " ".join(preview(page))
    assert "7,777" in told or waiting
    page.get_by_role("link", name="Supply", exact=True).click()
    settled(page, 0.5)
    page.get_by_role("link", name="Demand", exact=True).click()
    settled(page, 0.5)
    if waiting:
        # The page comes back as it was left, or as a table that says what waits.
        expect(
            page.get_by_text(re.compile("1 typed cell waits to be applied|1 cell not applied yet")).first
        ).to_be_visible()


def test_layers_are_drawn_with_their_names(app_page: Page, app: App) -> None:
    page = app_page
    page.goto(f"{app.url}/demand?demand_picture=Layers")
    picture = page.locator(".st-key-demand_chart")
    picture.locator("canvas").first.wait_for(timeout=60_000)
    settled(page, 0.5)
    # The names are painted on a canvas; what is said of the picture to those who do not see it names them too.
    for name in ("promotions", "phase-outs", "launches"):
        expect(picture.get_by_role("img")).to_have_attribute("aria-label", re.compile(name))
    expect(page.locator(".sop-table").first).to_contain_text("Unconstrained demand")
