"""Before there are past forecasts to judge: what accuracy to expect, and what to bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context
from pages.parts import format as fmt
from pages.parts.demand.past_estimates import Memory
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.planner import Company
from sop_core.schema import TABLES
from sop_core.store.contract import template_csv

_LEVELS = {
    "company": "Company",
    "category": "Category",
    "family": "Family",
    "region": "Region",
    "item": "Product",
}


def render(view: context.View, found: Memory) -> None:
    """What is kept by itself from now on, what can be brought, and the backtests of the statistical forecast."""
    cycle = month_label(view.inputs.months[0])
    kept = any(head.cycle == view.inputs.months[0] for head in found.heads)
    st.html(
        '<p class="sop-headline">No past forecast can be held against a closed month yet.</p><p class="sop-quiet">'
        f"{f'The estimate of cycle {fmt.safe(cycle)} is kept. ' if kept else ''}Once the actuals of "
        f"{fmt.safe(cycle)} are imported, this section shows accuracy, bias and the value that each step adds. Forecasts "
        "of earlier cycles can be brought as <b>past_forecasts.csv</b>: cycle, month, product, step, quantity.</p>"
    )
    with st.container(horizontal=True):
        st.download_button(
            "past_forecasts.csv",
            lambda: template_csv(TABLES["past_forecasts"]),
            file_name="past_forecasts.csv",
            mime="text/csv",
            key="past_forecasts_template",
            on_click="ignore",
            icon=":material/download:",
            help="An empty template with the table's columns",
        )
        st.page_link("pages/data.py", label="Bring past forecasts", icon=":material/upload_file:")
    _to_expect(view)


def expected_frame(company: Company) -> pd.DataFrame:
    """What the statistical forecast's backtests promise, by series: level, name, expected accuracy, bias, MASE-like
    ratio. Series without a test are left out."""
    baseline, history = company.baseline, company.history
    if baseline is None or history is None:
        return pd.DataFrame()
    details = baseline.details
    details = details[details["level"].isin(list(_LEVELS)) & (details["origins"] > 0)]
    details = details[np.isfinite(details["mae"].to_numpy(dtype=float))]
    mean = _monthly(company)
    titles = {name: company.inputs.title(i) for i, name in enumerate(company.inputs.items)}
    usual = details["unique_id"].map(mean).to_numpy(dtype=float)
    error = details["mae"].to_numpy(dtype=float)
    naive = details["naive_mae"].to_numpy(dtype=float)
    wmape = np.divide(error, usual, out=np.full(len(error), np.nan), where=usual > 0)
    frame = pd.DataFrame(
        {
            "Level": details["level"].map(_LEVELS),
            "Series": details["name"].map(lambda name: titles.get(name, name)),
            "Accuracy": np.maximum(100 * (1 - wmape), 0.0),
            "Error": error,
            "Bias": 100 * details["bias"].to_numpy(dtype=float),
            "Ratio": np.divide(error, naive, out=np.full(len(error), np.nan), where=naive > 0),
        }
    )
    rank = {level: n for n, level in enumerate(_LEVELS.values())}
    known = frame[np.isfinite(frame["Accuracy"])]
    return known.sort_values("Level", key=lambda names: names.map(rank), kind="stable", ignore_index=True)


def _monthly(company: Company) -> dict[str, float]:
    """Mean monthly demand of the last year by series."""
    history, inputs = company.history, company.inputs
    assert history is not None
    recent = history.cleaned[..., -12:].mean(axis=-1).sum(axis=2)
    own = recent.sum(axis=1)
    out = {"company|All": float(own.sum())}
    for i, name in enumerate(inputs.items):
        out[f"item|{name}"] = float(own[i])
        for r, region in enumerate(inputs.regions):
            out[f"item|{name}|{region}"] = float(recent[i, r])
    for level, labels in (("family", inputs.item_family), ("category", inputs.item_category)):
        for label in set(labels):
            out[f"{level}|{label}"] = float(own[np.array(labels, dtype=object) == label].sum())
    for r, region in enumerate(inputs.regions):
        out[f"region|{region}"] = float(recent[:, r].sum())
    return out


def _to_expect(view: context.View) -> None:
    frame = expected_frame(view.company)
    if not len(frame):
        st.html(
            '<p class="sop-quiet">There is no statistical forecast with backtests to say what accuracy to expect: the '
            "history is too short, or demand is the company's own plan.</p>"
        )
        return
    top = frame.iloc[0]
    st.html(
        '<p class="sop-quiet"><b>What accuracy to expect.</b> The statistical forecast alone, tried on the '
        f"company's own past, was {top['Accuracy']:.0f} % accurate at the level "
        f"{fmt.safe(str(top['Level']).lower())}; the finer the level, the larger its errors.</p>"
    )
    number = st.column_config.NumberColumn
    listing(
        frame,
        "accuracy_expected",
        height=360,
        config={
            "Accuracy": number(
                "Accuracy, %", format="%.0f", help="1 − backtest error / mean monthly demand of the last year"
            ),
            "Error": number("Error a month", format="localized", help="Mean |F − A| in the backtests, units"),
            "Bias": number(
                "Bias, %", format="%+.1f", help="Σ(F − A) / ΣA of the backtests; positive = over-forecast"
            ),
            "Ratio": number("Error / naive", format="%.2f", help="Below 1: better than repeating the past"),
        },
    )
    download("Expected accuracy", frame, "expected_accuracy.csv", "accuracy_expected_csv")
