"""Up to four scenarios side by side: KPIs in a table, the same pictures in a row, what differs in words."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.context import View
from sop_core.charts import live as charts
from sop_core.errors import SopError
from sop_core.kpis import KPIS, utilisation
from sop_core.plan import Plan

MOST = 4
HEIGHT = 210
#: Rows of the table, in the order in which they are talked about.
ROWS = (
    "revenue",
    "margin",
    "margin_rate",
    "service_level",
    "fill_rate",
    "lost_sales",
    "backlog",
    "revenue_at_risk",
    "stock_value",
    "days_of_supply",
    "peak_utilisation",
    "overtime_hours",
    "working_capital",
    "cash",
)


def render(view: View) -> None:
    """The comparison of the scenarios chosen; the working changes of this session count."""
    names = state.scenario_names()
    current = view.scenario_name
    others = [name for name in names if name != current]
    start = list(dict.fromkeys([state.BASE, current, *others]))[: min(MOST, len(names))]
    chosen = st.multiselect(
        "Scenarios", names, default=start, max_selections=MOST, key="compare", bind="query-params",
        placeholder="Choose up to four", label_visibility="collapsed",
    )  # fmt: skip
    if not chosen:
        st.info("Choose up to four scenarios to see them side by side.")
        return
    plans: dict[str, Plan] = {}
    for name in chosen:
        try:
            plans[name] = view.desk.plan(state.work(name).scenario)
        except SopError as error:
            st.warning(f"“{name}” cannot be planned: {error}")
    if not plans:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html(table(plans, view.base))
        st.download_button(
            "Download", kpi_frame(plans).to_csv(index=False), "scenarios.csv", "text/csv",
            icon=":material/download:", on_click="ignore", type="tertiary", key="compare_download",
        )  # fmt: skip
    with right:
        st.html(_differences(view, list(plans)))
    _columns(view, plans)


def _columns(view: View, plans: dict[str, Plan]) -> None:
    """Small multiples: one column a scenario, the same scale along each row."""
    months, palette, unit, base = view.months, view.palette, view.unit, view.base
    top = max(float(max(view.demand(plan).max(), view.served(plan).max())) for plan in plans.values())
    full = max(float(max(view.stock(plan).max(), view.stock_target(plan).max())) for plan in plans.values())
    for place, (name, plan) in zip(st.columns(len(plans), gap="small"), plans.items(), strict=True):
        with place:
            st.html(f'<p class="sop-headline">{fmt.safe(name)}</p>')
            demand, served = view.demand(plan), view.served(plan)
            picture = charts.demand_supply(months, demand, served, view.served(base), palette, unit)
            _chart(
                charts.same_scale(picture, top),
                f"cmp_demand_{name}",
                charts.demand_sentence(months, demand, served, unit),
            )
            stock, target = view.stock(plan), view.stock_target(plan)
            picture = charts.stock_target(months, stock, target, view.stock(base), palette, unit)
            _chart(
                charts.same_scale(picture, full),
                f"cmp_stock_{name}",
                charts.stock_sentence(months, stock, target, unit),
            )
            load = utilisation(plan.facts)
            names = view.inputs.resource_names
            picture = charts.load_heat(months, names, load, utilisation(base.facts), palette, numbers=False)
            _chart(picture, f"cmp_load_{name}", charts.load_sentence(months, names, load))


def _chart(option: charts.Option, key: str, alt: str) -> None:
    st.echarts_chart(option, height=HEIGHT, theme=None, key=key, alt=alt)


def kpi_frame(plans: dict[str, Plan]) -> pd.DataFrame:
    """Every KPI in full: one row a KPI, one column a scenario."""
    rows = [
        {"kpi": name, "title": kpi.title, "unit": kpi.unit}
        | {key: plan.kpis[name] for key, plan in plans.items()}
        for name, kpi in KPIS.items()
    ]
    return pd.DataFrame(rows)


def table(plans: dict[str, Plan], base: Plan) -> str:
    """KPIs by scenario as HTML, each with its difference to the base, favourable or not in sign, colour and word."""
    currency = base.inputs.currency
    head = "".join(f"<th>{fmt.safe(name)}</th><th>vs base</th>" for name in plans)
    body = ""
    for name in ROWS:
        kpi = KPIS[name]
        unit = fmt.unit_label(kpi.unit, currency)
        cells = ""
        for plan in plans.values():
            value = plan.kpis[name]
            delta = fmt.kpi_delta(name, value, base.kpis[name])
            look = {True: "sop-good", False: "sop-bad", None: "sop-quiet"}[delta.good]
            said = fmt.percent(value) if kpi.unit == "fraction" else fmt.short(value)
            cells += f'<td title="{fmt.safe(fmt.kpi_exact(name, value, currency))}">{said}</td>'
            cells += f'<td class="{look}" title="{delta.word}">{delta.arrow} {delta.text}</td>'
        body += f'<tr><td title="{fmt.safe(kpi.formula)}">{fmt.safe(kpi.title)}, {fmt.safe(unit)}</td>{cells}</tr>'
    return f'<table class="sop-table"><thead><tr><th>KPI</th>{head}</tr></thead><tbody>{body}</tbody></table>'


def _differences(view: View, names: list[str]) -> str:
    """What each scenario plans differently from the base, in its own sentences."""
    out = ""
    for name in names:
        scenario = state.work(name).scenario
        said = [change.sentence(view.inputs) for change in scenario.active]
        if not said:
            continue
        note = f'<div class="sop-quiet">{fmt.safe(scenario.note)}</div>' if scenario.note else ""
        items = "".join(f"<li>{fmt.safe(line)}</li>" for line in said)
        out += f'<p class="sop-headline">{fmt.safe(name)}</p>{note}<ul class="sop-said">{items}</ul>'
    return out or '<div class="sop-quiet">Nothing differs: these are all the base.</div>'
