"""Slides, workbook and one-pager on the screen: nothing is made unasked, the work can be seen, the files are kept."""

from __future__ import annotations

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import jobs
from pages.parts.executive import exports
from sop_core.errors import SopError
from sop_core.export import files
from tests import packs

pytestmark = pytest.mark.usefixtures("nothing_kept")


@pytest.fixture
def nothing_kept() -> None:
    exports._files.clear()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(kind, title) of every file that is made, in place of the file itself."""
    asked: list[tuple[str, str]] = []

    def make(kind, pack, frames, signed, tell, stop):  # type: ignore[no-untyped-def]
        asked.append((kind, pack.title))
        tell("Drawing", 1, 2)
        return f"{kind} of {pack.title}".encode()

    monkeypatch.setattr(files, "make", make)
    return asked


def page(title: str = "Planning's proposal") -> AppTest:
    def draw(title: str) -> None:
        import streamlit as st

        from pages.parts.executive import exports
        from tests import packs

        name = st.text_input("title", title)
        exports.downloads(packs.example(title=name), dict)

    return AppTest.from_function(draw, args=(title,), default_timeout=30).run()


def finished(app: AppTest, kind: str) -> AppTest:
    job: jobs.Job[bytes] = app.session_state["_jobs"][f"export_{kind}"]
    assert job.wait(30)
    return app.run()


def offered(app: AppTest) -> list[str]:
    return [button.proto.label for button in app.get("download_button")]  # type: ignore[attr-defined]


def test_nothing_is_made_before_it_is_asked_for(made: list[tuple[str, str]]) -> None:
    app = page()
    assert [button.label for button in app.button] == [
        "Make the slides",
        "Make the workbook",
        "Make the one-pager",
    ]
    assert not made
    assert not offered(app)


def test_a_file_that_is_asked_for_is_made_once_and_offered(made: list[tuple[str, str]]) -> None:
    app = page()
    app.button(key="exec_make_xlsx").click().run()
    app = finished(app, "xlsx")
    assert made == [("xlsx", "Planning's proposal")]
    assert offered(app) == ["Workbook (1 kB)"]
    assert [button.label for button in app.button] == ["Make the slides", "Make the one-pager"]
    other = page()  # another session
    assert offered(other) == ["Workbook (1 kB)"]
    assert len(made) == 1


def test_a_changed_proposal_is_made_anew(made: list[tuple[str, str]]) -> None:
    app = page()
    app.button(key="exec_make_pdf").click().run()
    app = finished(app, "pdf")
    app.text_input[0].set_value("Another one").run()
    assert not offered(app)
    assert app.button(key="exec_make_pdf").label == "Make the one-pager"
    app.button(key="exec_make_pdf").click().run()
    finished(app, "pdf")
    assert made == [("pdf", "Planning's proposal"), ("pdf", "Another one")]


def test_why_a_file_cannot_be_made_is_said_and_it_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Exception | bytes] = [SopError("The plan lacks its results money."), b"there"]

    def make(*_: object) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(files, "make", make)
    app = page()
    app.button(key="exec_make_xlsx").click().run()
    app = finished(app, "xlsx")
    assert "lacks its results money" in app.error[0].value
    assert not offered(app)
    app.button(key="exec_make_xlsx").click().run()
    app = finished(app, "xlsx")
    assert offered(app) == ["Workbook (1 kB)"]
    assert not app.error


def test_files_that_are_kept_are_bounded() -> None:
    shelf = exports._Files()
    for n in range(exports.KEPT + 3):
        shelf.put((str(n), "pdf"), b"x")
        shelf.get(("0", "pdf"))
    assert shelf.get(("0", "pdf")) == b"x", "what is used stays"
    assert shelf.get(("1", "pdf")) is None
    assert sum(shelf.get((str(n), "pdf")) is not None for n in range(exports.KEPT + 3)) == exports.KEPT


@pytest.mark.parametrize("kind", ["pptx", "pdf"])
def test_real_files_are_made_of_a_pack_alone(kind: str) -> None:
    def never() -> dict[str, object]:
        raise AssertionError("only the workbook needs the frames")

    content = files.make(kind, packs.example(), never)  # type: ignore[arg-type]
    if kind == "pdf":
        assert content.startswith(b"%PDF")
    else:
        assert "ppt/presentation.xml" in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_files_are_called_by_company_scenario_and_cycle() -> None:
    assert files.file_name(packs.example(), "xlsx") == "larkfield-garden_plannings-proposal_2026-11.xlsx"
    odd = packs.example(company="../Žlutý: kůň", title='a/b\\c "?"\n')
    assert files.file_name(odd, "pdf") == "zluty-kun_a-b-c_2026-11.pdf"
    assert files.file_name(packs.example(company="", title="株式会社"), "pdf") == "株式会社_2026-11.pdf"
