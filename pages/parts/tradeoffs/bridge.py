"""Bridge: what moves a KPI from one plan to another, by Change or by driver, adding up to the last cent."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import format as fmt
from pages.parts import jobs, state, tables
from pages.parts.context import ALL, FAMILY, View
from pages.parts.tradeoffs import bridge_tables
from pages.parts.tradeoffs.bridge_tables import Line
from sop_core import bridge
from sop_core.charts.bridge import Bar, waterfall
from sop_core.charts.template import CONFIG
from sop_core.errors import SopError
from sop_core.kpis import KPIS
from sop_core.plan import Plan
from sop_core.scenario import Scenario

#: The KPIs in the order in which they are talked about; the others follow.
_FIRST = ("margin", "service_level", "stock_value", "cash", "revenue", "cost")
#: Scenarios between the two up to which the answer is waited for; more are planned beside the screen.
AT_ONCE = 16
#: What earlier answers are kept of: KPIs of scenarios between two plans, a few hundred bytes each.
KEPT = 2_000
#: Earlier revisions of the scenario shown that can be chosen.
_REVISIONS = 5
_SHOWN = "The scenario shown"
CHANGE, DRIVER = "By change", "By driver"
FREE, ORDERED = "Order-free", "In order"
_JOB = "bridge"


def render(view: View) -> None:
    """The section."""
    place = st.empty()
    known = _choices(view)
    newest = _newest(view, known)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="bridge_bar"):
        start = st.selectbox("From", list(known), key="bridge_from", width=230)
        if newest:
            # The base is shown: what was saved last is what people want to see against it.
            names = list(known)
            end = st.selectbox("To", names, index=names.index(newest), key="bridge_to_base", width=230)
        else:
            end = st.selectbox("To", [_SHOWN, *known], key="bridge_to", width=230, format_func=_named(view))
        names = [*_FIRST, *(name for name in KPIS if name not in (*_FIRST, "forecast_bias"))]
        kpi = st.selectbox(
            "KPI", names, key="bridge_kpi", width=190, format_func=lambda name: KPIS[name].title,
            help="What is explained. By driver: " + _listed() + "; the others by change.",
        )  # fmt: skip
        by = st.segmented_control(
            "Explained", [CHANGE, DRIVER], default=CHANGE, key="bridge_by", required=True,
            help="By change: what each change of the scenarios brings. By driver: volume, mix, price, rates, hours, from "
            "the two plans alone.",
        )  # fmt: skip
        rule = st.segmented_control(
            "Rule", [FREE, ORDERED], default=FREE, key="bridge_rule", required=True, disabled=by != CHANGE,
            help="Order-free: the mean effect over every order (Shapley value), in at most six groups. In order: each "
            "change has what it adds when its turn comes.",
        )  # fmt: skip
    to = view.scenario_name if end == _SHOWN else end
    a, b = known[start], view.scenario if end == _SHOWN else known[to]
    plans = _planned(view, (start, a), (to, b))
    if plans is None:
        _say(place, "There is no bridge where one of the two cannot be planned.")
        return
    ends = plans[0].kpis[kpi], plans[1].kpis[kpi]
    titles = (start, to if to != start else f"{to} (to)")
    if a.fingerprint() == b.fingerprint():
        _same(place, start, to, len(known) > 1)
        return
    if by == DRIVER and kpi in bridge.BY_DRIVER:
        _by_driver(view, plans, kpi, ends, titles, place)
        return
    if by == DRIVER:
        st.caption(f"{KPIS[kpi].title} is told by change only; by driver there are {_listed()}.")
    found = _attributed(view, (a, b), ORDERED if rule == ORDERED else FREE, place)
    if found is None:
        return
    lines = bridge_tables.change_lines(found, kpi, view.currency)
    _draw(view, lines, kpi, (found.start[kpi], found.end[kpi]), titles, _rule(found), place)
    st.html('<div class="sop-group">The same parts in every measure</div>')
    st.html(bridge_tables.effects_html(found, _FIRST, view.currency))


def _say(place: DeltaGenerator, text: str) -> None:
    """The message on top of the section."""
    place.html(f'<p class="sop-headline">{fmt.safe(text)}</p>')


def _listed() -> str:
    titles = [KPIS[name].title.lower() for name in bridge.BY_DRIVER]
    return f"{', '.join(titles[:-1])} and {titles[-1]}"


def _named(view: View) -> Callable[[str], str]:
    return lambda name: f"{view.scenario_name} (shown)" if name == _SHOWN else name


def _newest(view: View, known: Mapping[str, Scenario]) -> str:
    """Where the base is shown as it is: the scenario saved last, of those that can be chosen; "" where there is none."""
    if view.scenario_name != state.BASE or state.work(state.BASE).changed:
        return ""
    saved = [record for record in state.store().scenarios() if record.name in known]
    return max(saved, key=lambda record: record.updated).name if saved else ""


def _choices(view: View) -> dict[str, Scenario]:
    """What can be bridged, by name: the base, every scenario as it stands here, what the store has of the one shown."""
    known: dict[str, Scenario] = {}
    for name in state.scenario_names():
        known[name] = state.work(name).scenario if name != state.BASE else Scenario.base()
    shown = state.work(view.scenario_name)
    if view.scenario_name != state.BASE:
        if shown.changed:
            known[f"{view.scenario_name}, as saved"] = shown.saved
        earlier = [r for r in state.store().scenario_history(view.scenario_name) if r.action == "saved"]
        for record in earlier[1 : 1 + _REVISIONS]:
            label = f"{view.scenario_name}, revision {record.revision} ({record.who})"
            known[label] = Scenario.from_json(record.json)
    return known


def _planned(view: View, *wanted: tuple[str, Scenario]) -> list[Plan] | None:
    plans = []
    for name, scenario in wanted:
        try:
            plans.append(view.desk.plan(scenario))
        except SopError as error:
            st.warning(f"“{name}” cannot be planned: {error}")
    return plans if len(plans) == len(wanted) else None


def _same(place: DeltaGenerator, start: str, to: str, others: bool) -> None:
    if start == to == state.BASE and not others:
        _say(place, "There is nothing to bridge yet: the base is the only plan.")
        st.markdown(
            "A bridge says what moves margin, service, stock or cash from one plan to another, change by change or by "
            "volume, mix, price and cost, and adds up to the last digit. Make a scenario, or take an option first."
        )
        with st.container(horizontal=True, gap="medium"):
            st.page_link("pages/scenarios.py", label="Make a scenario", icon=":material/tune:")
            st.page_link(
                "pages/tradeoffs.py",
                label="Find options",
                icon=":material/search:",
                query_params={"tradeoffs_view": "Options"},
            )
        return
    _say(place, f"“{start}” and “{to}” plan the same: every KPI is equal.")
    st.info("Choose two scenarios that differ, or change one.")


# -- by driver --------------------------------------------------------------------------------------------


def _by_driver(
    view: View,
    plans: list[Plan],
    kpi: str,
    ends: tuple[float, float],
    titles: tuple[str, str],
    place: DeltaGenerator,
) -> None:
    steps = bridge.by_driver(plans[0], plans[1], kpi)
    lines = bridge_tables.driver_lines(steps, kpi, view.inputs)
    note = (
        "By driver, from the two plans alone: quantities move at the old rates, rates on the new quantities, so that "
        "everything is counted once. Point at a line for its formula."
    )
    _draw(view, lines, kpi, ends, titles, note, place, steps)
    family = view.item if view.level == FAMILY and view.item != ALL else ""
    with st.expander(
        f"By product of {family}" if family else "By family", expanded=True, key="bridge_families"
    ):
        table = bridge_tables.matrix(steps, view.inputs, family)
        corner = "Product" if family else "Family"
        st.html(bridge_tables.matrix_html(table, kpi, view.currency, corner))
        if not family:
            st.caption("Choose a family in the bar above to see its products: they sum to its line here.")


# -- by Change --------------------------------------------------------------------------------------------


@dataclass
class Memory:
    """KPIs of scenarios that were planned for bridges of one data version, shared by all sessions; bounded."""

    known: OrderedDict[str, Mapping[str, float]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> Mapping[str, float] | None:
        """What is known of a scenario's fingerprint."""
        with self.lock:
            if key in self.known:
                self.known.move_to_end(key)
            return self.known.get(key)

    def put(self, key: str, values: Mapping[str, float]) -> None:
        """Keeps it; the least recently used go first."""
        with self.lock:
            self.known[key] = values
            while len(self.known) > KEPT:
                self.known.popitem(last=False)


