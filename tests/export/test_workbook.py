"""The workbook read back: every number is the plan's, totals are live and agree, and no text becomes a formula."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook as Read

from sop_core.changes import CapacityChange, Scope
from sop_core.errors import SopError
from sop_core.export import workbook as made
from sop_core.export.sheets import details
from sop_core.export.sheets.live import NOT_LIVE
from sop_core.export.sheets.style import MOST_LETTERS, clean
from sop_core.export.workbook import SHEETS, workbook
from sop_core.kpis import KPIS
from sop_core.pack.build import build
from sop_core.pack.gather import gather
from sop_core.pack.value import KpiLine, Pack
from sop_core.plan import Plan
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests import packs
from tests.pages.companies import full_line

Frames = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, Plan]:
    """The pack and plan of a scenario of the company of one line, with every KPI there is."""
    path = tmp_path_factory.mktemp("book") / "line.duckdb"
    scenario = Scenario("Less").add(CapacityChange(scope=Scope.of(resource="Forge"), hours=-20.0))
    with Store.open(path) as store:
        store.import_tables(full_line(), "test")
        store.save_scenario("Less", scenario.to_json(), "Ada", 0)
        company = prepare(Snapshot.from_tables(store.tables(), 1))
        evidence = gather(store, Planner(company), "Less", paths=0)
    pack, plan = build(evidence), evidence.plan
    every = tuple(
        KpiLine(k.name, k.title, k.unit, k.direction, k.formula, v if math.isfinite(v) else None)
        for k, v in ((k, plan.kpis[k.name]) for k in KPIS.values())
    )
    shown = {one.name: one for one in pack.kpis}
    return replace(pack, kpis=tuple(shown.get(one.name, one) for one in every)), plan


@pytest.fixture(scope="module")
def book(line: tuple[Pack, Plan]) -> bytes:
    return workbook(line[0], line[1].frames())


@pytest.fixture(scope="module")
def values(book: bytes) -> Read:
    """The workbook as a viewer shows it that does not calculate."""
    return openpyxl.load_workbook(io.BytesIO(book), data_only=True)


@pytest.fixture(scope="module")
def formulas(book: bytes) -> Read:
    return openpyxl.load_workbook(io.BytesIO(book))


def rows_of(read: Read, sheet: str, heading: int = 4) -> pd.DataFrame:
    """The table below a heading (row from 1), until the first blank row."""
    rows = list(read[sheet].iter_rows(min_row=heading, values_only=True))
    filled = []
    for row in rows[1:]:
        if all(value is None for value in row):
            break
        filled.append(row)
    return pd.DataFrame(filled, columns=list(rows[0]))


def kpi_rows(read: Read) -> dict[str, tuple[Any, ...]]:
    """KPI title -> its row of the Summary."""
    found: dict[str, tuple[Any, ...]] = {}
    rows = iter(read["Summary"].iter_rows(values_only=True))
    for row in rows:
        if row[0] == "KPI":
            break
    for row in rows:
        if row[0] is None:
            return found
        found[str(row[0])] = row
    return found


#: sheet -> frame, and heading -> column, of those that hold numbers.
COLUMNS = {
    "Demand": ("demand", {"Baseline (units)": "baseline", "Unconstrained demand (units)": "unconstrained",
                          "Events (units)": "layer_events"}),
    "Production": ("production", {"Started (units)": "started", "Received (units)": "received"}),
    "Stock": ("stock", {"Stock at month end (units)": "stock", "Target (units)": "target",
                        "Below target (units)": "below_target"}),
    "Shipments": ("shipments", {"Shipped (units)": "quantity"}),
    "Capacity load": ("load", {"Needed (hours)": "load", "Overtime (hours)": "overtime",
                               "Regular hours used (hours)": "regular"}),
    "Materials": ("materials", {"Bought (units)": "bought"}),
}  # fmt: skip


@pytest.mark.parametrize("sheet", list(COLUMNS))
def test_every_row_of_the_plan_is_on_its_sheet(sheet: str, line: tuple[Pack, Plan], values: Read) -> None:
    name, columns = COLUMNS[sheet]
    frame, found = line[1].frames()[name], rows_of(values, sheet)
    assert len(found) == len(frame)
    for heading, column in columns.items():
        if column in frame and len(frame):
            read = pd.to_numeric(found[heading]).fillna(0.0).to_numpy()
            np.testing.assert_allclose(read, frame[column].to_numpy(), rtol=1e-12)
    if len(frame):
        assert list(found["Month"]) == [stamp.to_pydatetime() for stamp in frame["month"]]


def test_backlog_holds_what_was_asked_for_and_what_became_of_it(
    line: tuple[Pack, Plan], values: Read
) -> None:
    frames, found = line[1].frames(), rows_of(values, "Backlog")
    for heading, frame, column in (
        ("Asked for (units)", "demand", "unconstrained"),
        ("Served, on time or late (units)", "backlog", "served"),
        ("Waiting at month end (units)", "backlog", "backlog"),
        ("Lost (units)", "backlog", "lost"),
    ):
        assert pd.to_numeric(found[heading]).sum() == pytest.approx(frames[frame][column].sum())


def test_money_by_month_is_the_plans_and_follows_from_the_details(
    line: tuple[Pack, Plan], values: Read, formulas: Read
) -> None:
    frame, found = line[1].frames()["money"], rows_of(values, "Money")
    written = rows_of(formulas, "Money")
    unit = f" ({line[0].currency})" if line[0].currency else ""
    for heading, column in (
        ("Revenue", "revenue"), ("Cost", "cost"), ("Margin", "margin"), ("Stock value", "stock_value"),
        ("Working capital", "working_capital"), ("Cash flow", "cash_flow"),
    ):  # fmt: skip
        read = pd.to_numeric(found[f"{heading}{unit}"]).to_numpy()
        np.testing.assert_allclose(read, frame[column].to_numpy(), rtol=1e-9, atol=1e-9)
        live = [str(cell).startswith("=") for cell in written[f"{heading}{unit}"]]
        assert all(live) == (column != "cash_flow")


def test_every_kpi_is_the_packs_and_live_where_it_follows_from_the_sheets(
    line: tuple[Pack, Plan], values: Read, formulas: Read
) -> None:
    shown, written = kpi_rows(values), kpi_rows(formulas)
    assert list(shown) == [one.title for one in line[0].kpis]
    for one in line[0].kpis:
        row, formula = shown[one.title], written[one.title]
        if one.value is None:
            assert row[2] is None
            continue
        assert row[2] == pytest.approx(one.value, rel=1e-6), one.name
        assert row[3] == pytest.approx(one.value, rel=1e-12)
        if one.name in NOT_LIVE:
            assert row[5].startswith("A value: ")
            assert not str(formula[2]).startswith("=")
        else:
            assert str(formula[2]).startswith("="), one.name
            assert "!" in formula[2], "over the detail sheets"
            assert row[4] == "agrees"
            assert formula[4].startswith("=IF(")


def test_a_changed_row_is_noticed_by_the_check(line: tuple[Pack, Plan]) -> None:
    frames = line[1].frames()
    frames["backlog"] = frames["backlog"].assign(served=lambda f: f["served"] * 1.01)
    found = kpi_rows(openpyxl.load_workbook(io.BytesIO(workbook(line[0], frames)), data_only=True))
    assert found["Served"][4] == "differs"
    assert found["Unconstrained demand"][4] == "agrees"


def test_differences_to_yardsticks_are_live_and_those_of_the_pack(
    values: Read, formulas: Read, line: Any
) -> None:
    shown = list(values["Summary"].iter_rows(values_only=True))
    start = next(n for n, row in enumerate(shown) if row[0] == "KPI" and row[3] == "Against") + 1
    wanted = [(one.title, against) for one in line[0].kpis for against in one.against]
    assert wanted
    written = list(formulas["Summary"].iter_rows(values_only=True))
    for n, (title, against) in enumerate(wanted, start=start):
        row = shown[n]
        assert row[0] == title
        assert (row[2], row[3]) == (pytest.approx(against.value), pytest.approx(against.amount))
        assert row[5] == pytest.approx(against.gap, abs=1e-9)
        assert written[n][5] == f"=C{n + 1}-D{n + 1}"


def test_sheets_are_designed(formulas: Read, book: bytes) -> None:
    assert formulas.sheetnames == [name for name, _ in SHEETS]
    for name in ("Demand", "Backlog", "Stock", "Capacity load", "Shortages"):
        sheet = formulas[name]
        assert sheet.freeze_panes is not None
        assert sheet.freeze_panes.endswith("5")
        assert sheet.auto_filter.ref is not None
        assert str(sheet.cell(3, sheet.max_column).value or sheet.cell(3, 6).value or "=SUBTOTAL").startswith(
            "=SUBTOTAL"
        )
    month = formulas["Money"]["A5"]
    assert month.is_date
    assert month.number_format == "mmm yy"
    assert isinstance(month.value, dt.datetime)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        assert len(charts) >= 6
        text = b"".join(parts.read(name) for name in charts).decode()
    assert text.count("<c:title>") >= len(charts)
    assert "0A5A96" in text, "demand in its role's colour"


def test_the_same_pack_and_frames_give_the_same_bytes(line: tuple[Pack, Plan], book: bytes) -> None:
    assert workbook(line[0], line[1].frames()) == book


def test_text_that_looks_like_a_formula_stays_text() -> None:
    odd = (
        '=HYPERLINK("http://x","y")',
        "+1",
        "@x",
        "-2",
        "{=1}",
        "<r><t>x</t></r>",
        "a & <b>",
        "http://x.test/",
    )
    pack = packs.example(
        company=odd[0],
        proposal=odd[1],
        sentences=odd[2:],
        assumptions=tuple(
            replace(packs.example().assumptions[0], driver=text, sentence=text) for text in odd
        ),
        families=tuple(
            replace(family, name=text) for family, text in zip(packs.example().families, odd, strict=False)
        ),
    )
    frames = small_frames(odd)
    read = openpyxl.load_workbook(io.BytesIO(workbook(pack, frames)))
    assert read["Summary"]["A1"].value == odd[0]
    assert read["Summary"]["A1"].data_type == "s"
    assert [str(v).rstrip() for v in rows_of(read, "Demand")["Item"]] == list(odd)
    assert [str(v).rstrip() for v in rows_of(read, "Assumptions")["What drives it"]] == list(odd)
    for cell in (c for row in read["Demand"].iter_rows(min_row=5, max_col=4) for c in row):
        assert cell.data_type in ("s", "n")
        assert cell.hyperlink is None


def small_frames(items: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Frames of one month with these items."""
    count = len(items)
    month = pd.Series([pd.Timestamp("2026-11-01")] * count)
    where = {"item": list(items), "family": "F", "region": "R", "segment": "S", "month": month}
    site = {"item": list(items), "family": "F", "site": "W", "month": month}
    place = {"resource": list(items), "month": month}
    money = dict.fromkeys(
        ("revenue", "cost_material", "cost", "margin", "stock_value", "receivables", "payables", "working_capital",
         "cash_flow"), 0.0,
    )  # fmt: skip
    return {
        "demand": pd.DataFrame(where | {"baseline": 1.0, "unconstrained": 1.0, "price": 1.0}),
        "production": pd.DataFrame(
            {"source": list(items), "kind": "make", "item": list(items), "site": "W", "month": month, "started": 1.0,
             "received": 1.0, "cost": 0.0, "contract_shortfall": 0.0}
        ),
        "stock": pd.DataFrame(site | {"stock": 1.0, "target": 1.0, "below_target": 0.0, "value": 0.0}),
        "backlog": pd.DataFrame(where | {"served": 1.0, "backlog": 0.0, "lost": 0.0, "revenue": 0.0}),
        "shipments": pd.DataFrame(
            {"item": list(items), "origin": "A", "destination": "B", "month": month, "quantity": 1.0, "cost": 0.0}
        ),
        "load": pd.DataFrame(
            place | {"load": 1.0, "regular": 1.0, "overtime": 0.0, "shifts": 0.0, "capacity": np.nan}
        ),
        "staffing": pd.DataFrame(place | {"headcount": 1.0, "hired": 0.0, "released": 0.0}),
        "materials": pd.DataFrame({"material": list(items), "month": month, "bought": 1.0}),
        "money": pd.DataFrame({"month": [pd.Timestamp("2026-11-01")]} | money),
        "shortages": pd.DataFrame(
            {"month": month, "item": list(items), "kind": "late", "quantity": 1.0, "value": 1.0, "cause": list(items),
             "full_from": pd.Series([pd.NaT] * count, dtype="datetime64[us]")}
        ),
    }  # fmt: skip


