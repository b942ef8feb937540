"""Up to four scenarios side by side: KPIs, where they differ most, the difference month by month, small multiples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import pandas as pd
import streamlit as st

from pages.parts import filters, state, tables
from pages.parts import format as fmt
from pages.parts.context import ITEM, View
from pages.parts.scenarios import compare_grid
from sop_core import compare
from sop_core.charts import live as charts
from sop_core.charts.compare import side_by_side
from sop_core.errors import SopError
from sop_core.export.tables import safe_csv
from sop_core.inputs import Floats
from sop_core.kpis import KPIS, utilisation
from sop_core.plan import Plan

MOST = 4
HEIGHT = 220
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
#: What a scenario is praised for in the sentence on top: KPI -> word.
_BEST = {"margin": "margin", "service_level": "service", "stock_value": "stock", "cash": "cash"}


def render(view: View) -> None:
    """The comparison of the scenarios chosen; the working changes of this session count."""
    names = state.scenario_names()
    current = view.scenario_name
    others = [name for name in names if name != current]
    start = list(dict.fromkeys([state.BASE, current, *others]))[: min(MOST, len(names))]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_bar"):
        chosen = st.multiselect(
            "Scenarios", names, default=start, max_selections=MOST, key="compare", bind="query-params",
            placeholder="Choose up to four", width=720,
        )  # fmt: skip
        plans = _planned(view, chosen)
        reference = _reference(list(plans))
    if not chosen:
        st.info("Choose up to four scenarios to see them side by side.")
        return
    if not plans:
        return
    st.html(f'<p class="sop-headline">{fmt.safe(headline(plans, reference))}</p>')
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html(table(plans, reference))
        st.download_button(
            "Download", safe_csv(kpi_frame(plans, reference)), "scenarios.csv", "text/csv",
            icon=":material/download:", on_click="ignore", type="tertiary", key="compare_download",
        )  # fmt: skip
    looked = [name for name in plans if name != reference]
    with right:
        if looked:
            _findings(view, plans, reference, looked)
        else:
            st.caption("Choose a second scenario to see where they differ.")
    if looked:
        _grid(view, plans, reference, looked)
    _multiples(view, plans)
    with st.expander("What the scenarios change", key="compare_changes"):
        st.html(_sentences(view, list(plans)))


def _planned(view: View, chosen: Sequence[str]) -> dict[str, Plan]:
    plans: dict[str, Plan] = {}
    for name in chosen:
        try:
            plans[name] = view.desk.plan(state.work(name).scenario)
        except SopError as error:
            st.warning(f"“{name}” cannot be planned: {error}")
    return plans


def _reference(names: list[str]) -> str:
    """What the others are set against: the base where it is there, else the first."""
    if len(names) < 2:
        return names[0] if names else ""
    start = names.index(state.BASE) if state.BASE in names else 0
    # Another set of scenarios is another question: it begins with its own default.
    return st.selectbox(
        "Difference to", names, index=start, key=f"compare_reference_{'|'.join(names)}", width=220,
        help="Every difference below is against this scenario.",
    )  # fmt: skip


def headline(plans: dict[str, Plan], reference: str) -> str:
    """Who is best in margin, service, stock and cash, as a sentence."""
    if len(plans) < 2:
        return f"{reference} by itself: choose another scenario to compare it with."
    best: dict[str, list[str]] = {}
    equal = []
    for kpi, word in _BEST.items():
        values = {name: plan.kpis[kpi] for name, plan in plans.items()}
        if max(values.values()) - min(values.values()) <= _noise(values):
            equal.append(word)
            continue
        up = KPIS[kpi].direction == "up"
        name = (max if up else min)(values, key=lambda n: values[n])
        said = f"{word} ({fmt.kpi_value(kpi, values[name], plans[name].inputs.currency)})"
        best.setdefault(name, []).append(said)
    if not best:
        return "These scenarios come to the same margin, service, stock and cash."
    parts = [f"{name} has the best {_and(words)}" for name, words in best.items()]
    return f"{'; '.join(parts)}{f'; {_and(equal)} are equal' if equal else ''}."


def _noise(values: dict[str, float]) -> float:
    return 1e-7 * max(*(abs(value) for value in values.values()), 1e-3)


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


# -- where they differ most -------------------------------------------------------------------------------


def _findings(view: View, plans: dict[str, Plan], reference: str, looked: list[str]) -> None:
    """The largest differences of one scenario to the reference, each with a way to the screen that shows it."""
    name = _one(looked, "compare_looked", "Where it differs most")
    found = compare.findings(plans[reference], plans[name])
    if not found:
        st.caption(f"“{name}” plans the same as “{reference}”.")
        return
    with st.container(height=392, border=False, gap="xxsmall", key="compare_findings"):
        for subject, lines in groupby(found, key=lambda finding: finding.subject):
            said = list(lines)
            with st.container(
                horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"cmp_{subject}"
            ):
                st.html(f'<div class="sop-group">{subject}</div>', width="content")
                page, label, query = _LINKS[subject]
                st.page_link(page, label=label, query_params={"scenario": name, **query})
            items = "".join(f"<li>{fmt.safe(finding.sentence)}</li>" for finding in said)
            st.html(f'<div class="sop-short"><ul style="margin:0;padding-left:1.1rem">{items}</ul></div>')


#: Subject -> the screen that shows it, how the link reads, what it chooses there.
_LINKS = {
    "Volume": ("pages/supply.py", "Family grid", {"supply_view": "Family grid"}),
    "Load": ("pages/supply.py", "Load and shortages", {}),
    "Stock": ("pages/supply.py", "Stock", {"supply_view": "Stock"}),
    "Cash": ("pages/tradeoffs.py", "Bridge", {"tradeoffs_view": "Bridge"}),
}


def _one(names: list[str], key: str, label: str) -> str:
    """One of the scenarios that are compared; nothing to choose where there is one."""
    if len(names) == 1:
        st.html(f'<div class="sop-group">{fmt.safe(label)}: {fmt.safe(names[0])}</div>')
        return names[0]
    chosen = st.segmented_control(
        label, names, default=names[0], key=f"{key}_{'|'.join(names)}", required=True
    )
    return chosen or names[0]


# -- month by month ---------------------------------------------------------------------------------------


def _grid(view: View, plans: dict[str, Plan], reference: str, looked: list[str]) -> None:
    st.html('<p class="sop-headline">Month by month</p>')
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare_grid_bar"):
        measure = compare.MEASURES[
            st.segmented_control(
                "Difference in", list(compare.MEASURES), default="served", key="compare_measure", required=True,
                format_func=lambda name: compare.MEASURES[name].title,
            )
            or "served"
        ]  # fmt: skip
        name = looked[0]
        if len(looked) > 1:
            name = st.selectbox("Of", looked, key=f"compare_of_{'|'.join(looked)}", width=220)
        down = st.toggle(
            "Products", key="compare_products", disabled=measure.axis == "resource" or view.level == ITEM,
            help="Every product by itself instead of families. Choose a family in the bar above to see only its own.",
        )  # fmt: skip
    a, b = plans[reference], plans[name]
    grid = compare_grid.difference(view, a, b, measure, by_product=down)
    if len(grid.rows) == 1:
        st.caption(f"No difference in {measure.title.lower()} between “{name}” and “{reference}”.")
        return
    st.html(compare_grid.html(grid, view.months))
    limited = (
        "" if measure.by_order or view.whole else " Regions and segments share it: shown for all of them."
    )
    if measure.axis == "resource" and not view.items.all():
        limited = " Resources are shared by all products: shown for all of them."
    said = f"{compare_grid.sentence(grid, a, b, (reference, name))} {measure.formula}.{limited}"
    with st.container(horizontal=True, vertical_alignment="center", key="compare_grid_foot"):
        st.caption(fmt.plain(said))
        full = lambda: compare_grid.frame(  # noqa: E731 - asked for when the button is pressed
            compare_grid.difference(view, a, b, measure, by_product=True, every=True), view.inputs.months
        )
        tables.download("Download", full, "difference.csv", "compare_grid_download", quiet=True)


# -- small multiples --------------------------------------------------------------------------------------


def _multiples(view: View, plans: dict[str, Plan]) -> None:
    """The same three pictures of every scenario, each row on one scale."""
    months, palette, base = view.months, view.palette, view.base
    names, kind = list(plans), filters.unit(view)
    flows = [(view.demand(plan), view.served(plan)) for plan in plans.values()]
    top, by, unit = _scale([values for pair in flows for values in pair], kind)
    pictures = [
        charts.same_scale(
            charts.demand_supply(months, asked / by, served / by, view.served(base) / by, palette, unit),
            top,
        )
        for asked, served in flows
    ]
    said = [charts.demand_sentence(months, asked, served, kind) for asked, served in flows]
    _row(f"Demand and deliveries, {unit}", pictures, names, said, "demand")
    held = [(view.stock(plan), view.stock_target(plan)) for plan in plans.values()]
    top, by, unit = _scale([values for pair in held for values in pair], kind)
    pictures = [
        charts.same_scale(
            charts.stock_target(months, stock / by, target / by, view.stock(base) / by, palette, unit), top
        )
        for stock, target in held
    ]
    said = [charts.stock_sentence(months, stock, target, kind) for stock, target in held]
    _row(f"Stock and target at month end, {unit}", pictures, names, said, "stock")
    resources, usual = view.inputs.resource_names, utilisation(base.facts)
    loads = [utilisation(plan.facts) for plan in plans.values()]
    pictures = [charts.load_heat(months, resources, load, usual, palette, numbers=False) for load in loads]
    said = [charts.load_sentence(months, resources, load) for load in loads]
    _row("Load, % of regular hours", pictures, names, said, "load")


def _scale(series: Sequence[Floats], unit: str) -> tuple[float, float, str]:
    """(top of the axis, what values are divided by, unit): numbers that fit beside a narrow picture."""
    top = max(float(values.max(initial=0.0)) for values in series)
    by, word = (1e6, "million ") if top >= 3e6 else (1e3, "thousand ") if top >= 1e5 else (1.0, "")
    return top / by, by, word + unit


def _row(title: str, pictures: list[charts.Option], names: list[str], said: list[str], key: str) -> None:
    st.html(f'<div class="sop-group">{fmt.safe(title)}</div>')
    alt = " ".join(f"{name}: {sentence}" for name, sentence in zip(names, said, strict=True))
    st.echarts_chart(
        side_by_side(pictures, names), height=HEIGHT, theme=None, key=f"cmp_{key}_{len(names)}", alt=alt
    )


# -- the table --------------------------------------------------------------------------------------------


def kpi_frame(plans: dict[str, Plan], reference: str) -> pd.DataFrame:
    """Every KPI in full: one row a KPI, a value and a difference to the reference for every scenario."""
    names = list(plans)
    found = compare.kpi_table(list(plans.values()), names.index(reference))
    out = found[["kpi", "title", "unit"]].copy()
    for n, name in enumerate(names):
        out[name] = found[f"plan_{n}"]
        if name != reference:
            out[f"{name} less {reference}"] = found[f"delta_{n}"]
    return out


def table(plans: dict[str, Plan], reference: str) -> str:
    """KPIs by scenario as HTML, each with its difference to the reference, favourable or not in sign, colour and
    word."""
    currency = plans[reference].inputs.currency
    head = "".join(
        f"<th>{fmt.safe(name)}</th>" + ("" if name == reference else f"<th>vs {fmt.safe(reference)}</th>")
        for name in plans
    )
    body = ""
    for name in ROWS:
        kpi = KPIS[name]
        unit = fmt.unit_label(kpi.unit, currency)
        cells = ""
        for key, plan in plans.items():
            value = plan.kpis[name]
            said = fmt.percent(value) if kpi.unit == "fraction" else fmt.short(value)
            cells += f'<td title="{fmt.safe(fmt.kpi_exact(name, value, currency))}">{said}</td>'
            if key == reference:
                continue
            delta = fmt.kpi_delta(name, value, plans[reference].kpis[name])
            look = {True: "sop-good", False: "sop-bad", None: "sop-quiet"}[delta.good]
            cells += f'<td class="{look}" title="{delta.word}">{delta.arrow} {delta.text}</td>'
        body += f'<tr><td title="{fmt.safe(kpi.formula)}">{fmt.safe(kpi.title)}, {fmt.safe(unit)}</td>{cells}</tr>'
    return f'<table class="sop-table"><thead><tr><th>KPI</th>{head}</tr></thead><tbody>{body}</tbody></table>'


def _sentences(view: View, names: list[str]) -> str:
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
    return out or '<div class="sop-quiet">Nothing: these are all the base.</div>'
