"""Companies that are odd: every section of the demand and product review is a forecast or a sentence, no crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages import demand, products
from sop_core.errors import ForecastError
from sop_core.planner import prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from tests.pages import companies
from tests.pages.odd import ODD

ROOT = Path(__file__).resolve().parents[2]
#: They have no demand at all to forecast: a sentence says so.
NO_DEMAND = ("nothing_but_returns",)


@pytest.mark.parametrize("name", ODD)
def test_each_has_a_forecast_or_a_sentence(name: str) -> None:
    snapshot = Snapshot.from_tables(ODD[name](), version=1)
    if name in NO_DEMAND:
        with pytest.raises(ForecastError, match="holds no demand at all"):
            prepare(snapshot)
        return
    company = prepare(snapshot)
    units = unconstrained(company, Scenario.base()).demand.total
    assert np.isfinite(units).all()
    assert (units >= 0).all()


@pytest.mark.parametrize("review", ["demand", "products"])
@pytest.mark.parametrize("name", [name for name in ODD if name not in NO_DEMAND])
def test_every_section_opens(review: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One app, section by section, as a user would click through."""
    store = companies.build(tmp_path / f"{name}.duckdb", ODD[name]())
    monkeypatch.setenv("SOP_STORE", str(store))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    app.switch_page(f"pages/{review}.py").run()
    failed = _failures(app, review)
    sections = {"demand": demand, "products": products}[review].SECTIONS
    for section in sections:
        shown = app.get("button_group")
        if not any(section in getattr(control, "options", ()) for control in shown):
            continue
        app.query_params[f"{review}_view"] = section
        app.session_state[f"{review}_view"] = section
        app.run()
        failed += _failures(app, section)
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("page", ["overview", "demand", "products"])
@pytest.mark.parametrize("name", NO_DEMAND)
def test_without_any_demand_a_page_is_one_sentence(
    page: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AppTest's `switch_page` runs a page's file alone; here it stands in the frame that app.py gives it."""
    monkeypatch.setenv("SOP_STORE", str(companies.build(tmp_path / f"{name}.duckdb", ODD[name]())))
    app = AppTest.from_function(_framed, default_timeout=60, kwargs={"page": page}).run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "The history holds no demand at all: check sales.csv (quantity) and plan_start."
    ]


def _framed(page: str) -> None:
    import importlib

    from pages.parts import state

    with state.explained():
        importlib.import_module(f"pages.{page}").render()


def _failures(app: AppTest, where: str) -> list[str]:
    """Stack traces and errors."""
    traces = [f"{where}: {found.message}\n{''.join(found.stack_trace)}" for found in app.exception]
    return traces + [f"{where}: {found.value}" for found in app.error]
