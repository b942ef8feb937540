"""The slides, read back: their order and number, every chart's numbers, what they say, how they are made."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import openpyxl
import pytest
from pptx import Presentation

from sop_core.charts.roles import LIGHT
from sop_core.errors import SopError
from sop_core.export.deck import deck
from sop_core.export.slides import template
from sop_core.pack.value import Pack, Step
from sop_core.signoff.record import Signoff
from sop_core.wording import money, percent, short
from tests import packs

SUBJECTS = (
    "Larkfield Garden", "KPIs", "Demand", "Supply", "Capacity", "Stock", "Money", "Scenarios", "Risk", "Bridge",
    "Assumptions and actions", "Definitions and basis",
)  # fmt: skip


@lru_cache(maxsize=1)
def content() -> bytes:
    return deck(packs.example())


def read(made: bytes) -> Any:
    return Presentation(io.BytesIO(made))


@lru_cache(maxsize=1)
def example() -> Any:
    """The example's slides; nobody edits them."""
    return read(content())


def words(slide: Any) -> str:
    """Every text of a slide, tables included."""
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            found.append(shape.text_frame.text)
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


def charts(slide: Any) -> dict[str, Any]:
    return {shape.name: shape.chart for shape in slide.shapes if shape.has_chart}


def series(chart: Any) -> dict[str, tuple[float | None, ...]]:
    return {one.name: tuple(one.values) for plot in chart.plots for one in plot.series}


def signed(pack: Pack) -> Signoff:
    return Signoff(
        number=7, cycle=pack.cycle, who="Marta Conti", role="Managing director", at="2026-11-22T14:05:31Z",
        comment="Agreed.", supersedes=None, reason="", scenario=pack.basis.scenario, scenario_revision=3,
        scenario_json="{}", data_version=1, data_fingerprint="d1" * 32, tables={}, review=2, verdicts="", agreement=None,
        demand_fingerprint="", plan_fingerprint="f0" * 32, kpis={}, engine="highs", status="optimal", gap=0.0,
        code_version="0.5.0", packages={}, decisions=(), assumptions=(), pack="", frames={}, marks={}, previous="0" * 64,
    )  # fmt: skip


def test_twelve_slides_in_the_order_of_the_meeting() -> None:
    slides = example().slides
    assert len(slides) == 12
    kickers = [slide.placeholders[template.KICKER_AT].text_frame.text for slide in slides]
    for kicker, subject in zip(kickers, SUBJECTS, strict=True):
        assert kicker.startswith(subject), (kicker, subject)


def test_headlines_are_the_pack_s_own_sentences() -> None:
    pack = packs.example()
    titles = [slide.shapes.title.text_frame.text for slide in example().slides]
    assert titles[0] == pack.proposal
    assert pack.risk is not None
    assert pack.bridge is not None
    assert pack.year is not None
    for at, sentence in {
        2: pack.picture("demand").sentence,  # type: ignore[union-attr]
        3: pack.picture("supply").sentence,  # type: ignore[union-attr]
        5: pack.picture("stock").sentence,  # type: ignore[union-attr]
        6: pack.year.sentence,
        8: pack.risk.sentence,
        9: pack.bridge.sentence,
    }.items():
        assert titles[at] == sentence
    assert titles[1] == "All 3 targets are kept; margin is 61.5 k EUR below budget."
    assert all(title.endswith(".") for title in titles)


@pytest.mark.parametrize(
    ("at", "name", "picture"),
    [
        (2, "Demand by month", "demand"),
        (3, "Demand and supply by month", "supply"),
        (3, "Late and lost by month", "supply"),
        (5, "Stock by month", "stock"),
    ],
)
def test_charts_hold_the_pack_s_numbers_to_the_last_digit(at: int, name: str, picture: str) -> None:
    shown = packs.example().picture(picture)
    assert shown is not None
    drawn = series(charts(example().slides[at])[name])
    own = {one.title: one.values for one in shown.series}
    common = drawn.keys() & own.keys()
    assert len(common) >= 2
    for title in common:
        assert drawn[title] == own[title], title
    assert drawn.keys() - own.keys() <= {"P90 less P10"}


def test_every_series_of_a_picture_is_drawn() -> None:
    slides = example().slides
    for at, name in ((2, "demand"), (3, "supply"), (5, "stock")):
        shown = packs.example().picture(name)
        assert shown is not None
        drawn = {title for chart in charts(slides[at]).values() for title in series(chart)}
        assert {one.title for one in shown.series} <= drawn


def test_the_workbook_inside_a_chart_has_the_same_numbers() -> None:
    for slide in example().slides:
        for chart in charts(slide).values():
            blob = chart.part.chart_workbook.xlsx_part.blob
            sheet = openpyxl.load_workbook(io.BytesIO(blob)).worksheets[0]
            columns = {column[0].value: [cell.value for cell in column[1:]] for column in sheet.iter_cols()}
            for name, values in series(chart).items():
                assert columns[name] == [None if v is None else pytest.approx(v, rel=1e-15) for v in values]


