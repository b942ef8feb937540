"""Picture of one forecast series: what was, what each backtest would have forecast, and what is forecast now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import MonthArray, month_label
from sop_core.charts.roles import Palette, fade
from sop_core.charts.template import figure
from sop_core.charts.timeline import (
    Floats,
    Picture,
    ceiling,
    end_labels,
    last_known,
    mark_zones,
    month_axis,
    points,
    stamps,
)


@dataclass(frozen=True, slots=True)
class Backtest:
    """One forecast of the past, made as if the months from its first on were not known."""

    months: MonthArray
    units: Floats


@dataclass(frozen=True, slots=True)
class SeriesView:
    """[h] history, [t] the series' own forecast and the reconciled one, and its backtests, latest first."""

    past_months: MonthArray
    history: Floats
    months: MonthArray
    own: Floats
    reconciled: Floats
    backtests: Sequence[Backtest]
    unit: str


def past_forecasts(months: MonthArray, history: Floats, errors: Floats) -> list[Backtest]:
    """Backtests from their errors [origins, steps] (forecast - actual, latest origin first).

    The latest ends with the history; each origin before it lies half of the steps, at least one month, earlier.
    """
    if errors.size == 0:
        return []
    ahead = errors.shape[1]
    shift = max(1, ahead // 2)
    out = []
    for origin, error in enumerate(errors):
        start = len(history) - ahead - origin * shift
        if start >= 0:
            out.append(Backtest(months[start : start + ahead], history[start : start + ahead] + error))
    return out


def backtest_chart(palette: Palette, data: SeriesView, height: int = 300) -> Picture:
    """History, backtests as dashed lines over it, and the forecast, own and reconciled."""
    chart = figure(palette, f"Backtests and forecast, {data.unit}", height)
    hover = f"%{{y:,.0f}} {data.unit}"
    for number, test in enumerate(data.backtests):
        chart.add_scatter(
            x=stamps(test.months),
            y=points(test.units),
            mode="lines",
            name=f"Forecast before {month_label(test.months[0])}",
            line={"color": fade(palette.demand, 0.9 if number == 0 else 0.55), "width": 1.4, "dash": "dash"},
            hovertemplate=hover,
        )
    chart.add_scatter(
        x=stamps(data.past_months),
        y=points(data.history),
        mode="lines",
        name="Cleansed history",
        line={"color": palette.actual, "width": 2},
        hovertemplate=hover,
    )
    moved = np.abs(data.own - data.reconciled).max(initial=0.0) > 0.005 * max(data.own.max(initial=0.0), 1.0)
    if moved:
        chart.add_scatter(
            x=stamps(data.months),
            y=points(data.own),
            mode="lines",
            name="Its own forecast",
            line={"color": palette.demand, "width": 1.2, "dash": "dot"},
            hovertemplate=hover,
        )
    chart.add_scatter(
        x=stamps(data.months),
        y=points(data.reconciled),
        mode="lines",
        name="Reconciled forecast",
        line={"color": palette.demand, "width": 2.2},
        hovertemplate=hover,
    )
    top = ceiling(data.history, data.own, data.reconciled, *[test.units for test in data.backtests])
    months = np.concatenate([data.past_months, data.months])
    named = months[months.astype("datetime64[M]").astype(int) % 6 == 0]
    month_axis(chart, months, tickvals=stamps(named), ticktext=[month_label(m) for m in named])
    chart.update_layout(yaxis={"range": [0, top], "nticks": 5}, margin={"t": 52, "r": 92})
    mark_zones(chart, palette, data.months[0], 0, len(data.past_months), len(data.months))
    labels = [("Reconciled", last_known(data.reconciled), palette.demand)]
    if moved:
        labels.append(("Own", last_known(data.own), palette.demand))
    end_labels(chart, labels, top, height - 90)
    tests = len(data.backtests)
    tried = f"{tests} backtest{'s' if tests != 1 else ''} over the history" if tests else "no backtest"
    return Picture(
        chart, f"{tried}; forecast of {data.reconciled.mean():,.0f} {data.unit} a month on average."
    )
