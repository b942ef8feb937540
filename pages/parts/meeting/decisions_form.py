"""Dialogs of the decisions: write down or edit, choose between scenarios, decide, history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from sop_core.cycle.decision import (
    APPROVED,
    DEFERRED,
    DONE,
    MOST_OPTIONS,
    PROPOSED,
    REJECTED,
    STATES,
    CostOfWaiting,
    Decision,
    OptionConsidered,
    differences,
)
from sop_core.cycle.waiting import RULE, cost_of_waiting
from sop_core.errors import ReviewError, ScenarioError, SopError
from sop_core.scenario import Scenario, Step
from sop_core.store.decisions import DecisionRecord

#: Where a new decision starts from; marks the widgets of its form.
BLANK, SHOWN, BETWEEN = "blank", "shown", "between"
#: Scenarios that a quick choice puts side by side.
QUICK: Final = 3

COMPUTED, TYPED, UNSAID = "From the plan", "Own estimate", "Not said"
NONE = "None"

_VERBS: Mapping[str, str] = {
    APPROVED: "Approve", REJECTED: "Reject", DEFERRED: "Defer", DONE: "Mark as done", PROPOSED: "Propose again",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form says: the decision's own fields, the titles of its options, and how waiting is to be priced."""

    title: str
    why: str
    owner: str
    due: dt.date | None
    options: tuple[str, ...]  #: titles of options at hand, or names of scenarios
    recommendation: str
    waiting: str  #: COMPUTED, TYPED or UNSAID
    amount: float = 0.0
    basis: str = ""
    state: str = PROPOSED
    comment: str = ""


def _try(what: Callable[[], object]) -> None:
    """Does it and closes the dialog, or says why not."""
    try:
        what()
    except SopError as error:
        st.error(str(error))
    else:
        st.rerun()


# -- writing down -----------------------------------------------------------------------------------------


@st.dialog("Decision", width="large")
def edit(view: context.View, record: DecisionRecord | None, start: Decision, origin: str) -> None:
    """Asks for a new decision (`record` None; `origin` says what it starts from), or edits one."""
    _form(view, record, start, origin)


@st.dialog("Choose between scenarios", width="large")
def between(view: context.View) -> None:
    """Up to three scenarios become the options of a decision."""
    names = scenario_names(view)
    first = list(dict.fromkeys((state.BASE, view.scenario.name)))
    chosen = st.multiselect(
        "Scenarios", names, default=first, max_selections=QUICK, key="dec_between_names",
        help="Each is planned with the data of today; its margin, service, stock and cash stand beside the others'",
    )  # fmt: skip
    if len(chosen) < 2:
        st.info("Choose two or three scenarios: the base is doing nothing.")
        return
    try:
        plans = [view.desk.plan(scenario_named(view, name)) for name in chosen]
    except SopError as error:
        st.error(str(error))
        return
    best = max(range(len(plans)), key=lambda n: plans[n].money.margin.sum())
    start = Decision.from_plans(f"{' or '.join(chosen)}?", plans, best)
    _form(view, None, start, f"{BETWEEN}_{'_'.join(chosen)}")


