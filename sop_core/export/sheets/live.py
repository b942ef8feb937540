"""Every KPI that follows from the detail sheets as a live formula over them, with the value it gives.

The value beside a formula is worked out here from the same rows, apart from the pack: so a formula's cached value is
what the formula says, and the check in the Summary holds it against what the executives were shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sop_core.export.sheets.details import Detail
from sop_core.export.sheets.sheet import Formula
from sop_core.pack.value import Pack

#: What follows from nothing in the sheets, and why.
NOT_LIVE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "days_of_supply": "A value: it needs every item's standard cost, which no sheet lists.",
        "turns": "A value: it needs every item's standard cost, which no sheet lists.",
        "forecast_bias": "A value: it comes from backtests of the forecast, not from the plan.",
    }
)


@dataclass(frozen=True, slots=True)
class Live:
    """A KPI's formula, or None and why it is a value."""

    formula: Formula | None
    says: str


Made = Callable[[Mapping[str, Detail]], Formula | None]


def live(name: str, pack: Pack, details: Mapping[str, Detail]) -> Live:
    """The KPI of that name over the detail sheets."""
    if name in NOT_LIVE:
        return Live(None, NOT_LIVE[name])
    known = pack.kpi(name)
    if known is None or known.value is None:
        return Live(None, "Not known.")
    made = _MADE.get(name)
    if made is None:
        return Live(None, "A value: no sheet lists what it is made of.")
    formula = made(details)
    if formula is None:
        return Live(None, _WHY_NOT.get(name, "A value: the sheets do not list all that it is made of."))
    return Live(formula, _FROM[name])


def _sum(sheet: str, column: str) -> Made:
    def made(details: Mapping[str, Detail]) -> Formula:
        detail = details[sheet]
        return Formula(f"=SUM({detail.range(column)})", detail.total(column))

    return made


def _a_month(sheet: str, column: str) -> Made:
    """A balance: added up and shared over the months of the plan."""

    def made(details: Mapping[str, Detail]) -> Formula | None:
        detail, months = details[sheet], details["money"]
        count = len(months.frame)
        if not count:
            return None
        return Formula(
            f"=SUM({detail.range(column)})/COUNT({months.range('month')})", detail.total(column) / count
        )

    return made


def _part(above: str, below: str, value_above: float, value_below: float, empty: str) -> Formula:
    """`above` / `below`, `empty` where there is nothing to divide by."""
    value: float | str | None = value_above / value_below if value_below > 0 else _number(empty)
    return Formula(f"=IF({below}>0,({above})/({below}),{empty})", value)


def _number(text: str) -> float | str:
    return "" if text == '""' else float(text)


def _margin_rate(details: Mapping[str, Detail]) -> Formula:
    money = details["money"]
    return _part(
        f"SUM({money.range('margin')})", f"SUM({money.range('revenue')})", money.total("margin"),
        money.total("revenue"), '""',
    )  # fmt: skip


def _service(details: Mapping[str, Detail]) -> Formula:
    rows = details["backlog"]
    return _part(
        f"SUM({rows.range('on_time')})",
        f"SUM({rows.range('asked')})",
        rows.total("on_time"),
        rows.total("asked"),
        "1",
    )


def _last_waiting(rows: Detail, months: Detail) -> tuple[str, float]:
    """Units that wait at the end of the last month."""
    text = f"SUMIFS({rows.range('backlog')},{rows.range('month')},MAX({months.range('month')}))"
    if not len(months.frame):
        return text, 0.0
    at_end = rows.frame["month"] == months.frame["month"].max()
    return text, float(rows.frame.loc[at_end, "backlog"].sum())


def _fill(details: Mapping[str, Detail]) -> Formula:
    """Served / (served + lost + waiting at the end): what is asked for with the opening backlog comes to one of them."""
    rows = details["backlog"]
    end, units = _last_waiting(rows, details["money"])
    served, lost = f"SUM({rows.range('served')})", f"SUM({rows.range('lost')})"
    done = rows.total("served")
    return _part(served, f"({served}+{lost}+{end})", done, done + rows.total("lost") + units, "1")


def _at_risk(details: Mapping[str, Detail]) -> Formula | None:
    """(Lost + waiting at the end) x price; None where a price is not listed."""
    rows, months = details["backlog"], details["money"]
    if rows.coarse or not len(months.frame):
        return None
    frame = rows.frame
    end = months.frame["month"].max()
    units = frame["lost"] + frame["backlog"].where(frame["month"] == end, 0.0)
    if frame["price"].isna()[units > 0].any():
        return None
    value = float((units * frame["price"].fillna(0.0)).sum())
    lost, waiting, month, price = (rows.range(c) for c in ("lost", "backlog", "month", "price"))
    return Formula(
        f"=SUMPRODUCT({lost},{price})+SUMPRODUCT(--({month}=MAX({months.range('month')})),{waiting},{price})",
        value,
    )


