"""Agreement on the unconstrained demand: what is proposed, what it rests on, who agrees; then it is locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand import agreed, past_estimates
from pages.parts.demand.agreed import MONTH, PERIODS, Pair
from pages.parts.grid import MonthGrid
from pages.parts.state import BASE
from pages.parts.tables import download, listing, month_table
from sop_core.calendar import month_label, span_label
from sop_core.cycle.agreement import (
    Agreement,
    Proposal,
    Voice,
    clear_name,
    drift,
    drift_sentence,
    to_agree,
    version_differences,
)  # fmt: skip
from sop_core.cycle.assumption import OPEN
from sop_core.cycle.estimate import Estimate, estimate_of
from sop_core.cycle.scoring import review_day
from sop_core.errors import SopError
from sop_core.inputs import Bools
from sop_core.scenario import Scenario
from sop_core.store import Store

#: Sentences of Changes and of overdue assumptions that are listed before "and n more".
_MOST = 12
_EXAMPLE = "Ada Keller, Sales\nBen Ortiz, Operations"


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(path: str, id: int, _store: Store) -> Estimate:
    return _store.estimates.load(id)


def _numbers(agreement: Agreement) -> Estimate:
    """The numbers that were agreed; they never change."""
    return _kept(str(state.store_path()), agreement.estimate, state.store())


def render(view: context.View) -> None:
    """The section."""
    work = state.work(view.scenario_name)
    _section(view, work.revision, work.changed)


@st.fragment
def _section(view: context.View, revision: int, changed: bool) -> None:
    """`revision` of the stored scenario in view, 0 = none; `changed`: it has changes that are not saved."""
    cycle = view.inputs.months[0]
    everything = state.store().agreements.list()
    mine = [found for found in everything if found.cycle == cycle]
    current = mine[0] if mine and mine[0].in_force else None
    if current is not None:
        _in_force(view, current)
        use = _months_of(view, current)
    else:
        _open(view, mine)
        use = _choose_months(view)
    _beside(view, everything, current, use)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _rests_on(view, current)
    with right:
        if current is None:
            _agree_form(view, revision, changed, mine, use)
        else:
            _after(current)
    _versions(view, everything)


# -- where it stands --


def _in_force(view: context.View, current: Agreement) -> None:
    st.markdown(f":material/lock: **{fmt.plain(current.minutes())}**")
    if current.note:
        st.html(f'<p class="sop-quiet">{fmt.safe(current.note)}</p>')
    _drift(view, current)


def _drift(view: context.View, current: Agreement) -> None:
    """Says what the same Changes give now, where data or cleansing moved on since."""
    version, review = view.desk.version, view.company.verdicts.revision
    if (version, review) == (current.data_version, current.review_revision):
        return
    try:
        now = view.desk.unconstrained(Scenario.from_json(current.scenario_json))
    except SopError as error:
        st.warning(
            f"The data changed since, and the agreed Changes no longer fit: {error}", icon=":material/update:"
        )
        return
    moved = drift(current, _numbers(current), now)
    st.warning(drift_sentence(current, version, review, moved), icon=":material/update:")


def _open(view: context.View, mine: Sequence[Agreement]) -> None:
    cycle = month_label(view.inputs.months[0])
    if mine:
        st.markdown(f":material/lock_open: {fmt.plain(mine[0].minutes())}")
        said = f"The cycle {cycle} is open again: version {mine[0].version + 1} is next."
    else:
        said = f"Demand of the cycle {cycle} is not agreed yet."
    st.html(f'<p class="sop-headline">{fmt.safe(said)}</p>')


def _months_of(view: context.View, agreement: Agreement) -> Bools:
    months = view.inputs.months
    use: Bools = (months >= agreement.first_month) & (months <= agreement.last_month)
    return use


def _choose_months(view: context.View) -> Bools:
    """[t] the months that are proposed; the whole horizon until somebody chooses fewer."""
    months = view.inputs.months
    if len(months) < 2:
        return np.ones(len(months), dtype=bool)
    labels = dict(zip([str(m) for m in months], view.months, strict=True))
    names = list(labels)
    first, last = st.select_slider(
        "Months to agree on", names, value=(names[0], names[-1]), key="agree_months", format_func=labels.__getitem__,
        help="The rolling demand that is agreed and locked: the whole horizon, unless you choose fewer months",
    )  # fmt: skip
    use: Bools = (months >= np.datetime64(first, "M")) & (months <= np.datetime64(last, "M"))
    return use


# -- beside what was agreed, budgeted and expected --


def _beside(
    view: context.View, everything: Sequence[Agreement], current: Agreement | None, use: Bools
) -> None:
    proposed = agreed.of_demand(view, view.unconstrained)
    name, main = f"Proposed: {view.scenario.name}", proposed
    others: dict[str, Pair] = {}
    if current is not None:
        name = f"Agreed: {current.scenario}"
        main = agreed.of_estimate(view, _numbers(current), current.first_month, current.last_month)
        # Rounding of sums is no difference.
        if not np.allclose(main.units[use], proposed.units[use], rtol=1e-6, atol=0.5):
            others[f"In view: {view.scenario.name}"] = proposed
    before = _version_before(view, everything, current)
    if before is not None:
        others[f"Last agreed, {before.name}"] = agreed.of_estimate(
            view, _numbers(before), before.first_month, before.last_month
        )
    others["Budget"] = agreed.of_budget(view)
    memory = past_estimates.memory(view)
    rows = memory.expected.rows
    last = agreed.last_cycle(rows, view.inputs.months[0])
    if last is not None:
        keep = (rows.cycle == last) & past_estimates.rows_in_view(view, rows)
        label = f"Last estimate, {month_label(last)}"
        others[label] = agreed.of_forecasts(view.inputs.months, rows, keep, memory.price)
    grid = agreed.standing(view, name, main, others, use)
    with st.container(horizontal=True, vertical_alignment="center"):
        by = st.segmented_control(
            "By", list(PERIODS), default=MONTH, key="agree_by", required=True, label_visibility="collapsed"
        )
        if not view.whole:
            st.html(
                f'<p class="sop-quiet">Shown: {fmt.safe(filters.title(view))}. What is agreed is the whole company.</p>'
            )
    if by in (None, MONTH):
        _month_tables(grid, "Proposed demand beside what was agreed, budgeted and expected")
    else:
        first = view.company.snapshot.settings.fiscal_year_start
        st.html(_period_html(grid, agreed.spans(grid.months, str(by), first)))
    _say_missing(others, use, before is None, last is None)
    download("This comparison", grid.frame, "agreement.csv", "agreement_csv", quiet=True)


def _say_missing(others: Mapping[str, Pair], use: Bools, first: bool, new: bool) -> None:
    """What there is nothing to compare with, and why."""
    said = []
    for label, pair in others.items():
        lacks = [
            measure
            for measure, values in (("units", pair.units), ("money", pair.revenue))
            if not np.isfinite(values[use]).any()
        ]
        if lacks:
            said.append(f"{label} is not known in {' and '.join(lacks)} for what is in view")
    said += ["no demand was agreed before"] if first else []
    said += ["no estimate of an earlier cycle is known"] if new else []
    if said:
        text = "; ".join(said)
        st.html(f'<p class="sop-quiet">{fmt.safe(text[:1].upper() + text[1:])}.</p>')


def _month_tables(grid: MonthGrid, label: str) -> None:
    """A table for units and one for revenue: each in its own scale, so that gaps in units are not rounded away."""
    for block in grid.blocks:
        alone = replace(grid, blocks=(replace(block, title="", note=""),), group=block.title)
        month_table(alone, f"{label}: {block.title.lower()}")


def _version_before(
    view: context.View, everything: Sequence[Agreement], current: Agreement | None
) -> Agreement | None:
    """The version to compare with: the one before in the cycle, else what the cycle before ended with."""
    cycle = view.inputs.months[0]
    own = [a for a in everything if a.cycle == cycle and a != current]
    return own[0] if own else next((a for a in everything if a.cycle < cycle and a.in_force), None)


def _period_html(grid: MonthGrid, spans: list[tuple[str, np.ndarray]]) -> str:
    """The table by quarter or year, as HTML; a sum over fewer months than the period has says so on hover."""
    head = "".join(f'<th scope="col">{fmt.safe(label)}</th>' for label, _ in spans)
    body = []
    for block in grid.blocks:
        body.append(
            f'<tr><th scope="rowgroup" colspan="{len(spans) + 2}"><b>{block.title}, {fmt.safe(block.note)}</b></th></tr>'
        )
        for row in block.rows:
            cells = [agreed.gathered(row, places) for _, places in spans]
            cells.append(agreed.gathered(row, np.arange(len(grid.months))))
            strong = ("<b>", "</b>") if row.kind == "total" else ("", "")
            gap = row.kind == "difference"
            shown = "".join(_period_cell(cell, gap) for cell in cells)
            body.append(f"<tr><td>{strong[0]}{fmt.safe(row.label)}{strong[1]}</td>{shown}</tr>")
    return (
        '<div style="overflow-x:auto"><table class="sop-table"><caption hidden>Proposed demand by period</caption>'
        f'<thead><tr><th></th>{head}<th scope="col">Total</th></tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def _period_cell(cell: agreed.Cell, gap: bool) -> str:
    if not cell.known:
        return "<td></td>"
    partly = "" if cell.known == cell.of else f", {cell.known} of {cell.of} months"
    mark = "" if not partly else "*"
    if not gap or round(cell.value) == 0:
        return f'<td title="{cell.value:,.1f}{partly}">{fmt.exact(cell.value)}{mark}</td>'
    good = cell.value > 0
    word = "favourable" if good else "unfavourable"
    style = "sop-good" if good else "sop-bad"
    text = fmt.exact(cell.value, signed=True)
    return f'<td class="{style}" title="{cell.value:,.1f}, {word}{partly}">{text}{mark}</td>'


# -- what it rests on --


def _rests_on(view: context.View, current: Agreement | None) -> None:
    scenario = view.scenario if current is None else Scenario.from_json(current.scenario_json)
    said = [
        (step.change.group == "Demand", text)
        for step, text in zip(scenario.steps, scenario.sentences(view.inputs), strict=True)
        if not step.muted
    ]
    demand = [text for acts, text in said if acts]
    parts = ['<div class="sop-group">What it rests on</div>']
    parts.append(
        _bullets(demand)
        if demand
        else _quiet("No Change of demand: the forecast and the company's own tables as they are.")
    )
    others = len(said) - len(demand)
    if others:
        parts.append(
            _quiet(f"{others} more {'Change does' if others == 1 else 'Changes do'} not touch demand.")
        )
    parts.append(_assumptions(view))
    if current is None:
        version, review, when = view.desk.version, view.company.verdicts.revision, "now"
    else:
        version, review, when = current.data_version, current.review_revision, f"{current.at:%d %b %Y}"
    parts.append(_quiet(f"Data version {version}, cleansing decisions revision {review} ({when})."))
    st.html("".join(parts))


def _assumptions(view: context.View) -> str:
    known = [r.assumption for r in state.store().assumptions.list() if r.assumption.status == OPEN]
    if not known:
        return _quiet("No open assumption stands in the register.")
    day = review_day(view.company, dt.date.today())
    overdue = [a for a in known if a.overdue(day)]
    lines = [f"Overdue since {a.valid_until:%d %b %Y}: {a.sentence()}" for a in overdue]
    count = "1 open assumption" if len(known) == 1 else f"{len(known)} open assumptions"
    said = _quiet(f"{count}, {len(overdue) or 'none'} overdue:")
    return said + _bullets(lines, "sop-bad") + _bullets([a.sentence() for a in known if a not in overdue])


def _quiet(text: str) -> str:
    return f'<p class="sop-quiet" style="margin:.35rem 0 0">{fmt.safe(text)}</p>'


def _bullets(lines: Sequence[str], style: str = "") -> str:
    if not lines:
        return ""
    shown = "".join(f'<li class="{style}">{fmt.safe(line)}</li>' for line in lines[:_MOST])
    more = f"<li>and {len(lines) - _MOST} more</li>" if len(lines) > _MOST else ""
    return f'<div class="sop-short"><ul style="margin:.1rem 0 0;padding-left:1.2rem">{shown}{more}</ul></div>'


# -- agreeing --


def _agree_form(
    view: context.View, revision: int, changed: bool, mine: Sequence[Agreement], use: Bools
) -> None:
    version = mine[0].version + 1 if mine else 1
    record = None if view.scenario_name == BASE else state.stored(view.scenario_name)
    locked = record is not None and record.locked is not None
    name = clear_name(view.inputs.months[0], version, state.scenario_names(archived=True))
    scenario, expected = to_agree(
        view.scenario, view.scenario_name, revision, changed, locked, name, state.who()
    )
    months = view.inputs.months[use]
    st.html('<div class="sop-group">Who agrees</div>')
    with st.form("agree_form", border=False):
        people = st.text_area(
            "Names and roles, one a line", key="agree_people", placeholder=_EXAMPLE, height=100,
            help="Name, then role behind a comma. More people can join later.",
        )  # fmt: skip
        note = st.text_input("Note", key="agree_note", max_chars=1000, placeholder="for the minutes")
        as_it_is = f"“{scenario.name}” is locked as it stands."
        saved = f"It is saved as “{scenario.name}” and locked."
        st.html(
            f'<p class="sop-quiet">{span_label(months[0], months[-1])}, version {version}. '
            f"{fmt.safe(as_it_is if expected else saved)}</p>"
        )
        pressed = st.form_submit_button("Agree demand", type="primary", icon=":material/handshake:")
    if not pressed:
        return
    with state.explained():
        voices = agreed.read_voices(people)
        who = _signer(voices)
        wanted = replace(view.unconstrained, scenario=scenario)
        estimate = estimate_of(view.company, wanted, kind="agreed", who=who, note=note.strip())
        proposal = Proposal(scenario, expected, version, months[0], months[-1], estimate, note)
        found = state.store().agreements.agree(proposal, voices, who)
        if not expected:
            state.forget(view.scenario_name)
        context.go_to(found.scenario)
        st.rerun()


def _signer(voices: Sequence[Voice]) -> str:
    """Who is on record for agreeing: the login; where there is none, the first one named."""
    who = state.who()
    return voices[0].name if voices and who == "Planner" else who


def _after(current: Agreement) -> None:
    """What can be done with an agreement in force: join it, open its scenario, reopen it."""
    lines = [f"{v.said()}, {v.at:%d %b %Y %H:%M} UTC" if v.at else v.said() for v in current.voices]
    st.html(f'<div class="sop-group">Agreed by</div>{_bullets(lines)}')
    with st.container(horizontal=True):
        if st.button(
            "Show the agreed scenario", icon=":material/account_tree:", key="agree_show", type="tertiary"
        ):
            context.go_to(current.scenario)
            st.rerun()
        with (
            st.popover("Join", icon=":material/person_add:", type="tertiary"),
            st.form("join_form", border=False),
        ):
            people = st.text_area(
                "Names and roles, one a line", key="join_people", placeholder=_EXAMPLE, height=80
            )
            if st.form_submit_button("Add to the agreement", type="primary"):
                with state.explained():
                    state.store().agreements.add_voices(current.id, agreed.read_voices(people))
                    st.rerun()
        with (
            st.popover("Reopen", icon=":material/lock_open:", type="tertiary"),
            st.form("reopen_form", border=False),
        ):
            st.caption(
                "This version stays as it is; its scenario may change again, and the next agreement is a new version."
            )
            who = st.text_input("Who reopens it", key="reopen_who", max_chars=120)
            reason = st.text_input("Why", key="reopen_reason", max_chars=500)
            if st.form_submit_button("Reopen the agreement", type="primary"):
                with state.explained():
                    state.store().agreements.reopen(current.id, who, reason)
                    st.rerun()


# -- versions --


def _versions(view: context.View, everything: tuple[Agreement, ...]) -> None:
    if not everything:
        return
    with st.expander(f"All agreed versions ({len(everything)})", icon=":material/history:"):
        frame = agreed.versions_frame(everything)
        listing(frame, "agreement_versions")
        download("Versions", frame, "agreed_versions.csv", "agreed_versions_csv", quiet=True)
        by_name = {f"{a.name}, {a.scenario}": a for a in everything}
        left, right = st.columns(2)
        one = left.selectbox("Look at", list(by_name), index=None, key="version_one", placeholder="A version")
        if one is None:
            return
        other = right.selectbox(
            "Compare with", [name for name in by_name if name != one], index=None, key="version_two",
            placeholder="Another version",
        )  # fmt: skip
        _look_at(view, by_name[one], None if other is None else by_name[other])


def _look_at(view: context.View, agreement: Agreement, other: Agreement | None) -> None:
    st.markdown(fmt.plain(agreement.minutes()))
    st.html(
        f'<p class="sop-quiet">Fingerprint of the agreed units: <code>{fmt.safe(agreement.fingerprint)}</code></p>'
    )
    estimate = _numbers(agreement)
    if other is not None:
        before = _numbers(other)
        first = max(agreement.first_month, other.first_month)
        last = min(agreement.last_month, other.last_month)
        frame = version_differences(before, estimate, first, last)
        if not len(frame):
            st.html('<p class="sop-quiet">The same in every line and month that both hold.</p>')
            return
        total = float(frame["difference"].sum())
        st.html(
            f'<p class="sop-quiet">{len(frame):,} lines and months differ, together {fmt.exact(total, signed=True)} '
            f"units (this one less {fmt.safe(other.name)}), largest first.</p>"
        )
        shown = frame.head(500).assign(month=[month_label(m) for m in frame["month"].head(500)])
        listing(shown, "version_differences", height=320)
        download("All differences", frame, "version_differences.csv", "version_differences_csv", quiet=True)
        return
    pair = agreed.of_estimate(view, estimate, agreement.first_month, agreement.last_month)
    use = _months_of(view, agreement)
    if use.any():
        grid = agreed.standing(view, f"Agreed: {agreement.scenario}", pair, {}, use)
        _month_tables(grid, f"Agreed demand, {agreement.name}")
    else:
        st.html('<p class="sop-quiet">None of its months is planned any more.</p>')