def test_the_band_lies_between_its_ends() -> None:
    drawn = series(charts(example().slides[2])["Demand by month"])
    for low, width, high in zip(drawn["P10"], drawn["P90 less P10"], drawn["P90"], strict=True):
        assert (low is None) == (high is None)
        if low is not None and high is not None and width is not None:
            assert low + width == pytest.approx(high, rel=1e-12)


def test_hours_of_the_fullest_resource() -> None:
    pack = packs.example()
    drawn = series(charts(example().slides[4])["Hours of Mower Line"])
    line = pack.resources[0]
    assert drawn == {
        "Hours needed": line.needed, "Overtime planned": line.overtime, "Regular hours": line.available,
    }  # fmt: skip


def test_loads_are_hours_needed_of_regular_ones() -> None:
    pack = packs.example()
    slide = example().slides[4]
    table = next(shape.table for shape in slide.shapes if shape.has_table)
    line = pack.resources[0]
    row = [cell.text for cell in table.rows[1].cells]
    assert row[0] == "Mower Line"
    expected = [f"{a / b * 100:.0f}" for a, b in zip(line.needed, line.available, strict=True) if a and b]
    assert row[1:] == expected


def _bars(chart: Any) -> list[float]:
    """What each bar of a waterfall adds up to: favourable and unfavourable parts, signed by where they lie."""
    found = series(chart)
    count = len(next(iter(found.values())))
    return [
        sum(abs(found[name][at] or 0.0) for name in found if name not in ("Carried", "Label"))
        for at in range(count)
    ]


def test_the_bridge_s_bars_are_its_steps() -> None:
    pack = packs.example()
    bridge = pack.bridge
    assert bridge is not None
    bars = _bars(charts(example().slides[9])["From base to proposal"])
    assert bars == [
        *(abs(step.amount) for step in bridge.steps),
        pytest.approx(bridge.end_value - bridge.start_value),
    ]
    text = words(example().slides[9])
    for step in bridge.steps:
        assert step.sentence in text
        assert short(step.amount, True) in text


def test_a_bridge_of_large_steps_shows_both_ends_and_crosses_zero() -> None:
    bridge = packs.example().bridge
    assert bridge is not None
    steps = (Step("Down", -150.0, False), Step("Up", 200.0, True), Step("Neither", 1.0, None))
    pack = packs.example(bridge=replace(bridge, start_value=100.0, end_value=151.0, steps=steps))
    chart = charts(read(deck(pack)).slides[9])["From base to proposal"]
    assert _bars(chart) == [100.0, 150.0, 200.0, 1.0, 151.0]
    found = series(chart)
    assert found["Unfavourable"][1] == 100.0
    assert found["Unfavourable, below zero"][1] == -50.0


def test_quarters_and_the_variance_bridge() -> None:
    pack = packs.example()
    year = pack.year
    assert year is not None
    drawn = charts(example().slides[6])
    margin = next(row for row in year.rows if row.name == "margin")
    quarters = [at for at, whole in enumerate(year.years) if not whole]
    found = series(drawn["Margin by quarter"])
    assert found["Plan"] == tuple(margin.plan[at] for at in quarters)
    assert found["Budget"] == tuple(margin.budget[at] for at in quarters)
    assert found["Last LE"] == tuple(margin.last[at] for at in quarters)
    assert year.variance is not None
    amounts = [abs(step.amount) for step in year.variance.steps]
    assert _bars(drawn["From budget to plan"])[: len(amounts)] == amounts


def test_chances_to_miss() -> None:
    risk = packs.example().risk
    assert risk is not None
    slide = example().slides[8]
    assert series(charts(slide)["Chance to miss"])["Chance to miss"] == tuple(
        line.miss for line in risk.lines
    )
    text = words(slide)
    for line in risk.lines:
        for value in (line.p10, line.p50, line.p90, line.plan, line.target):
            assert (percent(value) if line.unit == "fraction" else short(value)) in text
    for threat in packs.example().threats:
        assert threat.title in text
        assert threat.sentence in text


def test_texts_carry_the_pack_s_figures() -> None:
    pack = packs.example()
    slides = example().slides
    opening = words(slides[0])
    for card in pack.decisions:
        assert card.title in opening
        assert card.state.capitalize() in opening
        if card.waiting_amount is not None:
            assert money(card.waiting_amount, "EUR") in opening
    table, compared = words(slides[1]), words(slides[7])
    for line in pack.kpis:
        assert line.value is not None
        text = percent(line.value) if line.unit == "fraction" else short(line.value)
        assert line.title in table
        assert text in table
        assert text in compared
        for one in line.against:
            assert (percent(one.amount) if line.unit == "fraction" else short(one.amount)) in table
    for scenario in pack.scenarios:
        assert scenario.name in compared
    assert compared.splitlines().count("Planning's proposal recommended") == 1
    last = words(slides[11])
    for definition in pack.definitions:
        assert definition.title in last