@hypothesis_settings(max_examples=2, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@example(names=["0"], title="\x1f1 & 2")
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6, unique=True), st.text(max_size=60))
def test_any_name_is_written_and_read_back(names: list[str], title: str) -> None:
    resource = replace(packs.example().resources[0], title=names[0])
    pack = packs.bare(company=title, title=title, proposal=title, families=(), resources=(resource,))
    read = openpyxl.load_workbook(io.BytesIO(workbook(pack, small_frames(tuple(names)))), data_only=True)
    found = [str(read["Demand"].cell(5 + n, 1).value or "") for n in range(len(names))]

    def plain(text: str) -> str:
        # What XML cannot carry is left out; line ends are one kind.
        return clean(text).strip()

    assert [text.replace("_x000D_", "").strip() for text in found] == [plain(name) for name in names]


def test_texts_that_are_too_long_are_cut_and_say_so() -> None:
    long = "x" * 40_000
    assert len(clean(long)) <= MOST_LETTERS
    assert clean(long).endswith("more letters do not fit in a cell)")
    assert clean("y" * MOST_LETTERS) == "y" * MOST_LETTERS
    assert len(clean("\U0001f600" * 20_000).encode("utf-16-le")) // 2 <= MOST_LETTERS
    read = openpyxl.load_workbook(io.BytesIO(workbook(packs.bare(sentences=(long,)), small_frames(("A",)))))
    assert any("do not fit" in str(cell.value) for row in read["Summary"].iter_rows() for cell in row)


