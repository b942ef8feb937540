"""The proposal: what the executives decide on, top to bottom in two minutes, on a projector and on two pages of paper.

Everything that is read is drawn from the Pack alone; what is pressed (choosing what is proposed, deciding) goes to the
store, and the Pack follows.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import format as fmt
from pages.parts import jobs, state
from pages.parts.context import View
from pages.parts.executive import cards, exports, pictures, print_style, signed, source
from pages.parts.executive import proposal_html as html
from sop_core.cycle.decision import OPEN_STATES
from sop_core.pack.gather import choices
from sop_core.scenario import Scenario
from sop_core.store import StoredScenario
from sop_core.store.decisions import DecisionRecord

#: Scenarios offered as a proposal.
OFFERED = 4


def render(view: View) -> None:
    """The section."""
    print_style.apply(view.palette)
    # Places of their own, so that what stands below keeps its place when they have nothing to say any more.
    getting, choosing = st.container(), st.container()
    with getting:
        shown = source.in_view(view)
    pack = shown.pack
    if shown.signoff is None:
        with choosing:
            _choose(view)
    with st.container(key="exec_top"):
        st.html(html.head(pack) + html.kpis(pack))
    with st.container(key="exec_body"):
        pictures.draw(view.palette, pack)
        with st.container(key="exec_scenarios"):
            st.html(html.scenarios(pack))
        with st.container(key="exec_risk", gap="small"):
            _risk(shown)
        with st.container(key="exec_threats"):
            st.html(html.threats(pack))
    with st.container(key="exec_decisions"):
        cards.draw(pack, read_only=shown.signoff is not None)
    st.html(html.basis(pack))
    with st.container(key="exec_foot"):
        _files(shown)


def _risk(shown: source.Shown) -> None:
    """The risk, or how far its simulation is."""
    why = source.WORKING if shown.waiting is not None else ""
    if not why and shown.evidence is not None:
        why = shown.evidence.without_risk
    st.html(html.risk(shown.pack, why))
    if shown.waiting is not None:
        jobs.watch(shown.waiting)
    elif shown.stopped:
        st.button(
            "Simulate again", icon=":material/refresh:", key="exec_risk_again", on_click=source.simulate_again
        )


def _files(shown: source.Shown) -> None:
    """The files to take away, as soon as all that they show is known."""
    signoff = shown.signoff
    if shown.waiting is not None:
        st.html(
            '<p class="sop-quiet">Slides, workbook and one-pager can be made when the chances are known.</p>'
        )
    elif signoff is not None:
        exports.downloads(shown.pack, lambda: signed.frames_of(signoff), signoff)
    elif shown.evidence is not None:
        exports.downloads(shown.pack, shown.evidence.plan.frames)


# -- what is proposed ---------------------------------------------------------------------------------------


def _choose(view: View) -> None:
    """With the base in view: which scenarios could be proposed, one click each. With unsaved Changes: that they are."""
    if view.scenario_name != state.BASE or view.scenario.active:
        _unsaved(view)
        return
    names = candidates(state.store().scenarios(), state.store().decisions.list())
    with st.container(key="exec_choose", horizontal=True, vertical_alignment="center", gap="small"):
        if not names:
            st.html(
                '<p class="sop-quiet">The base is in view: nothing else can be proposed yet. Save a what-if, or take a '
                "way out, and it can be proposed here.</p>"
            )
            st.page_link("pages/scenarios.py", label="Try a change in Scenarios", icon=":material/tune:")
            return
        st.html(
            '<p class="sop-quiet">The base is in view, which proposes to change nothing. Propose instead:</p>'
        )
        for n, name in enumerate(names):
            st.button(
                fmt.plain(name), key=f"exec_propose_{n}", icon=":material/account_tree:", on_click=state.go_to,
                args=(name,), help="Shows this scenario on every page, and here as what is proposed",
            )  # fmt: skip


def _unsaved(view: View) -> None:
    """Changes that nobody has saved can be looked at, not signed."""
    if not state.work(view.scenario_name).changed:
        return
    with st.container(key="exec_choose", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            '<p class="sop-quiet">What is shown holds Changes that are not saved. Save them before the plan is '
            "signed.</p>"
        )
        st.page_link("pages/scenarios.py", label="Save in Scenarios", icon=":material/save:")


def candidates(stored: Sequence[StoredScenario], decisions: Sequence[DecisionRecord]) -> list[str]:
    """Scenarios that could be proposed: those of open decisions, newest first, then those saved last. One in which the
    market brings something else is no proposal, unless a decision names it."""
    live = {one.name: one for one in stored if one.archived is None and one.name != state.BASE}
    wanted = [record.value.scenario for record in reversed(decisions) if record.value.state in OPEN_STATES]
    latest = sorted(live.values(), key=lambda one: (one.updated, one.created), reverse=True)
    chosen, _ = choices(Scenario.base(), {one.name: one for one in latest})
    names = dict.fromkeys((*wanted, *chosen))
    return [name for name in names if name in live][:OFFERED]
