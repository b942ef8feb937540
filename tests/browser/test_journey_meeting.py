"""A meeting of two in two browsers: the same scenario moves on both screens, one holds the pen, nothing is lost."""

from __future__ import annotations

import re
import shutil
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


def same_numbers(one: Page, other: Page) -> None:
    expect(other.locator(_STRIP)).to_have_text(one.locator(_STRIP).text_content() or "", timeout=SOON)


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
    join: Join, demo_store: Path, tmp_path: Path, errors: list[str]
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
        assert numbers(ada) == kept
        ben.goto(f"{app.url}/meeting?meeting=1")
        in_the_room(ben)
        _it_is_closed(ada, ben)
        assert not app.traceback()
        for page in (ada, ben):
            page.goto("about:blank")
    assert errors == []
    with Store.open(store) as opened:
        _what_is_kept(opened)


def _one_screen(ada: Page, ben: Page) -> str:
    """The presenter's lever moves the follower's screen to the same values; the agenda goes along."""
    before = numbers(ada)
    same_numbers(ada, ben)
    push(ada, "Overtime allowed", "ArrowRight", 5)
    expect(ada.locator(".st-key-room_changes")).to_contain_text("+5 % overtime", timeout=SOON)
    settled(ada, 0.5)
    assert numbers(ada) != before
    same_numbers(ada, ben)
    expect(ben.locator(".st-key-room_changes")).to_contain_text("+5 % overtime")
    title = ben.locator(".st-key-room_topic .room-title")
    first = title.inner_text()
    button(ada, "Next").click()
    expect(title).not_to_have_text(first, timeout=SOON)
    expect(title).to_have_text(ada.locator(".st-key-room_topic .room-title").inner_text())
    expect(ben.locator(".st-key-room_rail")).to_contain_text("1 of")
    return before


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
    settled(ben, 0.3)
    assert ada.locator(".st-key-room_topic .room-title").inner_text() == here
    button(ben, "Back to the room").click()
    expect(ben.locator(".st-key-room_topic .room-title")).to_have_text(here, timeout=SOON)
    # What lies on the room's table is nobody's own work: another page of either browser shows the base.
    for page in (ada, ben):
        other = page.context.new_page()
        other.goto(f"{app.url}/scenarios")
        settled(other, 0.3)
        expect(other.locator(".st-key-changes")).to_contain_text("None yet")
        other.close()


def _the_pen_goes_over(ada: Page, ben: Page) -> None:
    ben.get_by_role("button", name="Ask for the pen").click()
    ada.get_by_role("button", name="Hand the pen to Ben").click(timeout=SOON)
    expect(ben.locator(".st-key-room_head")).to_contain_text("Ben (you) · has the pen", timeout=SOON)
    expect(ada.get_by_role("button", name="Ask for the pen")).to_be_visible(timeout=SOON)
    tab(ben, "Levers")
    expect(ben.locator(f"{_LEVERS} input[type=range]").first).to_be_enabled(timeout=SOON)
    push(ben, "Demand of", "ArrowLeft", 2)
    expect(ben.locator(".st-key-room_changes")).to_contain_text("demand -2 %", timeout=SOON)
    settled(ben, 0.5)
    same_numbers(ben, ada)
    expect(ada.locator(".st-key-room_changes")).to_contain_text("+5 % overtime")


def _a_decision_is_captured(ada: Page, ben: Page) -> None:
    tab(ben, "Decide")
    side = ben.locator(".st-key-room_side")
    side.get_by_label("What").fill("Work overtime on the mower line")
    side.get_by_label("Why").fill("Spring is sold out")
    side.get_by_role("button", name="Record the decision").click()
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
    settled(ada, 0.3)
    settled(ben, 0.3)


def _what_is_kept(store: Store) -> None:
    meeting = store.meetings.get(1).meeting
    assert meeting.is_closed
    assert [person.name for person in meeting.people] == ["Ada", "Ben"]
    (decision,) = store.decisions.list()
    assert (decision.who, decision.value.meeting) == ("Ben", 1)
    assert [change.kind for change in decision.value.changes] == ["overtime", "demand_growth"]
    saved = store.load_scenario(decision.value.scenario)
    assert saved.name == meeting.saved
    assert "meeting 1" in saved.json