def test_every_slide_is_spoken_to_in_its_notes() -> None:
    pack = packs.example()
    notes = [slide.notes_slide.notes_text_frame.text for slide in example().slides]
    assert all(notes)
    for line in pack.kpis:
        assert line.formula in notes[1]
    assert pack.basis.plan_fingerprint in notes[11]
    assert pack.decisions[0].why in notes[0]


def test_feet_name_company_scenario_cycle_data_and_plan() -> None:
    for number, slide in enumerate(example().slides, start=1):
        foot = slide.placeholders[template.FOOTER_AT].text_frame.text
        for part in (
            "Larkfield Garden",
            "Planning's proposal",
            "cycle Nov 26",
            "data version 1",
            "plan f0f0f0f0",
            "not signed",
        ):
            assert part in foot
        assert 'type="slidenum"' in slide.placeholders[template.NUMBER_AT]._element.xml
        assert str(number) in slide.placeholders[template.NUMBER_AT]._element.xml


def test_a_signed_pack_says_so() -> None:
    pack = packs.example()
    record = signed(pack)
    slides = read(deck(pack, record)).slides
    assert "signed by Marta Conti, Managing director, 2026-11-22 14:05:31 UTC, as no. 7" in words(slides[0])
    assert "Signed as no. 7" in words(slides[11])
    assert f"SHA-256 {record.digest}" in words(slides[11])
    assert record.digest in slides[11].notes_slide.notes_text_frame.text
    assert all(
        "signed as no. 7" in slide.placeholders[template.FOOTER_AT].text_frame.text for slide in slides
    )


def test_charts_and_tables_have_alt_texts_and_no_legend() -> None:
    for slide in example().slides:
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                assert len(shape._element.nvGraphicFramePr.cNvPr.get("descr")) > 10, shape.name
            if shape.has_chart:
                assert not shape.chart.has_legend
                assert shape.chart.has_title


def test_axes_start_at_zero_and_units_stand_in_titles() -> None:
    for slide in example().slides:
        for name, chart in charts(slide).items():
            assert chart.value_axis.minimum_scale is not None
            assert chart.value_axis.minimum_scale <= 0
            low = min(v for values in series(chart).values() for v in values if v is not None)
            assert low < 0 or chart.value_axis.minimum_scale == 0, name
            title = chart.chart_title.text_frame.text
            assert any(unit in title for unit in ("EUR", "units", "hours", "%")), title


def test_closed_months_are_marked_as_actuals() -> None:
    chart = charts(example().slides[2])["Demand by month"]
    groups = [(label.label, label.idx) for label in chart.plots[0].categories.levels[1]]
    assert groups == [("Actuals", 0), ("2026", 2), ("2027", 4)]
    assert "actuals to Oct 26" in chart.chart_title.text_frame.text


def test_theme_and_fonts_are_the_product_s() -> None:
    with zipfile.ZipFile(io.BytesIO(content())) as package:
        themes = [package.read(name).decode() for name in package.namelist() if "/theme/" in name]
        texts = [
            package.read(name).decode()
            for name in package.namelist()
            if re.match(r"ppt/(slides|slideMasters|slideLayouts|charts)/[^/]+\.xml", name)
        ]
        names = package.namelist()
    assert len(themes) == 2  # slides and notes
    for theme in themes:
        assert theme.count('typeface="IBM Plex Sans"') == 2
        for hue in (LIGHT.demand, LIGHT.supply, LIGHT.stock, LIGHT.shortage, LIGHT.ink, LIGHT.accent):
            assert f'val="{hue[1:]}"' in theme
        assert "Calibri" not in theme
    # No slide names a font of its own: all take the theme's.
    assert {face for text in texts for face in re.findall(r'typeface="([^"]*)"', text)} <= {
        "+mn-lt",
        "+mj-lt",
        "+mn-ea",
        "+mn-cs",
    }
    assert not [name for name in names if "thumbnail" in name or "printerSettings" in name]


def test_equal_packs_give_equal_files_that_tell_nothing_of_their_making() -> None:
    assert deck(packs.example()) == content()
    core = example().core_properties
    assert core.title == "Executive S&OP Nov 26: Planning's proposal"
    assert core.author == core.last_modified_by == "Larkfield Garden"
    with zipfile.ZipFile(io.BytesIO(content())) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for name in package.namelist():
            inner = package.read(name)
            assert b"python-pptx" not in inner, name
            assert b"/home/" not in inner
            assert b"/tmp/" not in inner


def test_progress_tells_every_slide_and_stop_leaves_nothing() -> None:
    told: list[tuple[str, int, int]] = []
    tell: Callable[[str, int, int], None] = lambda what, done, of: told.append((what, done, of))  # noqa: E731
    deck(packs.bare(), None, tell, lambda: False)
    assert [done for _, done, _ in told] == list(range(10))
    assert {of for _, _, of in told} == {10}
    with pytest.raises(SopError, match="stopped"):
        deck(packs.bare(), stop=lambda: True)
