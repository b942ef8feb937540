"""A meeting of two in two browsers: the same scenario moves on both screens, one holds the pen, nothing is lost."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from sop_core.store import Store
from tests.browser.conftest import PROBE
from tests.browser.driver import App, running_app, settled

#: What a follower's next look takes at most, with room for a busy machine, milliseconds.
SOON = 15_000
#: Numbers and differences of the strip.
_STRIP = ".st-key-room_strip .sop-strip"
_LEVERS = ".st-key-room_side .stSlider"

Join = Callable[[str, str], Page]
Record = Callable[[str, object], None]


@pytest.fixture
def errors() -> list[str]:
    return []


@pytest.fixture
def join(browser: Browser, browser_context_args: dict[str, Any], errors: list[str]) -> Join:
    """join(address, name): a browser of one's own at that address, with a seat under that name."""

    def sit(address: str, name: str) -> Page:
        page = browser.new_context(**browser_context_args).new_page()

        def listen(said: ConsoleMessage) -> None:
            url = said.location.get("url", "")
            if said.type == "error" and not PROBE.fullmatch(url):
                errors.append(f"{name}: {said.text} [{url}]")

        page.on("console", listen)
        page.on("pageerror", lambda thrown: errors.append(f"{name}: {thrown}"))
        page.goto(address)
        settled(page, patience=180)
        if "meeting=" in address:
            sit_down(page, name)
        return page

    return sit


