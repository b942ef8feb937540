"""Decisions for the executives: what, why, the options considered, what waiting costs, who, by when, the state."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from pages.parts import context, state
from pages.parts import format as fmt
from pages.parts.meeting import decisions_form
from pages.parts.tables import download
from sop_core.cycle.decision import (
    APPROVED,
    DEFERRED,
    DONE,
    OPTION_KPIS,
    PROPOSED,
    REJECTED,
    UNDECIDED,
    CostOfWaiting,
    Decision,
    OptionConsidered,
)
from sop_core.cycle.lists import decisions_frame
from sop_core.cycle.scoring import review_day
from sop_core.cycle.waiting import RULE
from sop_core.errors import StoreError
from sop_core.kpis import KPIS
from sop_core.store.decisions import DecisionRecord
from sop_core.store.revisions import Step

OPEN, TO_DECIDE, OVERDUE, EVERY = "Open", "To decide", "Overdue", "All"
SHOWN = (OPEN, TO_DECIDE, OVERDUE, EVERY)
EVERYBODY = "All owners"
NOBODY = "No owner"

EDIT, AGAIN, HISTORY, SHOW = "Edit", "Plan its numbers again", "History", "Show its scenario"
MARKS: Mapping[str, str] = {
    "Approve": APPROVED, "Reject": REJECTED, "Defer": DEFERRED, "Mark as done": DONE, "Propose again": PROPOSED,
}  # fmt: skip
_ALLOWED = {
    PROPOSED: (APPROVED, REJECTED, DEFERRED),
    DEFERRED: (APPROVED, REJECTED, PROPOSED),
    APPROVED: (DONE, PROPOSED),
    REJECTED: (PROPOSED,),
    DONE: (PROPOSED,),
}
#: Cards drawn at once; the rest is in the download, or comes with a narrower choice.
_MOST = 30
_MOST_CHANGES = 5

STYLES = """<style>
.sop-card{display:grid;grid-template-columns:minmax(17rem,1fr) minmax(25rem,1.15fr);gap:.2rem 1.4rem;font-size:.85rem;
 line-height:1.4;color:var(--sop-ink)}
.sop-card h4{font-size:1rem;font-weight:600;margin:0;padding:0;grid-column:1/-1;display:flex;gap:.6rem;
 align-items:baseline;flex-wrap:wrap}
.sop-card h4 i{font-style:normal;color:var(--sop-muted);font-weight:400;font-size:.8rem}
.sop-chip{text-decoration:none;font-size:.74rem;font-weight:500;border:1px solid currentColor;border-radius:999px;
 padding:0 .5rem;white-space:nowrap}
.sop-card p{margin:.1rem 0;font-size:.85rem;line-height:1.4}
.sop-card ul{margin:.15rem 0;padding-left:1.1rem}.sop-card li{font-size:.82rem}
.sop-card .who{color:var(--sop-muted);font-size:.8rem}.sop-card .who b{color:var(--sop-ink);font-weight:600}
.sop-card table{border-collapse:collapse;width:100%;font-size:.82rem;align-self:start}
.sop-card th,.sop-card td{text-align:right;padding:.16rem .4rem;border-bottom:1px solid var(--sop-line);
 white-space:nowrap;vertical-align:top}
.sop-card th{color:var(--sop-muted);font-weight:500;font-size:.76rem}
.sop-card th:first-child,.sop-card td:first-child{text-align:left;white-space:normal}
.sop-card tr.chosen td{background:var(--sop-raised);font-weight:600}
.sop-card td small{display:block;font-size:.72rem;font-weight:400}
.sop-card .waits{font-weight:600}
@media (max-width:900px){.sop-card{grid-template-columns:1fr}}
</style>"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One card."""

    record: DecisionRecord
    trail: tuple[Step, ...]
    late: bool

    @property
    def decision(self) -> Decision:
        """What is to be decided."""
        return self.record.value


def render(view: context.View) -> None:
    """The section."""
    _section(view)


