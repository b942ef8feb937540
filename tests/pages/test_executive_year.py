"""Financial year on the Executive page: what it draws of a Pack, and that its numbers are those of Financials."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.executive import source
from pages.parts.executive import year as section
from pages.parts.meeting import financials_table as table
from sop_core.charts.projection import Ends, Quarters, ends_chart, quarter_chart, variance_chart
from sop_core.charts.roles import DARK, LIGHT
from sop_core.pack.value import Pack
from tests import packs
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]


def _tables() -> dict[str, pd.DataFrame]:
    """The company of one line whose fiscal year starts in October, so that three months of it are closed."""
    made = companies.full_line()
    setting = pd.DataFrame({"setting": ["fiscal_year_start"], "value": ["10"]})
    made["settings"] = pd.concat([made["settings"], setting])
    made["budget"] = made["budget"].assign(margin=300.0)
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return companies.build(tmp_path_factory.mktemp("year") / "company.duckdb", _tables())


@pytest.fixture
def opened(store: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the section; with a pack it draws that one: opened(pack)."""

    def open_page(pack: Pack | None = None, page: str = "executive") -> AppTest:
        monkeypatch.setenv("SOP_STORE", str(store))
        if pack is not None:
            monkeypatch.setattr(source, "pack_in_view", lambda view: pack)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.query_params["executive_view"] = "Financial year"
        app.query_params["meeting_view"] = "Financials"
        return app.switch_page(f"pages/{page}.py").run()

    return open_page


