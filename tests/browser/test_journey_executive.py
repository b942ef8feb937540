"""The executive review: the proposal is opened, decided on, printed, signed, opened again, exported and verified."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from sop_core.cli.reading import snapshot_of
from sop_core.demo import agenda
from sop_core.planner import Planner, prepare
from sop_core.store import Store
from tests.browser.driver import App, running_app, settled

COMMENT = "With the *shop windows* moved to June"
#: Milliseconds that a busy machine may take for anything.
PATIENCE = 90_000
CARD = ".st-key-exec_card_1"


@pytest.fixture(scope="module")
def agenda_store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company with what its executives have to decide, and its forecasts kept for the server."""
    path = Path(shutil.copy(demo_store, tmp_path_factory.mktemp("agenda") / "sop.duckdb"))
    with Store.open(path) as store:
        company = prepare(snapshot_of(store, None), cache=store.forecasts)
        for decision in agenda(company, Planner(company).plan).decisions:
            store.decisions.add(decision, decision.owner)
    return path


def section(page: Page, name: str) -> None:
    page.locator(".st-key-executive_view").get_by_text(name, exact=True).click()
    settled(page)


def known(page: Page) -> None:
    """Waits until the chances are worked out beside the screen: then there are files to take away."""
    page.locator(".st-key-exec_exports").wait_for(timeout=PATIENCE)
    settled(page)


def test_the_proposal_is_decided_signed_reopened_exported_and_verified(
    page: Page, agenda_store: Path, tmp_path: Path, console_errors: list[str]
) -> None:
    store = Path(shutil.copy(agenda_store, tmp_path / "sop.duckdb"))
    page.set_default_timeout(PATIENCE)
    with running_app(store, tmp_path / "server.log") as app:
        _the_recommended_scenario_is_opened(page, app)
        _one_is_decided_by_keyboard(page)
        _it_prints_on_two_pages(page)
        shown = page.locator(".st-key-exec_top").inner_text()
        _it_is_signed(page)
        _it_opens_again_as_it_was(page, shown)
        _a_file_is_taken_away(page)
        _it_is_verified(page)
        assert not app.traceback()
    assert console_errors == []
    with Store.open(store) as opened:
        (signed,) = opened.signoffs.list()
        assert (signed.who, signed.role, signed.scenario) == ("Ada Keller", "CEO", "Planning's proposal")
        decision = opened.decisions.get(1).value
        assert (decision.state, decision.comment) == ("approved", COMMENT)
        assert opened.load_scenario("Planning's proposal").locked


def _the_recommended_scenario_is_opened(page: Page, app: App) -> None:
    page.goto(f"{app.url}/executive")
    settled(page, patience=180)
    page.locator(".st-key-exec_choose").get_by_role("button", name="Planning's proposal").click()
    expect(page.locator(".st-key-exec_choose")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".st-key-exec_top [role=heading]")).to_contain_text(
        "Planning's proposal", timeout=PATIENCE
    )
    expect(page.locator(".st-key-exec_pictures .js-plotly-plot")).to_have_count(4, timeout=PATIENCE)
    known(page)
    expect(page.locator(".st-key-exec_risk")).to_contain_text("Chance to miss", timeout=PATIENCE)


def _one_is_decided_by_keyboard(page: Page) -> None:
    page.locator(CARD).get_by_role("textbox").focus()
    page.keyboard.type(COMMENT)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"{CARD} .ex-chip").first).to_have_text("approved", timeout=PATIENCE)
    expect(page.locator(f"{CARD} blockquote")).to_have_text(COMMENT)
    known(page)


def _it_prints_on_two_pages(page: Page) -> None:
    """Paper holds what is read, and nothing that is pressed."""
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    texts = [re.sub(r"\s+", " ", sheet.extract_text()) for sheet in paper.pages]
    assert len(texts) == 2, texts[2:]
    assert "Executive review of" in texts[0]
    assert "Decisions" in texts[1]
    for pressed in ("Approve", "Reject", "Make the slides", "Trade-offs", "Financial year"):
        assert pressed not in "".join(texts)


def _it_is_signed(page: Page) -> None:
    section(page, "Sign-off")
    form = page.locator(".st-key-sign_form, [data-testid=stForm]").first
    form.get_by_label("Name").fill("Ada Keller")
    form.get_by_label("Role").fill("CEO")
    form.get_by_text(re.compile("still open")).click()
    page.get_by_role("button", name="Sign the plan").click()
    expect(page.locator(".st-key-signed_banner")).to_contain_text("Ada Keller", timeout=PATIENCE)
    settled(page)


def _it_opens_again_as_it_was(page: Page, shown: str) -> None:
    section(page, "Proposal")
    assert "signoff=1" in page.url
    page.reload()
    settled(page, patience=60)
    expect(page.locator(".st-key-signed_banner")).to_contain_text("read-only")
    assert page.locator(".st-key-exec_top").inner_text() == shown
    expect(page.locator(f"{CARD} .ex-chip").first).to_have_text("approved")
    expect(page.locator(".st-key-exec_cards [data-testid=stForm]")).to_have_count(0)


def _a_file_is_taken_away(page: Page) -> None:
    page.get_by_role("button", name="Make the one-pager").click()
    get = page.get_by_role("button", name=re.compile(r"One-pager \("))
    get.wait_for(timeout=PATIENCE)
    with page.expect_download() as taken:
        get.click()
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF")


def _it_is_verified(page: Page) -> None:
    section(page, "Sign-off")
    page.get_by_role("button", name="Verify sign-off 1").click()
    expect(page.locator(".st-key-verify [data-testid=stAlert]")).to_contain_text(
        "verified", timeout=PATIENCE, ignore_case=True
    )
    expect(page.locator(".st-key-verify")).not_to_contain_text("What is not as it was signed")