def test_a_result_that_is_too_long_is_added_up_and_the_totals_stay(
    line: tuple[Pack, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details, "MOST_ROWS", 6)
    read = openpyxl.load_workbook(io.BytesIO(workbook(line[0], line[1].frames())), data_only=True)
    assert "more than a sheet holds well" in read["Backlog"]["A2"].value
    assert read["Backlog"].max_row <= 4 + 6
    found = kpi_rows(read)
    for title in (
        "Unconstrained demand",
        "Served",
        "Service level",
        "Fill rate",
        "Revenue",
        "Stock",
        "Lost sales",
    ):
        assert found[title][4] == "agrees", title
    assert found["Revenue at risk"][5].startswith("A value: ")


def test_a_newcomer_with_next_to_nothing_gets_a_workbook() -> None:
    empty = {name: frame.head(0) for name, frame in small_frames(("A",)).items()}
    read = openpyxl.load_workbook(io.BytesIO(workbook(packs.bare(), empty)), data_only=True)
    said = {name: str(read[name]["A2"].value) for name in read.sheetnames}
    assert said["Risk"].startswith("Demand was not simulated")
    assert said["Decisions"] == "No decision is asked for."
    assert said["Bridge"].startswith("There is nothing to bridge")
    assert said["Demand"].endswith("There is nothing of this in the plan.")


def test_the_pack_is_drawn_as_it_is() -> None:
    pack = packs.example()
    read = openpyxl.load_workbook(io.BytesIO(workbook(pack, small_frames(("A",)))), data_only=True)
    cells = {
        name: [c for row in read[name].iter_rows(values_only=True) for c in row] for name in read.sheetnames
    }
    assert pack.proposal in cells["Summary"]
    assert pack.basis.plan_fingerprint in cells["Summary"]
    for card in pack.decisions:
        assert {card.title, card.why, card.owner} <= set(cells["Decisions"])
        assert card.due == "" or dt.datetime.fromisoformat(card.due) in cells["Decisions"]
    assert {line.title for line in pack.risk.lines} <= set(cells["Risk"]) if pack.risk else False
    assert {step.label for step in pack.bridge.steps} <= set(cells["Bridge"]) if pack.bridge else False
    assert {a.driver for a in pack.assumptions} <= set(cells["Assumptions"])
    assert {d.formula for d in pack.definitions} <= set(cells["Definitions"])
    assert pack.year is not None
    year = list(read["Financial year"].iter_rows(min_row=5, values_only=True))
    for one in pack.year.rows:
        at = next(n for n, row in enumerate(year) if row[0] == one.title)
        assert year[at][3 : 3 + len(one.plan)] == pytest.approx(one.plan)
    months = {str(row[0]): row for row in read["By month"].iter_rows(min_row=5, values_only=True)}
    for picture in pack.pictures:
        for series in picture.series:
            row = months[series.title]
            assert len(row) >= 2 + len(series.values)


def test_families_add_up_to_the_company() -> None:
    pack = packs.example()
    read = openpyxl.load_workbook(io.BytesIO(workbook(pack, small_frames(("A",)))), data_only=True)
    rows = [row for row in read["Families"].iter_rows(min_row=5, values_only=True) if row[0]]
    for title in ("Demand", "Stock value", "Revenue"):
        parts = np.array(
            [row[3 : 3 + len(pack.months)] for row in rows if row[0] != "Company" and row[1] == title]
        )
        company = next(row for row in rows if row[0] == "Company" and row[1] == title)
        np.testing.assert_allclose(
            np.array(company[3 : 3 + len(pack.months)], float), parts.astype(float).sum(axis=0)
        )


def test_progress_is_told_sheet_by_sheet_and_it_can_be_stopped(line: tuple[Pack, Plan]) -> None:
    told: list[tuple[str, int, int]] = []
    workbook(line[0], line[1].frames(), progress=lambda *step: told.append(step))
    assert [done for _, done, _ in told] == list(range(len(SHEETS)))
    assert {total for _, _, total in told} == {len(SHEETS)}
    with pytest.raises(SopError, match="stopped"):
        workbook(line[0], line[1].frames(), stop=lambda: True)


def test_a_missing_result_is_named() -> None:
    frames = small_frames(("A",))
    del frames["money"]
    with pytest.raises(SopError, match="lacks its results money"):
        workbook(packs.bare(), frames)


def test_every_definition_of_a_kpi_says_where_it_comes_from() -> None:
    from sop_core.export.sheets import live

    assert set(live._MADE) == set(live._FROM)
    assert set(live._MADE) | set(NOT_LIVE) == set(KPIS)
    assert made.SHEETS[0][0] == "Summary"


@pytest.mark.slow
def test_an_office_program_works_out_the_same_numbers(
    line: tuple[Pack, Plan], book: bytes, tmp_path: Path
) -> None:
    """Every formula without its cached value, worked out by LibreOffice."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not on this machine, so nothing can recalculate the workbook")
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(bare, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = re.sub(rb'(<c [^>]*?)( t="str")?(>)(<f>[^<]*</f>)<v>[^<]*</v>', rb"\1\3\4", part)
            target.writestr(name, part)
    assert openpyxl.load_workbook(bare, data_only=True)["Summary"]["C13"].value is None
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
               "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(bare)]  # fmt: skip
    subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    worked = openpyxl.load_workbook(tmp_path / "out" / "bare.xlsx", data_only=True)
    cached = openpyxl.load_workbook(io.BytesIO(book), data_only=True)
    count = 0
    for sheet in openpyxl.load_workbook(io.BytesIO(book)):
        for cell in (c for row in sheet.iter_rows() for c in row if c.data_type == "f"):
            count += 1
            ours, theirs = (read[sheet.title][cell.coordinate].value for read in (cached, worked))
            if isinstance(ours, int | float):
                assert theirs == pytest.approx(ours, rel=1e-6, abs=1e-6), (
                    sheet.title,
                    cell.coordinate,
                    cell.value,
                )
            else:
                assert (theirs or "") == (ours or ""), (sheet.title, cell.coordinate, cell.value)
    assert count > 100
    for one in line[0].kpis:
        if one.value is not None:
            assert kpi_rows(worked)[one.title][2] == pytest.approx(one.value, rel=1e-6, abs=1e-6)