def said(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def amounts(text: str, title: str) -> list[str]:
    """What stands in the tooltips of a line's cells: the exact amounts."""
    row = re.search(rf'<th scope="row"[^>]*>{re.escape(title)}</th>(.*?)</tr>', text)
    assert row, title
    return re.findall(r'title="([-\d,.]+)', row[1])


def test_headline_and_every_number_are_those_of_financials(opened: Open) -> None:
    mine = said(opened())
    app = opened(page="meeting")
    theirs = said(app.segmented_control(key="fin_across").set_value("Quarters").run())
    headline = re.search(r'<p class="sop-headline">(FY.*?)</p>', mine)
    assert headline
    assert headline[0] in theirs
    for title in ("Cost", "Contribution margin", "Stock value", "Receivables", "Payables", "Working capital",
                  "Cash flow", "Cumulative cash"):  # fmt: skip
        # Financials ends with a column of the whole plan, which is the one fiscal year here.
        assert amounts(mine, title) == amounts(theirs, title)[:-1], title
    assert amounts(mine, "Revenue, invoiced and planned") == amounts(theirs, "Revenue")[:4]


def test_a_pack_with_everything_shows_the_year_three_pictures_and_what_it_rests_on(opened: Open) -> None:
    pack = packs.example()
    app = opened(pack)
    text = said(app)
    assert not app.exception
    assert pack.year is not None
    assert pack.year.sentence in text
    assert "Difference to budget" in text
    assert "Difference to Last LE" in text
    assert pack.year.last_name in text
    assert all(remark in text for remark in pack.year.remarks)
    assert len(app.get("plotly_chart")) == 3
    assert app.get("download_button")
    assert "sop-good" in text
    assert ", unfavourable" in text


def test_another_year_and_all_of_them_can_be_chosen(opened: Open) -> None:
    app = opened(packs.example())
    assert "FY 28" not in said(app)
    app = app.segmented_control(key="exec_year").set_value("FY 28").run()
    assert "FY 28 (part)" in said(app)
    app = app.segmented_control(key="exec_year").set_value(section.ALL).run()
    assert not app.exception
    assert {"FY 27", "FY 28 (part)"} <= set(re.findall(r">(FY \d\d(?: \(part\))?)</th>", said(app)))


def test_cost_components_stand_under_their_sum_when_asked_for(opened: Open) -> None:
    app = opened()
    assert ">Overtime<" not in said(app)
    app = app.toggle(key="exec_year_parts").set_value(True).run()
    assert ">Regular hours<" in said(app)


def test_a_pack_without_a_financial_year_says_so(opened: Open) -> None:
    app = opened(packs.bare())
    assert not app.exception
    assert "no financial year" in said(app)
    assert not app.get("plotly_chart")


def test_without_a_variance_two_pictures_remain(opened: Open) -> None:
    full = packs.example()
    assert full.year is not None
    app = opened(replace(full, year=replace(full.year, variance=None)))
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2


def test_names_and_remarks_from_data_are_harmless(opened: Open) -> None:
    full = packs.example()
    assert full.year is not None
    bad = "<script>alert(1)</script>"
    text = said(opened(replace(full, year=replace(full.year, last_name=bad, sentence=bad, remarks=(bad,)))))
    assert "<script>" not in text


# -- parts --


def test_columns_tell_what_is_missing_of_a_period() -> None:
    year = packs.example().year
    assert year is not None
    at = section.shown_periods(year, section.ALL)
    columns = section.columns_of(year, at)
    assert [column.label for column in columns] == [
        "Q1",
        "Q2",
        "Q3",
        "Q4",
        "FY 27",
        "Q1 (part)",
        "FY 28 (part)",
    ]
    assert columns[0].tip == "FY 27 Q1, 2 of its months closed"
    assert columns[-1].tip == "FY 28, not all of its months are in the plan"
    assert [column.sum for column in columns] == list(year.years)


def test_the_download_holds_every_number_of_the_year() -> None:
    pack = packs.example()
    assert pack.year is not None
    frame = section.frame(pack)
    for row in pack.year.rows:
        for of, values in (("plan", row.plan), ("budget", row.budget), ("last LE", row.last)):
            found = frame[(frame["line"] == row.name) & (frame["of"] == of)]
            if any(value is not None for value in values):
                assert found[list(pack.year.periods)].iloc[0].tolist() == list(values)
            else:
                assert found.empty
    assert section.frame(packs.bare()).empty


def test_differences_are_plan_less_yardstick_and_say_what_is_favourable() -> None:
    year = packs.example().year
    assert year is not None
    blocks = section.blocks_of(year, section.shown_periods(year, "FY 27"), parts=True)
    rows = [row for block in blocks for row in block.rows]
    found = [n for n, row in enumerate(rows) if row.label == "Difference to budget"]
    assert found
    for n in found:
        assert rows[n].amounts == pytest.approx(rows[n - 2].amounts - rows[n - 1].amounts)
        assert rows[n].kind == table.GAP
    stock = next(row for row in year.rows if row.name == "stock_value")
    assert section._lines(stock, [4], closed=True)[-1].favourable == -1


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_pictures_show_the_packs_numbers(palette: object) -> None:
    year = packs.example().year
    assert year is not None
    assert year.variance is not None
    at = section.shown_periods(year, "FY 27")
    margin = next(row for row in year.rows if row.name == "margin")
    picture = section.margin_picture(palette, "EUR", year, at)  # type: ignore[arg-type]
    assert picture is not None
    assert list(picture.figure.data[0].y) == list(margin.plan[:4])
    assert [trace.name for trace in picture.figure.data] == ["Margin", "Budget", "Last LE"]
    assert picture.figure.data[1].y[1] == margin.budget[0]
    capital = section.capital_picture(palette, "EUR", year, at)  # type: ignore[arg-type]
    assert capital is not None
    assert "Working capital" in capital.alt
    bridge = variance_chart(palette, "EUR", year.variance, narrow=True)  # type: ignore[arg-type]
    assert sum(bridge.figure.data[0].x[:-1]) == pytest.approx(bridge.figure.data[0].x[-1])
    low, high = bridge.figure.layout.xaxis.range
    ends = [base + x for base, x in zip(bridge.figure.data[0].base, bridge.figure.data[0].x, strict=True)]
    assert low < min(ends) < max(ends) < high
    assert year.variance.sentence in bridge.alt


def test_a_quarter_that_is_not_known_is_a_gap() -> None:
    unknown = float("nan")
    picture = quarter_chart(
        LIGHT, Quarters("Margin", "EUR", ("Q1", "Q2"), pd.Series([unknown, -5.0]).to_numpy(), None)
    )
    assert list(picture.figure.data[0].y) == [None, -5.0]
    assert list(picture.figure.data[0].text) == ["", "−5"]
    assert picture.alt == "Margin by quarter, EUR: Q2 -5."
    assert picture.figure.layout.yaxis.range[0] < -5
    lines = (("Cash", pd.Series([unknown, 7.0]).to_numpy()),)
    assert "Cash: Q2 7" in ends_chart(LIGHT, Ends("Cash", "EUR", ("Q1", "Q2"), lines)).alt
