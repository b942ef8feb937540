"""Verify on the screen: the button, the work beside it, and its report."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import jobs
from tests.signoff import signed


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verify") / "company.duckdb"
    signed.make(path)
    return path


@pytest.fixture
def copy(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = Path(shutil.copy(store, tmp_path / "copy.duckdb"))
    monkeypatch.setenv("SOP_STORE", str(path))
    return path


def page() -> AppTest:
    def draw() -> None:
        from pages.parts.executive import verify

        verify.render(2)

    return AppTest.from_function(draw, default_timeout=120).run()


def pressed(app: AppTest, key: str) -> AppTest:
    """Presses the button and waits for the work beside the screen."""
    app.button(key=key).click().run()
    job: jobs.Job[object] = app.session_state["_jobs"]["verify"]
    assert job.wait(120)
    return app.run()


def drawn(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))  # type: ignore[attr-defined]


def test_all_well_in_one_sentence_with_what_was_checked(copy: Path) -> None:
    app = page()
    assert [button.label for button in app.button] == ["Verify all sign-offs", "Verify sign-off 2"]
    app = pressed(app, "verify_all")
    assert not app.exception
    assert [block.value for block in app.success] == [
        "All 3 sign-offs are as signed: chain, contents, data and decisions are unchanged, and the plan made again is "
        "the same."
    ]
    assert drawn(app).count("<tbody><tr>") == 1
    assert "highspy</td>" in drawn(app)


def test_findings_name_what_and_how_to_go_on(copy: Path) -> None:
    with duckdb.connect(str(copy)) as con:
        con.execute(
            "UPDATE decision_revision SET json = replace(json, 'Until June.', '<b>No</b>') WHERE id = 1"
        )
    app = pressed(page(), "verify_one")
    assert not app.exception
    assert app.error[0].value == "1 finding (Sign-off 2): not all is as it was signed."
    assert "comment reads “&lt;b&gt;No&lt;/b&gt;” where “Until June.” was signed" in drawn(app)
    assert "Bring back a copy of the store" in drawn(app)


def test_a_store_that_cannot_be_verified_says_why(copy: Path) -> None:
    with duckdb.connect(str(copy)) as con:
        con.execute("DELETE FROM signoff WHERE number = 2")
    app = pressed(page(), "verify_one")
    assert "There is no sign-off number 2" in app.error[0].value
