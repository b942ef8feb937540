"""One month as a planner works it: cleanse, judge, assume, keep, agree twice, compare; then the next month closes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.demand import assumption_form
from sop_core.cycle.assumption import GROWTH, Assumption
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
JAN, FEB = np.datetime64("2026-01", "M"), np.datetime64("2026-02", "M")
PEOPLE = "Ada Keller, Sales\nBen Ortiz, Operations\nCleo Marsh, Finance"
OPENING = "Chain in North opens ten stores"


def company(months: int) -> dict[str, pd.DataFrame]:
    """Two products in two regions over months from January 2023 on; one tender of Bellows in North in May 2025. Ada's
    sales input is far too high, Ben's a little better than the statistical step. The same months have the same sales
    whatever the number."""
    stamps = pd.date_range("2023-01-01", periods=months, freq="MS")
    draw = np.random.default_rng(7)
    sales, past = [], []
    for product, level in (("Anvil", 400.0), ("Bellows", 160.0)):
        owner, step = ("Ada", 1.4) if product == "Anvil" else ("Ben", 1.02)
        for region, part in (("North", 0.6), ("South", 0.4)):
            units = np.round(level * part * np.exp(draw.normal(0, 0.05, 48)))[:months]
            if (product, region) == ("Bellows", "North"):
                units[28] += 600.0
            sales += [
                {"month": m, "product": product, "region": region, "quantity": float(q)}
                for m, q in zip(stamps, units, strict=True)
            ]
            for at in range(30, 36):
                own = {"cycle": stamps[at], "month": stamps[at], "product": product, "region": region}
                steps = {"statistical": 1.03, "sales_input": step, "consensus": 1.02}
                past += [
                    own | {"step": name, "quantity": level * part * factor, "owner": owner}
                    for name, factor in steps.items()
                ]
    event = {
        "event": OPENING,
        "kind": "external",
        "start": pd.Timestamp("2026-01-01"),
        "end": pd.Timestamp("2026-02-10"),
        "scope": "North",
        "impact": 0.04,
        "owner": "Ada Keller",
    }
    return {
        "sales": pd.DataFrame(sales),
        "past_forecasts": pd.DataFrame(past),
        "events": pd.DataFrame([event]),
    }


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = companies.build(tmp_path / "company.duckdb", company(36))
    monkeypatch.setenv("SOP_STORE", str(made))
    return made


def page(section: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    app.query_params["demand_view"] = section
    for name, value in query.items():
        app.query_params[name] = value
    return checked(app.switch_page("pages/demand.py").run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    return app


def said(app: AppTest) -> str:
    html = [block.proto.body for block in app.get("html")]
    shown = [
        str(m.value)
        for kind in ("markdown", "caption", "warning", "info", "success")
        for m in getattr(app, kind)
    ]
    return "\n".join([*html, *shown])


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return checked(app.run())


def agree(version: int) -> None:
    app = page("Agreement")
    app.text_area(key="agree_people").set_value(PEOPLE)
    press(app, "Agree demand")
    text = said(page("Agreement"))
    assert f"v{version}" in text
    assert "Ada Keller" in text
    assert "Cleo Marsh" in text


def test_a_month_of_the_review_and_the_next_one(path: Path) -> None:
    accept_the_tender()
    read_accuracy()
    adopt_the_event()
    write_down_growth(path)
    keep_the_estimate()
    agree_reopen_and_agree_again()
    compare_versions()
    with Store.open(path) as store:
        before = {head.id: (head.cycle, head.kind) for head in store.estimates.list()}
        decided = store.cleansing.history()
        agreed = store.agreements.list()
        assert [(a.version, a.in_force) for a in agreed] == [(2, True), (1, False)]
        assert [len(a.voices) for a in agreed] == [3, 3]
        report = store.import_tables(company(37), "Planner", "January closed")
        assert not report.errors
    the_next_cycle(path, before, decided, agreed)


def accept_the_tender() -> None:
    """What waits stands on top; accepting it lowers the forecast and says by how much."""
    app = page("Cleansing")
    rows = app.dataframe[0].value
    assert rows["Decided"].tolist()[0] == "open"
    assert (rows["Kind"].iloc[0], rows["Month"].iloc[0]) == ("Outlier", "May 25")
    key: Any = app.dataframe[0].key
    app.session_state[key] = {"selection": {"rows": [0]}}
    checked(app.run())
    app.button(key="cleansing_accept").click()
    checked(app.run())
    assert "Bellows" in said(app)
    assert "forecast of the next 12 months" in said(app).casefold()
    (row,) = app.dataframe[0].value.query("Kind == 'Outlier' and Month == 'May 25'").to_dict("records")
    assert row["Acts"] == "Yes"


def read_accuracy() -> None:
    """The headline names the step, the line and the owner that made it worse."""
    text = said(page("Accuracy"))
    assert "Sales input made it worse in Anvil" in text
    assert "Most of it: Ada." in text
    assert "orders.csv" in said(page("Order intake"))  # no orders: what to bring


def adopt_the_event() -> None:
    app = page("Assumptions")
    assert OPENING in said(app)
    press(app, "Adopt")
    text = said(page("Assumptions"))
    assert "1 assumption: 1 open" in text


def write_down_growth(path: Path) -> None:
    with Store.open(path) as store:
        start = assumption_form.Scope.of(region="North")
        made = Assumption(
            "Steady North", GROWTH, 0.0, -0.2, 0.2, dt.date(2026, 1, 1), dt.date(2026, 6, 30), start, "Ben"
        )
        store.assumptions.add(made, "Ben")


def keep_the_estimate() -> None:
    app = page("Latest estimate")
    app.session_state["estimate_tabs"] = "Estimates kept"
    checked(app.run())
    app.text_input(key="estimate_note").set_value("for the meeting")
    press(app, "Keep this estimate")
    assert "for the meeting" in app.dataframe[-1].value["Note"].tolist()


def agree_reopen_and_agree_again() -> None:
    agree(1)
    app = page("Agreement")
    app.text_input(key="reopen_who").set_value("Ada Keller")
    app.text_input(key="reopen_reason").set_value("a customer called")
    press(app, "Reopen the agreement")
    assert "open again" in said(page("Agreement"))
    agree(2)


def compare_versions() -> None:
    app = page("Agreement")
    one = app.selectbox(key="version_one")
    one.set_value(one.options[0])
    checked(app.run())
    two = app.selectbox(key="version_two")
    two.set_value(two.options[0])
    checked(app.run())
    assert "The same in every line and month that both hold" in said(app)


def the_next_cycle(path: Path, before: dict[int, Any], decided: Any, agreed: Any) -> None:
    """January is closed: what was decided, kept and agreed stays; what can be judged now is judged."""
    text = said(page("Agreement"))
    assert "Demand of the cycle Feb 26 is not agreed yet" in text
    assert "Last agreed" in text
    with Store.open(path) as store:
        assert store.agreements.list() == agreed
        assert store.cleansing.history() == decided
        heads = {head.id: (head.cycle, head.kind) for head in store.estimates.list()}
    assert before.items() <= heads.items()
    assert (FEB, "opened") in heads.values()
    rows = page("Cleansing").dataframe[0].value
    (tender,) = rows.query("Kind == 'Outlier' and Month == 'May 25'").to_dict("records")
    assert tender["Acts"] == "Yes"
    # The agreed estimate of January is now held against what January came to.
    assert "Jan 26)" in said(page("Accuracy"))
    register = said(page("Assumptions"))
    assert "1 inside its range" in register  # growth, measured
    assert "1 overdue" in register  # the opening ends this month and wants its outcome
    assert "the LE of Jan 26" in said(page("Latest estimate"))