@st.cache_resource(max_entries=2, show_spinner=False)
def _memory(path: str, version: int, review: int) -> Memory:
    return Memory()


def _attributed(
    view: View, pair: tuple[Scenario, Scenario], rule: str, place: DeltaGenerator
) -> bridge.Attribution | None:
    """The difference by Change: at once where little is to be planned, else beside the screen, with progress."""
    desk, (a, b) = view.desk, pair
    review = desk.company.verdicts.revision
    memory = _memory(str(state.store_path()), desk.version, review)
    ends = {a.fingerprint(): a, b.fingerprint(): b}

    def measure(scenario: Scenario) -> Mapping[str, float]:
        key = scenario.fingerprint()
        found = memory.get(key)
        if found is None:
            # The two ends are in the desk's memory; what lies between would only push others out of it.
            plan = desk.plan(ends[key]) if key in ends else desk.ask(lambda planner: planner.plan(scenario))
            found = bridge.values(plan)
            memory.put(key, found)
        return found

    chosen: bridge.Rule = "in order" if rule == ORDERED else "order-free"
    if bridge.replans(a, b, view.inputs, chosen) <= AT_ONCE:
        with st.spinner("Planning what lies between"):
            return bridge.attribute(a, b, measure, view.inputs, chosen)
    key = (desk.version, review, a.fingerprint(), b.fingerprint(), chosen)
    return _beside(key, view, pair, measure, chosen, place)