@st.fragment
def _section(view: context.View) -> None:
    entries = listed(view)
    top = st.container(gap="small")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Add a decision", icon=":material/add:", key="dec_add", type="primary"):
            decisions_form.edit(view, None, Decision("?"), decisions_form.BLANK)
        if st.button(
            "From the scenario shown", icon=":material/account_tree:", key="dec_from", disabled=not view.scenario.active,
            help="Its Changes become the decision; doing nothing is the other option. Choose one with Changes above.",
        ):  # fmt: skip
            with state.explained():
                decisions_form.edit(view, None, from_scenario(view), decisions_form.SHOWN)
        if st.button(
            "Choose between scenarios", icon=":material/alt_route:", key="dec_between",
            help="Up to three scenarios become the options",
        ):  # fmt: skip
            decisions_form.between(view)
        chosen = OPEN
        if entries:
            chosen = st.segmented_control(
                "Shown", SHOWN, default=OPEN, key="dec_shown", required=True, label_visibility="collapsed",
                help="Open: not rejected and not done. To decide: proposed or deferred. Overdue: open after its day.",
            )  # fmt: skip
            owners = [EVERYBODY, *owners_of(entries)]
            owner = st.selectbox("Owner", owners, key="dec_owner", label_visibility="collapsed", width=170)
        else:
            owner = EVERYBODY
    if not entries:
        with top:
            _nothing_yet()
        return
    top.html(f'<p class="sop-headline">{fmt.safe(summary(entries, view.currency))}</p>')
    shown = chosen_of(entries, chosen or OPEN, owner)
    if not shown:
        st.html(f'<p class="sop-quiet">{fmt.safe(_none(chosen or OPEN, owner))}</p>')
    st.html(STYLES)
    for entry in shown[:_MOST]:
        _card(view, entry)
    if len(shown) > _MOST:
        st.caption(f"{_MOST} of {len(shown)} shown: choose an owner, or take the download.")
    download("The decisions", lambda: frame(view, entries), "decisions.csv", "decisions_csv", quiet=True)


def listed(view: context.View) -> list[Entry]:
    """Every decision: overdue ones first, then those to decide, then by the day on which they are due."""
    register = state.store().decisions
    trail, day = register.trail(), review_day(view.company, dt.date.today())
    found = [Entry(record, trail.get(record.id, ()), record.value.overdue(day)) for record in register.list()]
    order = (PROPOSED, DEFERRED, APPROVED, DONE, REJECTED)
    return sorted(
        found,
        key=lambda e: (
            not e.late,
            order.index(e.decision.state),
            e.decision.due or dt.date.max,
            e.record.id,
        ),
    )


def chosen_of(entries: Sequence[Entry], shown: str, owner: str) -> list[Entry]:
    """The entries that the filters leave."""
    keep = {
        OPEN: lambda e: e.decision.open,
        TO_DECIDE: lambda e: e.decision.undecided,
        OVERDUE: lambda e: e.late,
        EVERY: lambda e: True,
    }[shown]
    return [
        entry for entry in entries if keep(entry) and owner in (EVERYBODY, entry.decision.owner or NOBODY)
    ]


def owners_of(entries: Sequence[Entry]) -> list[str]:
    """Who owns something, in the order of the alphabet."""
    return sorted({entry.decision.owner or NOBODY for entry in entries}, key=str.casefold)


def summary(entries: Sequence[Entry], currency: str) -> str:
    """`4 decisions: 2 to decide, 1 approved, 1 done. 1 is overdue. Waiting costs 92 k EUR a month.`"""
    counted = Counter("to decide" if e.decision.state in UNDECIDED else e.decision.state for e in entries)
    parts = ", ".join(
        f"{counted[word]} {word}" for word in ("to decide", APPROVED, DONE, REJECTED) if counted[word]
    )
    said = f"{len(entries)} decision{'s' if len(entries) != 1 else ''}: {parts}."
    late = sum(entry.late for entry in entries)
    if late:
        said += f" {late} {'is' if late == 1 else 'are'} overdue."
    waiting = [
        e.decision.cost_of_waiting.amount
        for e in entries
        if e.decision.undecided and e.decision.cost_of_waiting is not None
    ]
    if sum(waiting) > 0:
        each = " (each by itself, added up)" if len(waiting) > 1 else ""
        said += f" Waiting with what is to decide costs {fmt.money(sum(waiting), currency)} a month{each}."
    return said


def frame(view: context.View, entries: Sequence[Entry]) -> pd.DataFrame:
    """The list as it is downloaded."""
    day = review_day(view.company, dt.date.today())
    return decisions_frame([entry.record for entry in entries], view.currency, day)


# -- a card -----------------------------------------------------------------------------------------------


def _card(view: context.View, entry: Entry) -> None:
    number = entry.record.id
    with (
        st.container(border=True, key=f"dec_{number}"),
        st.container(horizontal=True, wrap=False, vertical_alignment="top", gap="small"),
    ):
        st.html(card(view, entry))
        chosen = st.menu_button(
            "", actions(entry.decision), icon=":material/more_vert:", key=f"dec_menu_{number}", type="tertiary",
            help="Edit, decide, plan again, history",
        )  # fmt: skip
    if chosen:
        with state.explained():
            _act(view, entry, chosen)