def sit_down(page: Page, name: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join the meeting").click()
    in_the_room(page)


def in_the_room(page: Page) -> None:
    page.wait_for_selector(".st-key-room_pictures canvas", timeout=60_000)
    expect(page.locator(".st-key-room_head")).to_contain_text("(you)")


def numbers(page: Page) -> str:
    return page.locator(_STRIP).inner_text()


def same_numbers(one: Page, other: Page, before: str | None = None) -> str:
    """Waits until both screens show the same numbers, other ones than `before`; gives them."""
    deadline = time.monotonic() + SOON / 1000
    while True:
        shown = numbers(one)
        if shown == numbers(other) and shown != before:
            return shown
        assert time.monotonic() < deadline, f"they show {shown!r} and {numbers(other)!r}, before {before!r}"
        time.sleep(0.02)


def push(page: Page, lever: str, key: str, times: int = 1) -> None:
    """Moves a lever of the room by the keyboard."""
    page.locator(_LEVERS).filter(has_text=lever).locator("input[type=range]").focus()
    for _ in range(times):
        page.keyboard.press(key)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{name}"))


def tab(page: Page, name: str) -> None:
    page.locator(".st-key-room_side").get_by_role("tab", name=re.compile(name)).click()


def test_two_people_meet_on_one_scenario(
    join: Join, demo_store: Path, tmp_path: Path, errors: list[str], record_property: Record
) -> None:
    store = Path(shutil.copy(demo_store, tmp_path / "sop.duckdb"))
    with running_app(store, tmp_path / "server.log") as app:
        ada = join(f"{app.url}/meeting", "Ada")
        ada.get_by_role("button", name="Open the meeting").click()
        ada.wait_for_url(re.compile("meeting=1"))
        sit_down(ada, "Ada")
        ben = join(ada.url, "Ben")
        expect(ben.locator(".st-key-room_head")).to_contain_text("Ada · has the pen")
        expect(ada.locator(".st-key-room_head")).to_contain_text("Ben")
        before = _one_screen(ada, ben)
        _the_follower_cannot_write(ada, ben, app)
        _the_pen_goes_over(ada, ben)
        _how_long(ben, ada, record_property)
        _a_decision_is_captured(ada, ben)
        _a_reload_keeps_the_seat(ada, ben)
        assert numbers(ben) != before
        kept = numbers(ada)
        assert not app.traceback()
        for page in (ada, ben):
            page.goto("about:blank")  # a page that loses its server says so in the console
    # The server is gone and comes back: the meeting is where it was, the browser knows its seat.
    with running_app(store, tmp_path / "again.log") as app:
        ada.goto(f"{app.url}/meeting?meeting=1")
        in_the_room(ada)
        expect(ada.locator(".st-key-room_head")).to_contain_text("Ada (you)")
        expect(ada.locator(_STRIP)).to_have_text(kept, use_inner_text=True, timeout=SOON)
        ben.goto(f"{app.url}/meeting?meeting=1")
        in_the_room(ben)
        _it_is_closed(ada, ben)
        _two_edit_one_decision(ada, ben, app)
        assert not app.traceback()
        for page in (ada, ben):
            page.goto("about:blank")
    assert errors == []
    with Store.open(store) as opened:
        _what_is_kept(opened)


def _one_screen(ada: Page, ben: Page) -> str:
    """The presenter's lever moves the follower's screen to the same values; the agenda goes along."""
    before = same_numbers(ada, ben)
    push(ada, "Overtime allowed", "ArrowRight", 5)
    for page in (ada, ben):
        expect(page.locator(".st-key-room_changes")).to_contain_text("+5 % overtime", timeout=SOON)
    same_numbers(ada, ben, before)
    title = ben.locator(".st-key-room_topic .room-title")
    first = title.inner_text()
    button(ada, "Next").click()
    expect(title).not_to_have_text(first, timeout=SOON)
    expect(title).to_have_text(ada.locator(".st-key-room_topic .room-title").inner_text())
    expect(ben.locator(".st-key-room_rail")).to_contain_text("1 of")
    return before


def _how_long(presenter: Page, follower: Page, record: Record) -> None:
    """From the presenter's key to the same numbers on the follower's screen, several times, back and forth."""
    took = []
    for n in range(6):
        before = numbers(follower)
        began = time.monotonic()
        push(presenter, "Demand of", "ArrowRight" if n % 2 else "ArrowLeft")
        same_numbers(presenter, follower, before)
        took.append(round(time.monotonic() - began, 2))
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    record("seconds to the follower's screen", took)
    record("work waiting for each core", round(load, 1))


def _the_follower_cannot_write(ada: Page, ben: Page, app: App) -> None:
    for lever in ben.locator(f"{_LEVERS} input[type=range]").all():
        expect(lever).to_be_disabled()
    expect(ben.locator(".st-key-room_undo")).to_have_count(0)
    tab(ben, "Decide")
    expect(ben.locator(".st-key-room_side")).to_contain_text("Ada writes decisions down")
    # Looking ahead alone leaves the room where it is.
    here = ada.locator(".st-key-room_topic .room-title").inner_text()
    button(ben, "Next").click()
    expect(ben.locator(".st-key-room_back")).to_be_visible(timeout=SOON)
    assert ada.locator(".st-key-room_topic .room-title").inner_text() == here
    button(ben, "Back to the room").click()
    expect(ben.locator(".st-key-room_topic .room-title")).to_have_text(here, timeout=SOON)
    # What lies on the room's table is nobody's own work: another page of the presenter's browser shows the base.
    other = ada.context.new_page()
    other.goto(f"{app.url}/scenarios")
    expect(other.locator(".st-key-changes")).to_contain_text("None yet", timeout=60_000)
    other.close()


def _the_pen_goes_over(ada: Page, ben: Page) -> None:
    ben.get_by_role("button", name="Ask for the pen").click()
    ada.get_by_role("button", name="Hand the pen to Ben").click(timeout=SOON)
    expect(ben.locator(".st-key-room_head")).to_contain_text("Ben (you) · has the pen", timeout=SOON)
    expect(ada.get_by_role("button", name="Ask for the pen")).to_be_visible(timeout=SOON)
    tab(ben, "Levers")
    expect(ben.locator(f"{_LEVERS} input[type=range]").first).to_be_enabled(timeout=SOON)
    before = numbers(ada)
    push(ben, "Demand of", "ArrowLeft", 2)
    for page in (ada, ben):
        expect(page.locator(".st-key-room_changes")).to_contain_text("demand -2 %", timeout=SOON)
    same_numbers(ben, ada, before)
    expect(ada.locator(".st-key-room_changes")).to_contain_text("+5 % overtime")


def _a_decision_is_captured(ada: Page, ben: Page) -> None:
    tab(ben, "Decide")
    side = ben.locator(".st-key-room_side")
    # On a busy machine the box of the move before may still stand below the new one.
    side.get_by_label("What").first.fill("Work overtime on the mower line")
    side.get_by_label("Why").first.fill("Spring is sold out")
    side.get_by_role("button", name="Record the decision").first.click()
    expect(side).to_contain_text("1 decided", timeout=SOON)
    expect(ada.locator(".st-key-room_side")).to_contain_text("1 decided", timeout=SOON)
    tab(ada, "Park")
    park = ada.locator(".st-key-room_side").get_by_label("Park a thought")
    park.fill("Tooling of the second line")
    park.press("Enter")
    expect(ben.locator(".st-key-room_side")).to_contain_text("1 parked", timeout=SOON)


def _a_reload_keeps_the_seat(ada: Page, ben: Page) -> None:
    before = numbers(ben)
    ben.reload()
    in_the_room(ben)
    expect(ben.locator(".st-key-room_head")).to_contain_text("Ben (you) · has the pen")
    assert numbers(ben) == before
    expect(ben.locator(".st-key-room_changes")).to_contain_text("demand -2 %")
    same_numbers(ben, ada)


def _it_is_closed(ada: Page, ben: Page) -> None:
    button(ben, "Minutes and close").click()
    expect(ada.locator(".st-key-room_minutes")).to_contain_text(
        "Work overtime on the mower line", timeout=SOON
    )
    ben.get_by_role("button", name="Close the meeting").click()
    for page in (ada, ben):
        expect(page.get_by_role("button", name="All meetings")).to_be_visible(timeout=SOON)
        minutes = page.locator(".st-key-room_minutes")
        for said in ("Ada", "Ben", "Spring is sold out", "Tooling of the second line", "demand -2 %"):
            expect(minutes).to_contain_text(said)
    with ada.expect_download() as got:
        ada.get_by_role("button", name="Minutes (.md)").click()
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert "D1. Work overtime on the mower line" in text


def _two_edit_one_decision(ada: Page, ben: Page, app: App) -> None:
    """Who keeps a decision that somebody else has edited meanwhile is told so, and overwrites nothing."""
    for page in (ada, ben):
        page.goto(f"{app.url}/meeting?meeting_view=Decisions")
        page.locator(".st-key-dec_menu_1 button").first.click(timeout=60_000)
        page.get_by_text("Edit", exact=True).click()
        expect(page.get_by_role("dialog").get_by_label("Why")).to_have_value("Spring is sold out")
    for page, why in ((ada, "Kept by Ada"), (ben, "Kept by Ben")):
        page.get_by_role("dialog").get_by_label("Why").fill(why)
        page.get_by_role("dialog").get_by_role("button", name="Keep the decision").click()
        if page is ada:
            expect(page.get_by_role("dialog")).to_have_count(0, timeout=SOON)
    expect(ben.get_by_role("dialog")).to_contain_text("after you opened it", timeout=SOON)


def _what_is_kept(store: Store) -> None:
    meeting = store.meetings.get(1).meeting
    assert meeting.is_closed
    assert [person.name for person in meeting.people] == ["Ada", "Ben"]
    (decision,) = store.decisions.list()
    assert (decision.value.why, decision.value.meeting) == ("Kept by Ada", 1)
    assert [revision.who for revision in store.decisions.history(decision.id)][-1] == "Ben"
    assert [change.kind for change in decision.value.changes] == ["overtime", "demand_growth"]
    saved = store.load_scenario(decision.value.scenario)
    assert saved.name == meeting.saved
    assert "meeting 1" in saved.json
