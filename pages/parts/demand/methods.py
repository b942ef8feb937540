"""Which method forecasts which series, how well it did before, and why it was taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context
from pages.parts.tables import download, listing
from sop_core.demand.statistical import Baseline
from sop_core.inputs import Inputs

_LEVELS = {
    "company": "Company",
    "category": "Category",
    "family": "Family",
    "region": "Region",
    "item": "Product",
}


def methods_frame(baseline: Baseline, inputs: Inputs) -> pd.DataFrame:
    """One line a forecast series: level, name, method, errors in backtests, why."""
    details = baseline.details
    naive = details["naive_mae"].to_numpy(dtype=float)
    error = details["mae"].to_numpy(dtype=float)
    skill = np.divide(error, naive, out=np.full(len(naive), np.nan), where=naive > 0)
    frame = pd.DataFrame(
        {
            "Level": details["level"].map(_LEVELS),
            "Series": titled(details["name"], inputs).where(details["level"] == "item", details["name"]),
            "Method": details["method"],
            "Best single": details["champion"],
            "Error a month": np.round(error, 1),
            "Naive error": np.round(naive, 1),
            "Error / naive": skill,
            "Backtests": details["origins"],
            "Why": details["reason"].str.replace(" periods of history", " months of history"),
        }
    )
    rank = {level: n for n, level in enumerate(_LEVELS.values())}
    return frame.sort_values("Level", key=lambda names: names.map(rank), kind="stable", ignore_index=True)


def titled(items: pd.Series, inputs: Inputs) -> pd.Series:
    """Planning items by the name that people know them by; other names as they are."""
    titles = {name: inputs.title(i) for i, name in enumerate(inputs.items)}
    return items.map(lambda name: titles.get(name, name))


def render(view: context.View) -> None:
    """Lists the series."""
    baseline = view.company.baseline
    if baseline is None:
        return
    frame = methods_frame(baseline, view.inputs)
    level = st.segmented_control(
        "Series", ["All", *dict.fromkeys(frame["Level"])], default="All", key="methods_level", required=True
    )
    shown = frame if level in (None, "All") else frame[frame["Level"] == level]
    ratio = shown["Error / naive"].to_numpy(dtype=float)
    tested = np.isfinite(ratio)
    if tested.any():
        worse = int((ratio[tested] > 1.005).sum())
        st.html(
            f'<p class="sop-quiet">{worse:,} of {int(tested.sum()):,} series did worse in their backtests than '
            "repeating the past would have.</p>"
        )
    number = st.column_config.NumberColumn
    listing(
        shown,
        "methods",
        height=380,
        config={
            "Error a month": number(
                format="localized", help="Mean absolute error in the backtests, units a month"
            ),
            "Naive error": number(
                format="localized",
                help="The same for repeating the past: last year's month where there is one",
            ),
            "Error / naive": number(format="%.2f", help="Below 1: better than repeating the past"),
            "Why": st.column_config.TextColumn(width="large"),
        },
    )
    download("Methods and errors", baseline_frame(baseline), "forecast_methods.csv", "methods_csv")


def baseline_frame(baseline: Baseline) -> pd.DataFrame:
    """The forecaster's own record for download; weights and member errors as text."""
    frame = baseline.details.copy()
    for column in frame.columns:
        if frame[column].map(lambda value: isinstance(value, dict)).any():
            frame[column] = frame[column].map(_pairs)
    return frame


def _pairs(value: object) -> str:
    return ", ".join(f"{k} {v:.4g}" for k, v in value.items()) if isinstance(value, dict) else str(value)
