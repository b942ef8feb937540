"""Assumptions and Agreement on the Demand page, and the pure parts behind them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.demand import agreed, assumption_form, assumptions
from pages.parts.grid import Row
from sop_core.calendar import months_from
from sop_core.changes import DemandGrowth, Scope
from sop_core.cycle.agreement import Proposal, Voice
from sop_core.cycle.assumption import JUDGED, Assumption, Link
from sop_core.cycle.estimate import estimate_of
from sop_core.errors import ReviewError
from sop_core.planner import prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
GROWTH = Assumption(
    "Polish listing", "growth", 0.03, 0.01, 0.05, dt.date(2026, 1, 1), dt.date(2026, 6, 30), owner="Sales East"
)  # fmt: skip


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company of one line, planned from January 2026 on."""
    path = companies.build(tmp_path / "line.duckdb", companies.full_line())
    monkeypatch.setenv("SOP_STORE", str(path))
    return path


def page(section: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["demand_view"] = section
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/demand.py").run()


def said(app: AppTest) -> str:
    html = [block.proto.body for block in app.get("html")]
    return "\n".join(
        [
            *html,
            *(
                str(m.value)
                for kind in ("markdown", "caption", "warning", "error")
                for m in getattr(app, kind)
            ),
        ]
    )


def agree(path: Path, scenario: Scenario, version: int = 1, data_version: int = 1) -> None:
    """Agrees on a scenario of the company, as the page would."""
    with Store.open(path) as store:
        company = prepare(Snapshot.from_tables(store.tables(), data_version))
        wanted = unconstrained(company, scenario)
        estimate = estimate_of(company, wanted, kind="agreed", who="Ada")
        months = company.inputs.months
        given = Proposal(scenario, 0, version, months[0], months[-1], estimate)
        store.agreements.agree(given, [Voice("Ada", "Sales"), Voice("Ben")], "Ada")


# -- the register --


def test_an_empty_register_shows_a_worked_example(line: Path) -> None:
    app = page("Assumptions")
    assert not app.exception
    assert "No assumption is written down yet" in said(app)
    assert "demand +3 % against the year before, range +1 % to +5 %" in said(app)
    app.button(key="as_example").click().run()
    assert app.text_input(key="as_driver_example").value == "New retail listing"


def test_a_new_assumption_starts_blank(line: Path) -> None:
    app = page("Assumptions")
    app.button(key="as_add").click().run()
    assert not app.exception
    assert (app.text_input(key="as_driver_new").value, app.text_area(key="as_note_new").value) == ("", "")


def test_the_register_shows_plan_actual_and_what_is_worst(line: Path) -> None:
    """Anvil sold 50 a month in 2025 and is planned at 73.3 a month: +46.7 %; December 2025 lies in no year before."""
    with Store.open(line) as store:
        store.assumptions.add(replace(GROWTH, scope=Scope.of(product="Anvil")), "Ada")
        late = replace(
            GROWTH, driver="<b>Old</b> talk", valid_from=dt.date(2025, 1, 1), valid_until=dt.date(2025, 9, 30)
        )
        store.assumptions.add(late, "Ada")
    app = page("Assumptions")
    text = said(app)
    assert not app.exception
    assert "2 assumptions: 1 overdue, 1 open." in text
    assert text.index("&lt;b&gt;Old&lt;/b&gt; talk") < text.index("Polish listing")
    assert "<i>+46.7 %</i>" in text
    assert "does not reach a year back" in text
    assert app.get("download_button")


def test_the_register_follows_the_view(line: Path) -> None:
    with Store.open(line) as store:
        store.assumptions.add(replace(GROWTH, scope=Scope.of(product="Order")), "Ada")
        store.assumptions.add(replace(GROWTH, driver="Everything", scope=Scope()), "Ada")
        store.assumptions.add(replace(GROWTH, driver="Gone", scope=Scope.of(family="Bicycles")), "Ada")
    text = said(page("Assumptions", level="Product", item="Anvil"))
    assert "Everything" in text
    assert "Gone" in text
    assert "Polish listing" not in text
    assert "1 more elsewhere in the company" in text


def test_an_event_is_adopted_with_one_click(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = pd.DataFrame(
        {
            "event": ["Listing"], "kind": ["external"], "start": [pd.Timestamp("2026-03-01")], "scope": ["Iron"],
            "impact": [0.03], "owner": ["Sales"], "note": ["140 stores"],
        }
    )  # fmt: skip
    path = companies.build(tmp_path / "e.duckdb", companies.full_line() | {"events": events})
    monkeypatch.setenv("SOP_STORE", str(path))
    app = page("Assumptions")
    assert "Events that nobody has taken" in said(app)
    app.button(key="as_event_0").click().run()
    assert "Events that nobody has taken" not in said(app)
    assert "Listing" in said(app)
    assert "1 assumption: 1 open." in said(app)
    with Store.open(path) as store:
        (record,) = store.assumptions.list()
    assert (record.assumption.event, record.assumption.scope) == ("Listing", Scope.of(family="Iron"))
    assert (record.assumption.value, record.assumption.owner) == (3.0, "Sales")


def test_a_link_is_kept_once() -> None:
    link = Link("What-if", DemandGrowth(pct=0.1))
    once = assumption_form.linked(GROWTH, link)
    assert once.links == (link,)
    assert assumption_form.linked(once, link) is once


def test_actions_follow_measure_and_status() -> None:
    def offered(assumption: Assumption) -> list[str]:
        record = assumptions.AssumptionRecord(1, 1, "added", "Ada", dt.datetime.now(dt.UTC), assumption)
        scored = assumptions.Score("waiting", float("nan"), 0, 1, "")
        return assumptions.actions(assumptions.Entry(record, scored, None, 4, "open"))

    assert "Add its Change" in offered(GROWTH)
    assert "Record what happened" not in offered(GROWTH)
    words = offered(replace(GROWTH, measure=JUDGED, unit="%"))
    assert "Record what happened" in words
    assert "Add its Change" not in words
    assert offered(replace(GROWTH, status="retired")) == ["Take up again", "History"]
    assert "Mark as broken" not in offered(replace(GROWTH, status="broken"))


# -- the agreement --


def test_nothing_agreed_yet_is_said_with_what_is_proposed(line: Path) -> None:
    app = page("Agreement")
    text = said(app)
    assert not app.exception
    assert "Demand of the cycle Jan 26 is not agreed yet" in text
    assert "Proposed: Base" in text
    assert "Gap to budget" in text
    assert "It is saved as “Demand Jan 26 v1” and locked" in text
    assert "No open assumption stands in the register" in text


def test_agreeing_locks_and_shows_who(line: Path) -> None:
    app = page("Agreement")
    app.button(key="FormSubmitter:agree_form-Agree demand").click().run()
    assert "Name at least one person" in said(app)
    app.text_area(key="agree_people").set_value("Ada, Sales\nBen; Operations")
    app.button(key="FormSubmitter:agree_form-Agree demand").click().run()
    assert not app.exception
    text = said(app)
    assert "by Ada \\(Sales\\) and Ben \\(Operations\\)" in text
    assert "Agreed: Demand Jan 26 v1" in text
    assert app.selectbox(key="scenario").value == "Demand Jan 26 v1"
    with Store.open(line) as store:
        (found,) = store.agreements.list()
        assert (found.scenario, found.data_version) == ("Demand Jan 26 v1", 1)
        assert store.load_scenario("Demand Jan 26 v1").locked
        units = store.estimates.load(found.estimate).consensus
    assert units.sum() == pytest.approx(440 + 30)


def test_fewer_months_can_be_agreed(line: Path) -> None:
    app = page("Agreement")
    app.select_slider(key="agree_months").set_range("2026-02", "2026-04").run()
    app.text_area(key="agree_people").set_value("Ada")
    app.button(key="FormSubmitter:agree_form-Agree demand").click().run()
    with Store.open(line) as store:
        (found,) = store.agreements.list()
    assert (str(found.first_month), str(found.last_month)) == ("2026-02", "2026-04")


def test_new_data_under_an_agreement_are_told_with_what_they_change(line: Path) -> None:
    """The same Changes on new data: Anvil's March goes from 140 to 93, 47 of 470 units less: 10.0 %."""
    agree(line, Scenario("Demand Jan 26 v1"))
    with Store.open(line) as store:
        row = {"month": [pd.Timestamp("2026-03-01")], "product": ["Anvil"], "quantity": [93.0]}
        store.import_tables({"demand_plan": pd.DataFrame(row)}, "Ada")
    app = page("Agreement")
    assert "Agreed on data version 1, now 2; the same Changes give 10.0 % less demand." in said(app)
    assert "In view: Base" in said(app)


def test_what_was_agreed_stays_as_it_was_when_its_lines_are_gone(line: Path) -> None:
    """An agreed Change that no longer fits is told; the agreed numbers are there all the same."""
    agree(line, Scenario("Demand Jan 26 v1").add(DemandGrowth(scope=Scope.of(product="Order"), pct=0.1)))
    tables = companies.full_line()
    with Store.open(line) as store:
        kept = {
            name: frame[frame["product"] != "Order"]
            for name, frame in tables.items()
            if "product" in frame and name != "demand_plan"
        }
        plan = tables["demand_plan"]
        kept |= {"demand_plan": plan[plan["product"] != "Order"], "routings": tables["routings"].head(1)}
        store.import_tables(kept, "Ada", replace=True)
    app = page("Agreement")
    assert not app.exception
    assert "the agreed Changes no longer fit" in said(app)
    assert "Agreed: Demand Jan 26 v1" in said(app)


def test_versions_are_listed_and_compared(line: Path) -> None:
    agree(line, Scenario("Demand Jan 26 v1"))
    with Store.open(line) as store:
        store.agreements.reopen(store.agreements.list()[0].id, "Dora", "More is asked for")
    agree(line, Scenario("Demand Jan 26 v2").add(DemandGrowth(pct=0.1)), version=2)
    app = page("Agreement")
    assert "Last agreed, Jan 26 \\(v1\\)" in said(app) or "Last agreed, Jan 26 (v1)" in said(app)
    assert "All products: demand +10 %" in said(app)
    app.selectbox(key="version_one").select_index(0).run()
    app.selectbox(key="version_two").select_index(0).run()
    assert not app.exception
    assert "lines and months differ, together +47 units" in said(app)


@pytest.mark.parametrize("by", ["Quarter", "Year"])
def test_periods_add_up(line: Path, by: str) -> None:
    app = page("Agreement")
    app.segmented_control(key="agree_by").set_value(by).run()
    assert not app.exception
    assert ">470<" in said(app).replace("<b>", "").replace("</b>", "")


# -- the parts, without a page --


def test_quarters_are_those_of_the_fiscal_year() -> None:
    months = months_from(np.datetime64("2026-11", "M"), 6)
    labels = [label for label, _ in agreed.spans(months, "Quarter", 1)]
    assert labels == ["Q4 26", "Q1 27", "Q2 27"]
    fiscal = agreed.spans(months, "Quarter", 4)
    assert [label for label, _ in fiscal] == ["Q3 FY27", "Q4 FY27", "Q1 FY28"]
    assert [places.tolist() for _, places in fiscal] == [[0, 1], [2, 3, 4], [5]]
    assert [label for label, _ in agreed.spans(months, "Year", 4)] == ["FY2027", "FY2028"]
    assert next(label for label, _ in agreed.spans(months, "Month", 1)) == "Nov 26"


def test_a_sum_says_how_many_months_it_knows() -> None:
    row = Row("Budget", np.array([1.0, np.nan, 3.0]), "units")
    assert agreed.gathered(row, np.array([0, 1, 2])) == agreed.Cell(4.0, 2, 3)
    assert agreed.gathered(row, np.array([1])).known == 0


def test_people_are_read_from_lines() -> None:
    found = agreed.read_voices("Ada Keller, Sales\n\n  Ben\tOperations \nCy")
    assert [voice.said() for voice in found] == ["Ada Keller (Sales)", "Ben (Operations)", "Cy"]
    with pytest.raises(ReviewError, match="needs a name"):
        agreed.read_voices(", Sales")