def actions(decision: Decision) -> list[str]:
    """What can be done with a decision."""
    marks = [label for label, to in MARKS.items() if to in _ALLOWED[decision.state]]
    again = [AGAIN] if decision.changes or any(option.scenario for option in decision.options) else []
    show = [SHOW] if decision.scenario else []
    return [EDIT, *marks, *again, *show, HISTORY]


def _act(view: context.View, entry: Entry, chosen: str) -> None:
    record = entry.record
    if chosen == EDIT:
        decisions_form.edit(view, record, record.value, "")
    elif chosen == HISTORY:
        decisions_form.history(record)
    elif chosen == SHOW:
        show_scenario(record.value)
    elif chosen == AGAIN:
        with st.spinner("Planning its options and the month of waiting"):
            made = decisions_form.planned_again(view, record.value)
        state.store().decisions.change(record.id, made, state.who(), record.revision)
        st.rerun()
    else:
        decisions_form.decide(record, MARKS[chosen])


def show_scenario(decision: Decision) -> None:
    """Makes the decision's scenario the one shown on every page. Raises StoreError where it is gone."""
    if decision.scenario not in state.scenario_names(archived=True):
        raise StoreError(
            f"There is no scenario '{decision.scenario}' any more. The decision has kept its Changes."
        )
    context.go_to(decision.scenario)
    st.rerun()


def card(view: context.View, entry: Entry) -> str:
    """A decision as HTML."""
    d = entry.decision
    look = {APPROVED: "sop-good", DONE: "sop-good", REJECTED: "sop-bad"}.get(d.state, "")
    late = ' <span class="sop-chip sop-bad">overdue</span>' if entry.late else ""
    due = f"{d.due:%d %b %Y}" if d.due else "no day set"
    scenario = f" · scenario <b>{fmt.safe(d.scenario)}</b>" if d.scenario else ""
    meeting = f" · meeting {d.meeting}" if d.meeting else ""
    left = [
        f'<p class="who">Owner <b>{fmt.safe(d.owner or "nobody yet")}</b> · due <b>{due}</b>{scenario}{meeting}</p>'
    ]
    if d.why:
        left.append(f"<p>{fmt.safe(d.why)}</p>")
    left.append(_waiting(d.cost_of_waiting, view.currency))
    left.append(_changes(view, d))
    if d.comment:
        left.append(f"<p><b>Comment</b> {fmt.safe(d.comment)}</p>")
    left.append(f'<p class="who">{fmt.safe(told(entry.trail))}</p>')
    right = options_table(d, view.currency, view.desk.version)
    return (
        f'<div class="sop-card"><h4>{fmt.safe(d.title)} <span class="sop-chip {look}">{d.state}</span>{late}'
        f"<i>no. {entry.record.id}</i></h4><div>{''.join(left)}</div><div>{right}</div></div>"
    )


def _waiting(cost: CostOfWaiting | None, currency: str) -> str:
    if cost is None:
        return '<p class="who">Cost of waiting: not said. Edit the decision to have it worked out.</p>'
    amount = fmt.money(abs(cost.amount), currency)
    exact = f"{fmt.exact(cost.amount, 2)} {currency}"
    if round(cost.amount) == 0:
        said = '<span class="waits">Waiting a month costs nothing</span> in margin'
    elif cost.amount > 0:
        said = f'<span class="waits sop-bad">Waiting costs {amount} a month</span>'
    else:
        said = f'<span class="waits sop-good">Waiting saves {amount} a month</span>'
    if cost.service is not None and abs(cost.service) >= 0.0005:
        falls = "lower" if cost.service > 0 else "higher"
        said += f", service {abs(cost.service) * 100:.1f} pp {falls}"
    how = cost.basis if cost.computed else f"A person's estimate. {cost.basis}".strip()
    tip = f"{exact}. {RULE if cost.computed else ''}".strip()
    return f'<p title="{fmt.safe(tip)}">{said}. <span class="who">{fmt.safe(how)}</span></p>'


def _changes(view: context.View, d: Decision) -> str:
    if not d.changes:
        return ""
    said = [change.sentence(view.inputs) for change in d.changes]
    rest = len(said) - _MOST_CHANGES
    more = f"<li>and {rest} more</li>" if rest > 0 else ""
    items = "".join(f"<li>{fmt.safe(line)}</li>" for line in said[:_MOST_CHANGES])
    return f"<ul>{items}{more}</ul>"


