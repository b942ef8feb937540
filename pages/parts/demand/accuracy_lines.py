"""Accuracy line by line: what is chosen, at which level errors are taken, and the table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import context, filters
from pages.parts.tables import download, listing
from sop_core.calendar import MonthArray
from sop_core.charts.accuracy import STEP_TITLES
from sop_core.demand.accuracy import EVERY, STEPS, Comparison, Forecasts, Line, Scored, lines, score
from sop_core.inputs import Bools, Ints

REGION, SEGMENT, OWNER = "Region", "Segment", "Owner"
#: The level at which forecasts were made: nothing cancels.
FINEST = "As forecast"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is looked at. `lag` 0 = all; `step` a position in STEPS, `place` among the ladder's; `owner` -1 = all."""

    lag: int
    months: MonthArray
    step: int
    place: int
    level: str
    owner: int

    def mask(self, rows: Forecasts) -> Bools:
        """[n] rows of that lag, span and owner."""
        keep = np.isin(rows.month, self.months)
        if self.lag:
            keep &= rows.lag == self.lag
        if self.owner >= 0:
            keep &= rows.owner[:, self.step] == self.owner
        return keep

    def during(self, months: MonthArray) -> Chosen:
        """The same over other months."""
        return dataclasses.replace(self, months=months)

    def every_lag(self) -> Chosen:
        """The same over all lags."""
        return dataclasses.replace(self, lag=0)

    def group(self, view: context.View, rows: Forecasts) -> Ints:
        """[n] the group of each row at the level at which errors are taken."""
        if self.level == FINEST:
            wide, deep = len(view.inputs.regions) + 1, len(view.inputs.segments) + 1
            return (rows.item * wide + rows.region + 1) * deep + rows.segment + 1
        return lines_of_items(view, self.level)[0][rows.item]


@dataclass(frozen=True, slots=True)
class Lines:
    """The line of each row [n], a position in `names`."""

    code: Ints
    names: tuple[str, ...]


def lines_of_items(view: context.View, level: str) -> tuple[Ints, tuple[str, ...]]:
    """([i] position of each item's name at a level, the names)."""
    inputs = view.inputs
    if level == context.COMPANY:
        return np.zeros(len(inputs.items), dtype=np.int64), ("Company",)
    if level == context.ITEM:
        return np.arange(len(inputs.items)), tuple(inputs.title(i) for i in range(len(inputs.items)))
    labels = {context.CATEGORY: inputs.item_category, context.FAMILY: inputs.item_family}[level]
    names = tuple(dict.fromkeys(labels))
    place = {name: n for n, name in enumerate(names)}
    return np.array([place[name] for name in labels], dtype=np.int64), names


def error_levels(view: context.View, rows: Forecasts) -> list[str]:
    """Levels at which errors can be taken, coarsest first."""
    known = context.levels(view.inputs)
    by_region = (rows.region != EVERY).any() and len(view.inputs.regions) > 1
    by_segment = (rows.segment != EVERY).any() and len(view.inputs.segments) > 1
    if by_region or by_segment:
        known = [*known, FINEST]
    return known


def usual_level(levels: list[str]) -> int:
    """The planning item, at which demand is planned."""
    return len(levels) - 2 if levels[-1] == FINEST else len(levels) - 1


def start_level(view: context.View) -> str:
    """The level at which lines say something: the view's, or the next below the company."""
    level = filters.finer(view)
    if level != context.COMPANY:
        return level
    known = context.levels(view.inputs)
    return context.FAMILY if context.FAMILY in known else known[-1]


def line_levels(view: context.View, rows: Forecasts, chosen: Chosen) -> list[str]:
    """What the table can be by."""
    out = [level for level in context.levels(view.inputs) if level != context.COMPANY] or [context.COMPANY]
    if len(np.unique(rows.region)) > 1:
        out.append(REGION)
    if len(np.unique(rows.segment)) > 1:
        out.append(SEGMENT)
    if len(np.unique(rows.owner[:, chosen.step])) > 1:
        out.append(OWNER)
    return out