def _form(view: context.View, record: DecisionRecord | None, start: Decision, origin: str) -> None:
    tag = f"{record.id}_{record.revision}" if record is not None else origin
    blank = origin == BLANK
    title = st.text_input(
        "What is decided", value="" if blank else start.title, max_chars=200, key=f"dec_title_{tag}",
        placeholder="Run overtime on Assembly-Lyon in February",
    )  # fmt: skip
    why = st.text_area("Why", value=start.why, height=80, key=f"dec_why_{tag}", max_chars=5000)
    left, right = st.columns(2)
    owner = left.text_input("Owner", value=start.owner, max_chars=120, key=f"dec_owner_{tag}")
    due = right.date_input(
        "Due", value=start.due, key=f"dec_due_{tag}", help="After this day it is marked overdue"
    )
    chosen = st.multiselect(
        "Options considered", option_names(view, start), default=[option.title for option in start.options],
        max_selections=MOST_OPTIONS, key=f"dec_options_{tag}", placeholder="Scenarios that were on the table",
        help="Scenarios are planned with today's data when the decision is kept; options at hand keep their numbers",
    )  # fmt: skip
    recommended = [NONE, *chosen]
    wanted = start.recommendation or NONE
    picked = st.selectbox(
        "Recommended", recommended, index=recommended.index(wanted) if wanted in recommended else 0,
        key=f"dec_best_{tag}_{len(chosen)}", help="Its Changes are what is decided",
    )  # fmt: skip
    waiting, amount, basis = _waiting(view, start, tag)
    status, comment = start.state, start.comment
    if record is not None:
        status = st.segmented_control(
            "State", list(STATES), default=start.state, format_func=str.capitalize, key=f"dec_state_{tag}", required=True,
        )  # fmt: skip
        comment = st.text_area(
            "Comment", value=start.comment, height=68, key=f"dec_comment_{tag}", max_chars=5000
        )
    if not st.button("Keep the decision", type="primary", width="stretch", key=f"dec_keep_{tag}"):
        return
    given = Filled(
        title=title, why=why, owner=owner, due=due, options=tuple(chosen),
        recommendation="" if picked == NONE else picked, waiting=waiting, amount=amount, basis=basis,
        state=status or start.state, comment=comment,
    )  # fmt: skip
    with st.spinner("Planning its options"):
        _try(lambda: keep(view, record, start, given))


def _waiting(view: context.View, start: Decision, tag: str) -> tuple[str, float, str]:
    """How the cost of waiting is found: (way, amount, basis)."""
    known = start.cost_of_waiting
    way = (
        (COMPUTED if known.computed else TYPED)
        if known is not None
        else (COMPUTED if start.changes else UNSAID)
    )
    chosen = st.segmented_control(
        "Cost of waiting a month", [COMPUTED, TYPED, UNSAID], default=way, key=f"dec_waiting_{tag}", required=True,
        help=RULE,
    )  # fmt: skip
    if chosen != TYPED:
        return chosen or UNSAID, 0.0, ""
    left, right = st.columns([1, 2])
    amount = left.number_input(
        f"A month, {view.currency}", value=known.amount if known is not None else 0.0, key=f"dec_amount_{tag}",
        step=1000.0, help="Positive: waiting costs that much a month",
    )  # fmt: skip
    own = known.basis if known is not None and not known.computed else ""
    basis = right.text_input("Why that much", value=own, key=f"dec_basis_{tag}", max_chars=500)
    return TYPED, float(amount), basis


def option_names(view: context.View, start: Decision) -> list[str]:
    """What can be an option: those at hand, then scenarios that are not among them."""
    at_hand = [option.title for option in start.options]
    return at_hand + [name for name in scenario_names(view) if name not in at_hand]


def scenario_names(view: context.View) -> list[str]:
    """The base, stored scenarios, and the one shown where it has no name in the store yet."""
    return list(dict.fromkeys((*state.scenario_names(), view.scenario.name)))


def scenario_named(view: context.View, name: str) -> Scenario:
    """A scenario as this session sees it: with its unsaved Changes, save for the base, which has none."""
    if name == view.scenario.name:
        return view.scenario
    return Scenario.base() if name == state.BASE else state.work(name).scenario


def made(view: context.View, start: Decision, given: Filled) -> Decision:
    """The decision that a form says; new options are planned, and what waiting costs is worked out.

    Raises ReviewError, ScenarioError, PlanError, StoreError: sentences for people.
    """
    at_hand = {option.title: option for option in start.options}
    options = tuple(
        at_hand.get(title) or OptionConsidered.of(view.desk.plan(scenario_named(view, title)), title)
        for title in given.options
    )
    recommendation = start.recommendation if start.recommendation in given.options else ""
    decision = replace(
        start, title=given.title, why=given.why, owner=given.owner, due=given.due, options=options,
        recommendation=recommendation, state=given.state, comment=given.comment,
    )  # fmt: skip
    if given.recommendation and given.recommendation != recommendation:
        decision = decision.recommend(given.recommendation)
    elif not given.recommendation:
        decision = replace(decision, recommendation="")
    if given.waiting == UNSAID:
        return replace(decision, cost_of_waiting=None)
    if given.waiting == TYPED:
        return replace(decision, cost_of_waiting=CostOfWaiting(given.amount, given.basis))
    return replace(decision, cost_of_waiting=waiting_of(view, decision))