def options_table(d: Decision, currency: str, version: int) -> str:
    """The options with margin, service, stock and cash each, and by how much they differ from doing nothing."""
    if not d.options:
        return '<p class="who">No options are written down: edit the decision and choose scenarios as options.</p>'
    idle = next((option for option in d.options if not option.changes), None)
    unit = dict.fromkeys(OPTION_KPIS, fmt.safe(currency)) | {"service": "%"}
    head = "".join(
        f'<th title="{fmt.safe(KPIS[kpi].formula)}">{_TITLES[name]}, {unit[name]}</th>'
        for name, kpi in OPTION_KPIS.items()
    )
    body = ""
    for option in d.options:
        chosen = option.title == d.recommendation
        mark = ' <span class="sop-chip sop-good">recommended</span>' if chosen else ""
        cells = "".join(_cell(name, option, idle, currency) for name in OPTION_KPIS)
        body += (
            f'<tr class="{"chosen" if chosen else ""}"><td>{fmt.safe(option.title)}{mark}</td>{cells}</tr>'
        )
    against = f" Small figures: against '{idle.title}'." if idle and len(d.options) > 1 else ""
    old = sorted({option.data_version for option in d.options if 0 < option.data_version != version})
    stale = ""
    if old:
        stale = (
            f' <span class="sop-bad">Numbers of data version {", ".join(map(str, old))}; data is {version}: plan its '
            "numbers again (menu).</span>"
        )
    note = f"Over the horizon; stock: average at month end.{fmt.safe(against)}{stale}"
    return f'<table><thead><tr><th>Option</th>{head}</tr></thead><tbody>{body}</tbody></table><p class="who">{note}</p>'


_TITLES = {"margin": "Margin", "service": "Service", "stock": "Stock", "cash": "Cash flow"}


def _cell(name: str, option: OptionConsidered, idle: OptionConsidered | None, currency: str) -> str:
    value, kpi = getattr(option.kpis, name), OPTION_KPIS[name]
    if value is None:
        return f"<td>{fmt.DASH}</td>"
    shown = f"{value * 100:.1f}" if name == "service" else fmt.short(value)
    small = ""
    before = None if idle is None or idle is option else getattr(idle.kpis, name)
    if before is not None:
        delta = fmt.kpi_delta(kpi, value, before)
        look = {True: "sop-good", False: "sop-bad", None: ""}[delta.good]
        small = f'<small class="{look}" title="{delta.word}">{delta.arrow} {delta.text}</small>'
    return f'<td title="{fmt.safe(fmt.kpi_exact(kpi, value, currency))}">{shown}{small}</td>'


def told(trail: Sequence[Step]) -> str:
    """`Proposed by anna 3 Jan 2027; approved by carl 5 Jan 2027`: the states it went through."""
    words = {"added": "Written down", "changed": "edited"}
    shown = [step for n, step in enumerate(trail) if n == 0 or step.action != "changed"]
    if trail and trail[-1].action == "changed":
        shown.append(trail[-1])
    return "; ".join(
        f"{words.get(step.action, step.action)} by {step.who} {step.at:%d %b %Y}" for step in shown
    )


# -- making -----------------------------------------------------------------------------------------------


def from_scenario(view: context.View) -> Decision:
    """The decision for the scenario shown, beside doing nothing. Raises ScenarioError, PlanError."""
    made = Decision.from_scenario(view.scenario, view.plan)
    nothing = OptionConsidered.of(view.base, "Do nothing")
    return replace(made, options=(nothing, *made.options))


def _none(shown: str, owner: str) -> str:
    what = {OPEN: "open", TO_DECIDE: "to decide", OVERDUE: "overdue", EVERY: "there"}[shown]
    return f"Nothing is {what}{'' if owner == EVERYBODY else f' for {owner}'}."


def _nothing_yet() -> None:
    st.html(
        '<p class="sop-headline">No decision is written down yet.</p><p class="sop-quiet">What the executives are to '
        "decide stands here: the options with margin, service, stock and cash, the one recommended, what a month of "
        "waiting costs, who answers for it and by when. Take the scenario shown above with all its Changes, put up to "
        "three scenarios side by side as options, or write one down by hand. The meeting room captures decisions too; "
        "the executives approve, reject or defer them one by one.</p>"
    )