def _beside(
    key: object,
    view: View,
    pair: tuple[Scenario, Scenario],
    measure: bridge.Measure,
    rule: bridge.Rule,
    place: DeltaGenerator,
) -> bridge.Attribution | None:
    job: jobs.Job[bridge.Attribution | None] | None = jobs.current(_JOB)
    again = st.session_state.pop("_bridge_again", False)
    if job is None or job.key != key or again:
        inputs = view.inputs
        job = jobs.start(
            _JOB,
            key,
            lambda tell, stopped: bridge.attribute(*pair, measure, inputs, rule, progress=tell, stop=stopped),
        )
        job.wait(0.2)  # what is in memory is there at once
    if job.running:
        count = bridge.replans(*pair, view.inputs, rule)
        _say(place, f"{count} plans lie between the two; each is made once and kept.")
        jobs.watch(job)
        return None
    if job.error:
        st.warning(f"The bridge cannot be built: {job.error}")
    elif job.result is None:
        _say(place, "The bridge was stopped.")
        st.info("Stopped before there was an answer.")
        st.button("Plan on", icon=":material/play_arrow:", key="bridge_again", on_click=_again)
    return job.result


def _again() -> None:
    st.session_state["_bridge_again"] = True


def _rule(found: bridge.Attribution) -> str:
    asked = f" {found.plans} plans between the two were made for it." if found.plans else ""
    return " ".join([found.said + asked, *found.notes])


# -- both -------------------------------------------------------------------------------------------------


def _draw(
    view: View,
    lines: list[Line],
    kpi: str,
    ends: tuple[float, float],
    titles: tuple[str, str],
    note: str,
    place: DeltaGenerator,
    steps: tuple[bridge.Step, ...] = (),
) -> None:
    parts = [(line.label, line.amount) for line in lines]
    said = bridge.whole_sentence(kpi, *ends, titles, parts, view.currency)
    _say(place, said)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        _picture(view, lines, kpi, ends, titles, said)
    with right:
        st.html(bridge_tables.html(lines, kpi, ends, titles, view.currency))
        st.caption(fmt.plain(note))
        tables.download(
            "Download",
            lambda: bridge_tables.frame(lines, kpi, ends, titles, steps),
            "bridge.csv",
            "bridge_download",
            quiet=True,
        )


def _picture(
    view: View,
    lines: list[Line],
    kpi: str,
    ends: tuple[float, float],
    titles: tuple[str, str],
    said: str,
) -> None:
    def bar(label: str, amount: float, hover: str) -> Bar:
        return Bar(
            label, amount, bridge_tables.short(kpi, amount), bridge_tables.good(kpi, amount), fmt.safe(hover)
        )

    unit = bridge_tables.unit(kpi, view.currency)
    if not np.isfinite([line.amount for line in lines]).all():
        st.info(f"{KPIS[kpi].title} has no value in some of the plans, so its bars cannot be drawn.")
        return
    picture = waterfall(
        view.palette,
        f"{KPIS[kpi].title}, {unit}",
        [bar(line.label, line.amount, line.sentence) for line in lines],
        bar("Difference", ends[1] - ends[0], said),
        f"{said} {' '.join(line.sentence for line in lines)}",
        lambda value: bridge_tables.short(kpi, value),
    )
    st.plotly_chart(picture.figure, key="bridge_chart", theme=None, config=CONFIG, alt=picture.alt)
