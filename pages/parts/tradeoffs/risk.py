"""Risk: the plan held while demand goes its own way: ranges, targets missed, what carries it, scenarios beside it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

import numpy as np
import streamlit as st

from pages.parts import filters, jobs, state
from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.products.working import plan_key
from pages.parts.tables import download
from pages.parts.tradeoffs import risk_tables as tables
from sop_core import risk as core
from sop_core.charts.risk import carriers_chart, fan_chart
from sop_core.charts.template import CONFIG
from sop_core.errors import SopError
from sop_core.kpis import KPIS
from sop_core.plan import Plan

MOST: Final = 4
PATHS: Final = (200, 1000, 5000)
#: Cells x paths up to which the simulation is done while the screen waits: about a second.
AT_ONCE: Final = 3_000_000
#: Simulations kept: two comparisons of four scenarios, and the seeds tried on them.
KEPT: Final = 12
_CARRIED: Final = {"Service": "service_level", "Margin": "margin", "Stock": "stock_value"}

Key = tuple[object, ...]


class Shelf:
    """Simulations done, for all sessions; the least recently used go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, core.Risk] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> core.Risk | None:
        """The one of that key, if it is there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, found: core.Risk) -> None:
        """Keeps one."""
        with self._lock:
            self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


@st.cache_resource(max_entries=1, show_spinner=False)
def _shelf() -> Shelf:
    return Shelf()


@st.cache_resource(max_entries=2, show_spinner=False)
def _doubt(key: Key, _view: View) -> core.Uncertainty:
    return core.uncertainty(_view.company)


def render(view: View) -> None:
    """The section."""
    headline = st.empty()
    names, paths, seed = _choices(view)
    with st.spinner("Planning"):
        plans = _plans(view, names)
    if view.scenario_name not in plans:
        headline.html(
            '<p class="sop-headline">This scenario cannot be planned, so its risk is not known.</p>'
        )
        return
    doubt = _doubt(plan_key(view)[:3], view)
    found = _simulated(view, plans, doubt, paths, seed)
    if found is None:
        headline.html('<p class="sop-headline">Walking the plan along its demand paths.</p>')
        return
    own = found[view.scenario_name]
    goals = core.goals(view.company)
    said = core.headline(own, goals, view.inputs.item_family)
    headline.html(
        f'<p class="sop-headline" id="risk-headline">{fmt.safe(said)}</p>'
        f'<p class="sop-said" style="margin:0">{fmt.safe(core.holds(own, goals))}</p>'
    )
    st.html(f'<p class="sop-quiet">{tables.GLOSSARY}</p>')
    if filters.title(view) != "Company":
        st.html('<p class="sop-quiet">Items share stock, people and targets: shown is the whole company.</p>')
    _fans(view, own, goals)
    left, right = st.columns([0.6, 0.4], gap="medium")
    with left:
        st.html(tables.ranges(own, goals, view.currency))
        if not goals:
            st.html(
                '<p class="sop-quiet">No targets: bring <b>targets</b> (kpi, target) to see how likely each is '
                "missed.</p>"
            )
    with right:
        _carriers(view, own, goals)
    if len(found) > 1:
        st.html('<div class="sop-group">Scenarios on the same paths</div>')
        st.html(tables.compared(found, goals, view.currency))
    download("All paths", lambda: tables.paths_frame(found), "risk_paths.csv", "risk_csv", quiet=True)
    _method(doubt, own)


# -- what is simulated ------------------------------------------------------------------------------------


def _choices(view: View) -> tuple[list[str], int, int]:
    """Scenarios beside the one shown, number of paths, seed."""
    others = [name for name in state.scenario_names() if name != view.scenario_name]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        beside: list[str] = []
        if others:
            kept = [name for name in st.session_state.get("risk_beside", []) if name in others]
            st.session_state["risk_beside"] = kept[: MOST - 1]
            beside = st.multiselect(
                "Compare with", others, key="risk_beside", max_selections=MOST - 1, width=520,
                placeholder="Compare with up to three scenarios",
                help="Walked along the same demand paths, each scaled by the scenario's own demand",
            )  # fmt: skip
        paths = st.segmented_control(
            "Paths", PATHS, default=PATHS[1], key="risk_paths", required=True, width="content",
            format_func=lambda count: f"{count:,}",
            help="More paths make the ranges steadier: a probability of 50 % is known to about 3 points with 1,000.",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", min_value=1, max_value=9999, value=core.SEED, key="risk_seed", width=130,
            icon=":material/casino:", help="Seed: the same number draws the same demand paths, today and next week",
        )  # fmt: skip
    return [view.scenario_name, *beside], int(paths or PATHS[1]), int(seed)


def _plans(view: View, names: list[str]) -> dict[str, Plan]:
    plans = {}
    for name in names:
        try:
            plans[name] = (
                view.plan if name == view.scenario_name else view.desk.plan(state.work(name).scenario)
            )
        except SopError as error:
            st.warning(f"“{name}” cannot be planned: {error}")
    return plans


def _simulated(
    view: View, plans: dict[str, Plan], doubt: core.Uncertainty, paths: int, seed: int
) -> dict[str, core.Risk] | None:
    """The simulations by scenario; None while they are made beside the screen (or were stopped, or failed)."""
    shelf, company = _shelf(), plan_key(view)[:3]
    keys = {name: (*company, plan.scenario.fingerprint(), paths, seed) for name, plan in plans.items()}
    found = {name: shelf.get(key) for name, key in keys.items()}
    missing = [name for name, known in found.items() if known is None]
    cells = plans[view.scenario_name].demand.total[..., 0].size
    if missing and cells * paths * len(missing) <= AT_ONCE:
        with st.spinner(f"Walking the plan along {paths:,} demand paths"):
            for name in missing:
                made = core.simulate(plans[name], doubt, paths, seed)
                shelf.put(keys[name], made)
                found[name] = made
        missing = []
    if missing:
        return _beside(plans, doubt, keys, missing, found, paths, seed)
    return {name: known for name, known in found.items() if known is not None}


def _beside(
    plans: dict[str, Plan],
    doubt: core.Uncertainty,
    keys: dict[str, Key],
    missing: list[str],
    found: dict[str, core.Risk | None],
    paths: int,
    seed: int,
) -> dict[str, core.Risk] | None:
    """The same in a thread, with progress and a stop button."""
    wanted = (st.session_state.get("_risk_tries", 0), *(keys[name] for name in missing))

    def work(tell: jobs.Tell, stopped: jobs.Stopped) -> dict[Key, core.Risk]:
        done: dict[Key, core.Risk] = {}
        for at, name in enumerate(missing):
            what = f"Demand paths of {name}" if len(missing) > 1 else "Demand paths"
            before = at * paths
            made = core.simulate(
                plans[name], doubt, paths, seed, stop=stopped,
                progress=lambda _, n, total, what=what, before=before: tell(  # type: ignore[misc]
                    what, before + n, total * len(missing)
                ),
            )  # fmt: skip
            if stopped():
                break
            done[keys[name]] = made
        return done

    job: jobs.Job[dict[Key, core.Risk]] | None = jobs.current("risk")
    if job is None or job.key != wanted:
        job = jobs.start("risk", wanted, work)
    if job.running:
        jobs.watch(job)
        return None
    done = job.result or {}
    for name in missing:
        if keys[name] in done:
            found[name] = done[keys[name]]
            _shelf().put(keys[name], done[keys[name]])
    if any(known is None for known in found.values()):
        st.warning(job.error or "The simulation was stopped.")
        st.button("Start again", icon=":material/refresh:", key="risk_again", on_click=_again)
        return None
    return {name: known for name, known in found.items() if known is not None}


def _again() -> None:
    st.session_state["_risk_tries"] = st.session_state.get("_risk_tries", 0) + 1


# -- pictures ---------------------------------------------------------------------------------------------


def _fans(view: View, own: core.Risk, goals: list[core.Goal]) -> None:
    """Service and stock by month."""
    aims = {goal.kpi: goal.line for goal in goals if goal.kind == "target" and goal.direction != "level"}
    left, right = st.columns(2, gap="medium")
    for place, measure, unit in ((left, "service_level", "%"), (right, "stock_value", view.currency)):
        with place:
            picture = fan_chart(
                view.palette, own.months, own.month_bands(measure), own.planned_by_month[measure],
                KPIS[measure].title, unit, aims.get(measure, float("nan")),
            )  # fmt: skip
            st.plotly_chart(
                picture.figure, key=f"risk_fan_{measure}", theme=None, config=CONFIG, alt=picture.alt
            )
            st.html(f'<p class="sop-quiet">{fmt.safe(picture.alt)}</p>')


def _carriers(view: View, own: core.Risk, goals: list[core.Goal]) -> None:
    """Which items carry the risk."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control(
            "Risk of", list(_CARRIED), default="Service", key="risk_of", required=True, label_visibility="collapsed",
            width="content", help="Service: part of the units late or lost in the paths that miss the target. Margin "
            "and stock: covariance with the company's total over its variance. Both add up to 100 %.",
        )  # fmt: skip
        families = len(set(view.inputs.item_family)) > 1 and view.inputs.items != view.inputs.item_family
        by = "Products"
        if families:
            by = st.segmented_control(
                "By", ["Families", "Products"], default="Families", key="risk_by", required=True,
                label_visibility="collapsed", width="content",
            )  # fmt: skip
    measure = _CARRIED[shown or "Service"]
    goal = next((one for one in goals if one.kpi == measure and one.kind == "target"), None)
    missed = None if goal is None else goal.of_paths(own)
    parts = core.carriers(own, measure, missed)
    if not np.abs(parts).sum():
        st.html(f'<p class="sop-quiet">{KPIS[measure].title} does not move on these paths.</p>')
        return
    names = [view.inputs.title(i) for i in range(len(own.items))]
    if by == "Families":
        family = core.by_family(parts, view.inputs.item_family)
        names, parts = list(family), np.array(list(family.values()))
    title = "Units late or lost, part of all, %" if measure == "service_level" else "Part of the swing, %"
    picture = carriers_chart(view.palette, names, parts, title)
    st.plotly_chart(picture.figure, key="risk_carriers", theme=None, config=CONFIG, alt=picture.alt)
    st.html(f'<p class="sop-quiet">{fmt.safe(tables.carried_sentence(names, parts, measure, missed))}</p>')


# -- how it was done --------------------------------------------------------------------------------------


def _method(doubt: core.Uncertainty, own: core.Risk) -> None:
    """Seed, paths and the method in plain words."""
    with st.expander(f"How this was worked out: {own.paths:,} paths, seed {own.seed}", key="risk_method"):
        st.markdown(tables.method(doubt, own))