def lines_of(view: context.View, rows: Forecasts, level: str, chosen: Chosen) -> Lines:
    """The lines of a table by that level."""
    if level == REGION:
        return Lines(rows.region + 1, ("All regions together", *view.inputs.regions))
    if level == SEGMENT:
        return Lines(rows.segment + 1, ("All segments together", *view.inputs.segments))
    if level == OWNER:
        return Lines(rows.owner[:, chosen.step] + 1, ("Nobody named", *rows.owners))
    codes, names = lines_of_items(view, level)
    return Lines(codes[rows.item], names)


def by_line(scored: Scored) -> dict[int, Line]:
    """Measures by line."""
    return {line.line: line for line in lines(scored)}


def table(view: context.View, rows: Comparison, by: Lines, chosen: Chosen, steps: list[int]) -> pd.DataFrame:
    """One row a line: demand, accuracy, bias, MASE, tracking signal, FVA of each step, owner. Largest error first."""
    scored = score(rows, by.code, chosen.group(view, rows.rows), steps, money=view.show == context.MONEY)
    at = chosen.place
    out = []
    for code, line in by_line(scored).items():
        named = np.unique(rows.rows.owner[by.code == code, chosen.step])
        names = [rows.rows.owners[n] for n in named if n >= 0]
        row: dict[str, object] = {
            "Line": by.names[code],
            "Owner": names[0] if len(names) == 1 else f"{len(names)} owners" if names else "",
            "Demand": line.actual,
            "Error": float(line.absolute[at]),
            "Accuracy": max(100 * (1 - float(line.wmape[at])), 0.0),
            "Bias": 100 * float(line.bias[at]),
            "MASE": float(line.mase[at]),
            "Tracking": float(line.tracking[at]),
        }
        for n, s in enumerate(steps[1:]):
            row[f"FVA {STEP_TITLES[STEPS[s]].lower()}"] = round(100 * float(line.fva[n]), 1)
        row["FVA total"] = round(100 * float(line.wmape[0] - line.wmape[-1]), 1)
        out.append(row)
    frame = pd.DataFrame(out)
    return frame.sort_values("Error", ascending=False, ignore_index=True)


def render(view: context.View, rows: Comparison, chosen: Chosen, steps: list[int]) -> None:
    """The table with its choice of lines."""
    levels = line_levels(view, rows.rows, chosen)
    start = start_level(view)
    level = st.segmented_control(
        "Lines by", levels, default=start if start in levels else levels[0], key="accuracy_lines", required=True,
    )  # fmt: skip
    by = lines_of(view, rows.rows, level or levels[0], chosen)
    frame = table(view, rows, by, chosen, steps)
    unit = filters.unit(view)
    number = st.column_config.NumberColumn
    points = {
        name: number(
            f"{name}, pp",
            format="%+.1f",
            help="WMAPE of the step before − this step's, percentage points; positive = helped",
        )
        for name in frame.columns
        if name.startswith("FVA")
    }
    listing(
        frame,
        "accuracy_table",
        height=360,
        config={
            "Demand": number(
                f"Demand, {unit}", format="localized", help="Σ actual demand of the months compared"
            ),
            "Error": number(f"Error, {unit}", format="localized", help="Σ|F − A|"),
            "Accuracy": number("Accuracy, %", format="%.1f", help="1 − Σ|F − A| / ΣA, not below 0"),
            "Bias": number("Bias, %", format="%+.1f", help="Σ(F − A) / ΣA; positive = over-forecast"),
            "MASE": number(format="%.2f", help="Below 1: better than last year's month was in the past"),
            "Tracking": number(
                "Tracking signal", format="%+.1f", help="Beyond ±4 the forecast leans to one side"
            ),
            **points,
        },
    )
    download("Accuracy by line", frame, "forecast_accuracy.csv", "accuracy_csv")
