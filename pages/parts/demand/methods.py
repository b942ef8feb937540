"""Which method forecasts which series, how well it did before, why it was taken, and how it was made to add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context
from pages.parts import format as fmt
from pages.parts.demand.picture import method_sentences
from pages.parts.grid import unit_of
from pages.parts.tables import download, listing
from sop_core.charts.backtests import SeriesView, backtest_chart, past_forecasts
from sop_core.charts.template import CONFIG
from sop_core.demand.history import History
from sop_core.demand.planning_series import CATEGORY, FAMILY
from sop_core.demand.statistical import Baseline
from sop_core.inputs import Bools, Floats, Inputs

_LEVELS = {
    "company": "Company",
    "category": "Category",
    "family": "Family",
    "region": "Region",
    "segment": "Segment",
    "item": "Product",
    "item x region": "Product × region",
}
_ALL = "All"
#: Ways to order the list: column, and what is worst.
_ORDERS = {
    "Worst against repeating the past": "Error / naive",
    "Largest error": "Error a month",
    "Moved most by reconciliation": "Moved",
    "By level": "",
}
#: Months of history beside the backtests.
_PAST = 48


def methods_frame(baseline: Baseline, inputs: Inputs) -> pd.DataFrame:
    """One line a forecast series: level, name, method, errors in backtests, move by reconciliation, why."""
    details = baseline.details
    naive = details["naive_mae"].to_numpy(dtype=float)
    error = details["mae"].to_numpy(dtype=float)
    volume = details["reconciled"].to_numpy(dtype=float)
    frame = pd.DataFrame(
        {
            "Level": details["level"].map(_LEVELS).replace("Product", _item_word(inputs)),
            "Series": series_names(details, inputs),
            "Method": details["method"],
            "Best single": details["champion"],
            "Error a month": np.round(error, 1),
            "Naive error": np.round(naive, 1),
            "Error / naive": _ratio(error, naive),
            "Error %": 100.0 * _ratio(error, volume),
            "Bias %": 100.0 * details["bias"].to_numpy(dtype=float),
            "Moved": 100.0 * details["moved"].to_numpy(dtype=float),
            "Backtests": details["origins"],
            "Why": details["reason"].str.replace(" periods of history", " months of history"),
            "unique_id": details["unique_id"],
        }
    )
    frame["Level"] = frame["Level"].replace("Product × region", f"{_item_word(inputs)} × region")
    return frame


def _item_word(inputs: Inputs) -> str:
    return "Product" if inputs.level == "product" else "Planning family"


def _ratio(part: Floats, whole: Floats) -> Floats:
    out: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return out


def series_names(details: pd.DataFrame, inputs: Inputs) -> list[str]:
    """Series by the names that people know: `Mower 42 · North`."""
    titles = {name: inputs.title(i) for i, name in enumerate(inputs.items)}
    return [
        " · ".join(part for part in (group, titles.get(item, item), region, segment) if part) or "All"
        for group, item, region, segment in zip(
            details["group"], details["item"], details["region"], details["segment"], strict=True
        )
    ]


def special_sentences(baseline: Baseline, inputs: Inputs) -> list[str]:
    """What is forecast in another way than most, each kind in a sentence that names it."""
    details = baseline.details[baseline.details["level"] == "item"]
    names = pd.Series(series_names(details, inputs), index=details.index)
    method = details["method"].astype(str)
    out = []
    silent = [inputs.title(i) for i, name in enumerate(inputs.items) if name not in set(details["item"])]
    for chosen, one, many in (
        (
            names[method.str.startswith("zero")].tolist(),
            "has had no demand for a year and is forecast at zero",
            "have had no demand for a year and are forecast at zero",
        ),
        (
            names[method.str.contains("no season|season of the family|level", regex=True)].tolist(),
            "is new: too short a history for a season of its own",
            "are new: too short a history for a season of their own",
        ),
        (
            names[method.str.contains("TSB")].tolist(),
            "sells in some months only and is forecast by its mean rate (intermittent)",
            "sell in some months only and are forecast by their mean rate (intermittent)",
        ),
        (
            silent,
            "has no history at all: its demand comes from its launch",
            "have no history at all: their demand comes from their launches",
        ),
    ):
        if chosen:
            out.append(f"{_listed(chosen)} {one if len(chosen) == 1 else many}.")
    return out


def _listed(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def moved_sentence(frame: pd.DataFrame) -> str:
    """How far reconciliation moved the series of a list, in one sentence; empty where nothing was to be moved."""
    moved = frame["Moved"].to_numpy(dtype=float)
    known = np.isfinite(moved)
    if known.sum() < 2:
        return ""
    size = np.abs(moved[known])
    at = frame.loc[known].iloc[int(size.argmax())]
    middle, most = (
        fmt.percent(float(np.median(size)) / 100),
        fmt.percent(float(at["Moved"]) / 100, signed=True),
    )
    return (
        f"So that all levels add up, half of the forecasts were moved by {middle} of their volume or less, the most "
        f"by {most} ({at['Series']})."
    )


def ordered(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """The list, worst first by a column of `_ORDERS`; what was not measured comes last."""
    column = _ORDERS[order]
    if not column:
        rank = {level: n for n, level in enumerate(dict.fromkeys(frame["Level"]))}
        return frame.sort_values("Level", key=lambda names: names.map(rank), kind="stable", ignore_index=True)
    worst = -frame[column].abs() if column == "Moved" else -frame[column]
    return frame.iloc[worst.fillna(np.inf).argsort(kind="stable")].reset_index(drop=True)


def render(view: context.View) -> None:
    """Lists the series, and opens one."""
    baseline, history = view.company.baseline, view.company.history
    if baseline is None or history is None:
        return
    frame = methods_frame(baseline, view.inputs)
    top = st.container(gap="small")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        levels = [_ALL, *dict.fromkeys(frame["Level"])]
        level = st.selectbox("Level", levels, key="methods_level", width=190)
        order = st.selectbox("Order", list(_ORDERS), key="methods_order", width=280)
        search = st.text_input(
            "Search", key="methods_search", placeholder="Product, region, method…", width=260
        )
    shown = frame if level == _ALL else frame[frame["Level"] == level]
    if search.strip():
        text = (shown["Series"] + " " + shown["Method"]).str.lower()
        shown = shown[text.str.contains(search.strip().lower(), regex=False)]
    shown = ordered(shown, order)
    if not len(shown):
        top.html(f'<p class="sop-headline">No series answers to “{fmt.safe(search.strip())}”.</p>')
        return
    top.html(f'<p class="sop-headline">{fmt.safe(tested_sentence(shown))}</p>')
    _say(shown, special_sentences(baseline, view.inputs))
    listing(shown.drop(columns="unique_id"), "methods", height=320, config=_columns())
    download("Methods and errors", baseline_frame(baseline), "forecast_methods.csv", "methods_csv")
    _open(view, baseline, history, shown)


def tested_sentence(shown: pd.DataFrame) -> str:
    """`133 of 182 series beat repeating the past in their backtests, 49 did worse.`"""
    ratio = shown["Error / naive"].to_numpy(dtype=float)
    tested = np.isfinite(ratio)
    count = len(shown)
    every = f"{count:,} series" if count != 1 else "One series"
    if not tested.any():
        return f"{every}, none with backtests beside repeating the past."
    worse, better = int((ratio[tested] > 1.005).sum()), int((ratio[tested] < 0.995).sum())
    said = f"{better:,} of {int(tested.sum()):,} series beat repeating the past in their backtests"
    return f"{said}, {worse:,} did worse." if worse else f"{said}, none did worse."


def _say(shown: pd.DataFrame, special: list[str]) -> None:
    lines = [moved_sentence(shown), *special]
    st.html(f'<p class="sop-quiet">{fmt.safe(" ".join(line for line in lines if line))}</p>')


def _columns() -> dict[str, object]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Series": text(width=210),
        "Method": text(
            width=180, help="Members whose weighted mean is the forecast; shown for one series below"
        ),
        "Best single": text(
            width=110,
            help="The member with the smallest error in the backtests. The plan uses the mean, which errs less.",
        ),
        "Error a month": number(
            format="localized", help="Mean absolute error of the forecast in its backtests, units a month"
        ),
        "Naive error": number(
            format="localized",
            help="The same, in units a month, for repeating the past: last year's month where there is one",
        ),
        "Error / naive": number(format="%.2f", help="Below 1: better than repeating the past"),
        "Error %": number(
            format="%.0f %%", help="Error a month as a part of the forecast's mean month over the horizon"
        ),
        "Bias %": number(
            format="%+.1f %%",
            help="Σ(forecast − actual) / Σ actual over the backtests; positive = over-forecast",
        ),
        "Moved": number(
            format="%+.1f %%",
            help="Reconciled forecast against the series' own, over the horizon: how far it was moved so that "
            "all levels add up",
        ),
        "Backtests": number(help="Points in the past from which the methods were tried"),
        "Why": text(width="large"),
    }


def _open(view: context.View, baseline: Baseline, history: History, shown: pd.DataFrame) -> None:
    """One series: members, weights, backtests and forecast."""
    names = dict(zip(shown["unique_id"], shown["Level"] + ": " + shown["Series"], strict=True))
    chosen = st.selectbox(
        "Look into", list(names), format_func=lambda key: names[key], key="methods_series", width=520
    )
    row = baseline.details[baseline.details["unique_id"] == chosen].iloc[0]
    items, regions, segments = masks(row, view.inputs)
    unit = unit_of(view.inputs.item_unit, items)
    how, tested, worse = method_sentences(row, unit)
    style = ' class="sop-bad"' if worse else ""
    st.html(
        f'<p class="sop-quiet">{fmt.safe(how)} <span{style}>{fmt.safe(tested)}</span> '
        f"{fmt.safe(reconciled_sentence(row, unit))}</p>"
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        members = members_frame(row)
        if len(members):
            listing(members, "methods_members", config=_member_columns(unit))
        else:
            st.html('<p class="sop-quiet">One rule, no members to weigh.</p>')
        if int(row["origins"]):
            st.html(
                '<p class="sop-quiet">Dashed in the picture: what each backtest would have forecast, knowing only the '
                "months before it. The weighted mean of a backtest uses weights from the other backtests alone.</p>"
            )
    with right:
        at = np.ix_(items, regions, segments)
        past = history.cleaned[at].sum(axis=(0, 1, 2))
        data = SeriesView(
            past_months=history.months[-_PAST:],
            history=past[-_PAST:],
            months=baseline.months,
            own=baseline.own[str(chosen)],
            reconciled=baseline.units[at].sum(axis=(0, 1, 2)),
            backtests=past_forecasts(history.months[-_PAST:], past[-_PAST:], np.asarray(row["errors"])),
            unit=unit,
        )
        drawn = backtest_chart(view.palette, data)
        st.plotly_chart(drawn.figure, key="methods_chart", theme=None, config=CONFIG, alt=drawn.alt)


def masks(row: pd.Series, inputs: Inputs) -> tuple[Bools, Bools, Bools]:
    """Items, regions and segments that a series sums: `row` is a line of Baseline.details."""
    labels = {CATEGORY: inputs.item_category, FAMILY: inputs.item_family}.get(row["level"])
    whole = labels is None
    items = _named(inputs.items, row["item"]) if whole else _named(tuple(labels or ()), row["group"])
    return items, _named(inputs.regions, row["region"]), _named(inputs.segments, row["segment"])


def _named(names: tuple[str, ...], name: str) -> Bools:
    return np.array([name in ("", one) for one in names], dtype=bool)


def members_frame(row: pd.Series) -> pd.DataFrame:
    """A series' members: weight in percent, error in the backtests, that error against repeating the past."""
    weights, errors = row["weights"], row["member_mae"]
    if not isinstance(weights, dict) or not weights:
        return pd.DataFrame(columns=["Member", "Weight %", "Error a month", "Error / naive"])
    error = np.array([float(errors.get(name, np.nan)) for name in weights])
    naive = np.full(len(error), float(row["naive_mae"]))
    rows = pd.DataFrame(
        {
            "Member": list(weights),
            "Weight %": [100.0 * share for share in weights.values()],
            "Error a month": error,
            "Error / naive": _ratio(error, naive),
        }
    )
    if np.isfinite(float(row["mae"])):
        mean = pd.DataFrame(
            {
                "Member": ["Weighted mean"],
                "Weight %": [100.0],
                "Error a month": [float(row["mae"])],
                "Error / naive": _ratio(np.array([float(row["mae"])]), naive[:1]),
            }
        )
        rows = pd.concat([rows, mean], ignore_index=True)
    return rows


