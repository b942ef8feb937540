"""What the What-if shows while an exact plan is made beside the screen.

A small company's plan is made while one blinks, and is shown. Where that takes too long (`Desk.slow`), the exact plan is
made in a thread and the screen shows at once what is known by then: a plan that can be carried out, and what the best
plan's margin lies between; or, where nothing is known, the last plan, dimmed. An exact plan replaces an estimate,
never the other way round, and only the plan of the scenario as it stands now is ever shown as exact.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import streamlit as st

from pages.parts import format as fmt
from pages.parts import kpi_strip
from pages.parts.beside import Wish
from pages.parts.context import View
from pages.parts.kpi_strip import Between
from pages.parts.state import Work
from sop_core.errors import SopError
from sop_core.plan import Plan

#: Seconds between two looks at a plan that is being made.
EVERY = 0.3
#: Seconds that an exact plan waits at most for its estimate to be on the screen: two cores that work on both, and on the
#: browser's picture, answer with none of them.
HEAD_START = 1.0
_LAST, _SESSION, _WISH = "_last_plan", "_waiting_session", "_waiting_wish"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the screen. `plan` is the scenario's own where `exact`."""

    plan: Plan
    problem: str = ""  #: why the scenario's own plan cannot be made
    exact: bool = True
    bounds: tuple[float, float] | None = (
        None  #: margin of the best plan at least and at most, while not exact
    )
    sentence: str = ""  #: what is being waited for

    @property
    def stale(self) -> bool:
        """Whether the plan is that of another scenario, shown for want of a better one."""
        return not self.exact and self.bounds is None and not self.problem


def shown(view: View, work: Work) -> Shown:
    """The plan to show for the scenario under the user's hands. Raises PlanError where the base has no plan."""
    desk, scenario = view.desk, work.scenario
    if st.session_state.get("flip"):
        return Shown(view.base)
    try:
        plan = desk.known(scenario) if desk.slow else desk.plan(scenario)
    except SopError as error:
        return Shown(_last(view), str(error))
    return _exact(view, plan) if plan is not None else _meanwhile(view, work)


def _exact(view: View, plan: Plan) -> Shown:
    """The scenario's own plan; nothing is waited for any more."""
    st.session_state[_LAST] = plan
    st.session_state.pop(_WISH, None)
    if not view.desk.slow:
        return Shown(plan)
    view.desk.beside.forget(_session())
    return Shown(plan, sentence=_made_in(plan))


def _meanwhile(view: View, work: Work) -> Shown:
    """An estimate, or the last plan, while the exact plan is made beside the screen."""
    desk, scenario = view.desk, work.scenario
    wish = desk.want(_session(), scenario, HEAD_START)
    st.session_state.pop(_WISH, None)
    if wish.ended and wish.problem:
        return Shown(_last(view), wish.problem)
    # The look-out goes to the browser before the estimate is made: what a run sends last can be lost where another
    # one begins in that moment, and an estimate without a look-out would never be replaced.
    _watch(wish)
    try:
        found = desk.estimate(scenario)
    except SopError as error:
        desk.beside.forget(_session())
        return Shown(_last(view), str(error))
    exact = desk.known(scenario)
    if exact is not None:  # it was there as soon as the estimate, which need not be shown
        shown_now = _exact(view, exact)
        st.session_state[_WISH] = wish  # so that the look-out ends itself
        return shown_now
    st.session_state[_WISH] = wish
    took = desk.beside.last_seconds
    before = f" The last one took {_seconds(took)}." if took else ""
    if found is None:
        said = "Working: no estimate is possible for this change. The numbers are those of the last plan."
        return Shown(_last(view), exact=False, sentence=said + before)
    said = "Estimate from plans solved so far; the exact plan follows."
    return Shown(found.plan, "", False, (found.lowest, found.highest), said + before)


def drawn() -> None:
    """To be called when all that answers a lever is drawn: the exact plan may begin."""
    wish: Wish | None = st.session_state.get(_WISH)
    if wish is not None:
        wish.begin()


def strip(view: View, now: Shown) -> None:
    """The KPI strip, and under it, for a company whose plans take long, one line about where the numbers stand."""
    between: dict[str, Between] | None = None
    if now.bounds is not None:
        between = {"margin": Between(*now.bounds)}
    html = kpi_strip.strip(now.plan, view.base, view.palette, between=between)
    if now.stale:
        html = html.replace("sop-strip", "sop-strip sop-estimate", 1)
    if not view.desk.slow:
        st.html(html)
        return
    # One element with its line: they change in the same moment.
    said = fmt.safe(now.sentence) or "&nbsp;"
    dim = "" if now.exact or now.problem else _DIM
    st.html(f'{_STYLE}{dim}{html}<div class="sop-quiet sop-waiting" role="status">{said}</div>')


#: Dimmed numbers, and one line's room kept whether it says something or not.
_STYLE = """<style>.sop-estimate{opacity:.6}.sop-estimate .sop-narrow{font-size:.86rem}
.sop-waiting{height:1.1rem;margin-top:.35rem;overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
.st-key-pictures_chart{transition:opacity .15s}</style>"""
#: The pictures are dimmed with the numbers; where the exact plan is there at once, not long enough to be seen.
_DIM = "<style>.st-key-pictures_chart{opacity:.6;transition-delay:.1s}</style>"


@st.fragment(run_every=EVERY)
def _watch(wish: Wish) -> None:
    """Looks whether the plan is there, and has the page drawn once more then."""
    # A wish that the user has moved on from is nobody's business any more, whenever it ends. What is waited for is
    # only forgotten where its plan is shown: a run that is asked for here may be overtaken by another input. While the
    # page is being drawn, nothing is waited for yet: whether the plan is there by then is asked after the estimate.
    if st.session_state.get(_WISH) is wish and wish.ended:
        st.rerun()


def _session() -> str:
    """A name for this session among those who wait."""
    found: str = st.session_state.setdefault(_SESSION, uuid.uuid4().hex)
    return found


def _last(view: View) -> Plan:
    last: Plan | None = st.session_state.get(_LAST)
    return last if last is not None and last.data_version == view.desk.version else view.base


def _made_in(plan: Plan) -> str:
    seconds = plan.solution.solver.seconds
    return f"Exact plan, solved in {_seconds(seconds)}." if plan.scenario.active else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