def keep(view: context.View, record: DecisionRecord | None, start: Decision, given: Filled) -> DecisionRecord:
    """Writes the decision down, or its next revision. Raises StoreError where somebody edited it in between."""
    register = state.store().decisions
    decision = made(view, start, given)
    if record is None:
        return register.add(decision, state.who())
    return register.change(record.id, decision, state.who(), record.revision)


def waiting_of(view: context.View, decision: Decision) -> CostOfWaiting:
    """What a month of waiting costs by the plan. Raises ReviewError where the plan cannot tell, and of the plans."""
    option = decision.recommended
    acting = option.changes if option is not None else decision.changes
    scenario = Scenario(decision.scenario or state.BASE, steps=tuple(Step(change) for change in acting))
    try:
        return cost_of_waiting(view.desk.plan, scenario, decision.changes, view.inputs.months).cost
    except ScenarioError as error:
        raise ReviewError(
            f"What waiting costs cannot be planned ({error}). Estimate it yourself, or leave it out."
        ) from error


def planned_again(view: context.View, decision: Decision) -> Decision:
    """With the options' numbers, and a computed cost of waiting, of today's data. Raises SopErrors of the plans."""
    options = tuple(_planned(view, option) for option in decision.options)
    cost = decision.cost_of_waiting
    again = replace(decision, options=options)
    if decision.changes and (cost is None or cost.computed):
        again = replace(again, cost_of_waiting=waiting_of(view, again))
    return again


def _planned(view: context.View, option: OptionConsidered) -> OptionConsidered:
    """An option with the numbers of today's data; one that was only written down stays as it is."""
    if not option.scenario and not option.changes:
        return option
    steps = tuple(Step(change) for change in option.changes)
    plan = view.desk.plan(Scenario(option.scenario or state.BASE, steps=steps))
    fresh = OptionConsidered.of(plan, option.title)
    return replace(option, kpis=fresh.kpis, data_version=fresh.data_version)


# -- deciding ---------------------------------------------------------------------------------------------


@st.dialog("Decide")
def decide(record: DecisionRecord, to: str) -> None:
    """Gives a decision another state, with a comment."""
    st.html(f'<p class="sop-said">{fmt.safe(record.value.sentence())}</p>')
    comment = st.text_area(
        "Comment", value=record.value.comment, height=80, key=f"dec_say_{record.id}_{record.revision}",
        max_chars=5000, placeholder="Optional: conditions, reasons",
    )  # fmt: skip
    if st.button(_VERBS[to], type="primary", width="stretch", key=f"dec_do_{record.id}"):
        _try(lambda: decided(record, to, comment))


def decided(record: DecisionRecord, to: str, comment: str) -> DecisionRecord:
    """Writes the state down. Raises StoreError where somebody changed the decision in between."""
    changed = replace(record.value, state=to, comment=comment)
    return state.store().decisions.change(record.id, changed, state.who(), record.revision)


@st.dialog("History", width="large")
def history(record: DecisionRecord) -> None:
    """Every revision: who, when, what changed."""
    revisions = state.store().decisions.history(record.id)
    st.html(f'<div class="sop-short"><ol reversed>{"".join(history_lines(revisions))}</ol></div>')


def history_lines(revisions: Sequence[DecisionRecord]) -> list[str]:
    """Revisions, newest first, as list items."""
    lines = []
    for new, old in zip(revisions, (*revisions[1:], None), strict=True):
        what = "; ".join(differences(old.value, new.value)) if old else new.value.sentence()
        lines.append(
            f"<li><b>{fmt.safe(new.action.capitalize())}</b> by {fmt.safe(new.who)}, {new.at:%d %b %Y %H:%M} UTC: "
            f"{fmt.safe(what)}</li>"
        )
    return lines