def _target_reached(details: Mapping[str, Detail]) -> Formula:
    rows = details["stock"]
    missing, target = f"SUM({rows.range('below_target')})", f"SUM({rows.range('target')})"
    reached = 1.0 - rows.total("below_target") / rows.total("target") if rows.total("target") > 0 else 1.0
    return Formula(f"=IF({target}>0,1-{missing}/{target},1)", reached)


def _limited(rows: Detail) -> bool:
    """Whether every resource's hours are listed for all of its months, or for none."""
    known = rows.frame.groupby("resource", observed=True)["available"].agg(["count", "size"])
    return not rows.coarse and bool(((known["count"] == 0) | (known["count"] == known["size"])).all())


def _utilisation(details: Mapping[str, Detail]) -> Formula | None:
    rows = details["load"]
    if not len(rows.frame) or not _limited(rows):
        return None
    hours = rows.total("available")
    load = float(rows.frame.loc[rows.frame["available"].notna(), "load"].sum())
    of = f'SUMIFS({rows.range("load")},{rows.range("available")},">=0")'
    return _part(of, f"SUM({rows.range('available')})", load, hours, '""')


def _peak(details: Mapping[str, Detail]) -> Formula | None:
    rows = details["load"]
    known = rows.frame["utilisation"].dropna() if len(rows.frame) else rows.frame.get("utilisation")
    if known is None or not len(known) or rows.coarse:
        return None
    return Formula(f"=MAX({rows.range('utilisation')})", float(known.max()))


_MADE: Final[Mapping[str, Made]] = MappingProxyType(
    {
        "revenue": _sum("money", "revenue"),
        "cost": _sum("money", "cost"),
        "margin": _sum("money", "margin"),
        "margin_rate": _margin_rate,
        "service_level": _service,
        "fill_rate": _fill,
        "demand": _sum("demand", "unconstrained"),
        "served": _sum("backlog", "served"),
        "output": _sum("production", "received"),
        "backlog": _a_month("backlog", "backlog"),
        "lost_sales": _sum("backlog", "lost"),
        "revenue_at_risk": _at_risk,
        "stock_value": _a_month("money", "stock_value"),
        "stock_units": _a_month("stock", "stock"),
        "target_reached": _target_reached,
        "utilisation": _utilisation,
        "peak_utilisation": _peak,
        "overtime_hours": _sum("load", "overtime"),
        "headcount": _a_month("staffing", "headcount"),
        "working_capital": _a_month("money", "working_capital"),
        "cash": _sum("money", "cash_flow"),
    }
)

#: Which sheet a KPI's formula adds up.
_FROM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "revenue": "Live, from Money and Backlog",
        "cost": "Live, from Money",
        "margin": "Live, from Money",
        "margin_rate": "Live, from Money",
        "service_level": "Live, from Backlog",
        "fill_rate": "Live, from Backlog: served / (served + lost + waiting at the end)",
        "demand": "Live, from Demand",
        "served": "Live, from Backlog",
        "output": "Live, from Production",
        "backlog": "Live, from Backlog",
        "lost_sales": "Live, from Backlog",
        "revenue_at_risk": "Live, from Backlog",
        "stock_value": "Live, from Money and Stock",
        "stock_units": "Live, from Stock",
        "target_reached": "Live, from Stock",
        "utilisation": "Live, from Capacity load",
        "peak_utilisation": "Live, from Capacity load",
        "overtime_hours": "Live, from Capacity load",
        "headcount": "Live, from Staffing",
        "working_capital": "Live, from Money",
        "cash": "Live, from Money",
    }
)
_WHY_NOT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "revenue_at_risk": "A value: not every price that it needs is listed.",
        "utilisation": "A value: not every resource's regular hours are listed.",
        "peak_utilisation": "A value: no resource's regular hours are listed.",
    }
)


def agrees(worked_out: float | str | None, shown: float) -> bool:
    """Whether a formula's value is the pack's, to a millionth."""
    return isinstance(worked_out, float) and math.isclose(worked_out, shown, rel_tol=1e-6, abs_tol=1e-6)


def check_text(formula_cell: str, shown_cell: str) -> str:
    """The same check as a formula."""
    return (
        f"=IF(ISNUMBER({formula_cell}),IF(ABS({formula_cell}-{shown_cell})<=0.000001*MAX(1,ABS({shown_cell})),"
        '"agrees","differs"),"differs")'
    )