def _member_columns(unit: str) -> dict[str, object]:
    number = st.column_config.NumberColumn
    return {
        "Weight %": number(format="%.0f %%", help="Part of the member in the forecast, ∝ 1 / backtest error"),
        "Error a month": number(format="%.1f", help=f"Mean absolute error in the backtests, {unit} a month"),
        "Error / naive": number(format="%.2f", help="Below 1: better than repeating the past"),
    }


def reconciled_sentence(row: pd.Series, unit: str) -> str:
    """How far a series was moved so that all levels add up."""
    own, after, moved = float(row["own"]), float(row["reconciled"]), float(row["moved"])
    if not np.isfinite(moved):
        return "Nothing is forecast here, and nothing was moved here from elsewhere."
    if abs(moved) < 0.0005:
        return "Adding up with the other levels left it where it was."
    return (
        f"So that all levels add up it was moved by {fmt.percent(moved, signed=True)}, from {own:,.0f} to "
        f"{after:,.0f} {unit} a month."
    )


def baseline_frame(baseline: Baseline) -> pd.DataFrame:
    """The forecaster's own record for download; weights and member errors as text."""
    frame = baseline.details.drop(columns=["errors", "group"], errors="ignore").copy()
    for column in frame.columns:
        if frame[column].map(lambda value: isinstance(value, dict)).any():
            frame[column] = frame[column].map(_pairs)
    return frame


def _pairs(value: object) -> str:
    return ", ".join(f"{k} {v:.4g}" for k, v in value.items()) if isinstance(value, dict) else str(value)
