"""Why: every exception of the plan shown answers with what binds, what one more step is worth, and the ways out."""

from __future__ import annotations

import streamlit as st

from pages.parts import format as fmt
from pages.parts import jobs, scenario_menu, state
from pages.parts.context import View
from pages.parts.tradeoffs import why_html, why_known
from pages.parts.tradeoffs.pace import warm_seconds
from sop_core.changes import Change
from sop_core.charts.why import HEIGHT, fill_chart, fill_sentence
from sop_core.errors import SopError
from sop_core.explain import KINDS, MONEY, Explanation, Finding, Subject, explain, price
from sop_core.explain.subject import SHORTAGE, cells
from sop_core.plan import Plan

#: Exceptions of one kind in the list, alone and among all kinds, and orders of one to choose from; the rest is counted.
MOST, FEW, MOST_ORDERS = 40, 4, 60
#: Height of the list in pixels.
_LIST = 620
#: Re-plans that pricing takes, and seconds up to which they are made at once, without being asked.
_SOLVES, _AT_ONCE = 22, 6.0
#: Name of the query parameter that says which exception is shown.
PARAMETER = "why"


def render(view: View) -> None:
    """The section."""
    st.html(why_html.STYLES)
    shown = False
    with state.explained():
        _room(view, view.plan)
        shown = True
    if not shown:
        st.page_link("pages/scenarios.py", label="Change the scenario", icon=":material/tune:")


def _room(view: View, plan: Plan) -> None:
    found = _in_view(view, why_known.all_findings(view))
    _scenario_line(view)
    if not found:
        st.html(
            '<p class="sop-headline">Nothing to explain: every order is on time, no resource is over its regular '
            "hours, contracts are taken and stock is on target.</p>"
        )
        return
    st.html(f'<p class="sop-headline">{fmt.safe(headline(found, view.currency))}</p>')
    left, right = st.columns([1, 2.1], gap="medium")
    with left:
        chosen = _list(found, view.currency)
    with right:
        _answer(view, plan, chosen)


def headline(found: tuple[Finding, ...], currency: str) -> str:
    """How many exceptions there are, and the largest in money, as a sentence."""
    largest = found[0]
    amount = f" ({fmt.money(largest.money, currency)})" if largest.money >= 0.5 else ""
    if len(found) == 1:
        return f"One exception: {largest.title}{amount}."
    return f"{len(found)} exceptions; the largest in money: {largest.title}{amount}."


def _in_view(view: View, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What concerns the items that the context bar shows."""
    names = {name for name, shown in zip(view.inputs.items, view.items, strict=True) if shown}
    return tuple(one for one in found if not one.items or names.intersection(one.items))


# -- the list -------------------------------------------------------------------------------------------------


def _list(found: tuple[Finding, ...], currency: str) -> Finding:
    """The exceptions in money order with a filter by kind; the one that is chosen."""
    counts = {kind: sum(one.subject.kind == kind for one in found) for kind in KINDS}
    kinds = [kind for kind in KINDS if counts[kind]]
    picked = st.selectbox(
        "Kind", ["", *kinds], key="why_kind", label_visibility="collapsed",
        format_func=lambda kind: (
            f"{KINDS[kind]} ({counts[kind]})" if kind else f"All exceptions ({len(found)})"
        ),
    )  # fmt: skip
    shown = [one for one in found if not picked or one.subject.kind == picked]
    wanted = _base(Subject.from_key(st.query_params.get(PARAMETER, "")))
    chosen = next((one for one in found if one.subject == wanted), None)
    if chosen is None and wanted is not None:
        st.caption("What the link asked about is no exception of this plan. The largest is shown.")
    if chosen is None or (picked and chosen not in shown):
        chosen = shown[0]
    with st.container(height=_LIST, border=False, gap="xxsmall", key="why_list"):
        for kind in kinds:
            own = [one for one in shown if one.subject.kind == kind]
            _group(kind, own, chosen, MOST if picked or len(kinds) == 1 else FEW, currency)
    return chosen


def _group(kind: str, found: list[Finding], chosen: Finding, most: int, currency: str) -> None:
    """One kind of exceptions under its name, largest money first."""
    if not found:
        return
    st.html(
        f'<div class="sop-group" title="{fmt.safe(MONEY[kind])}">{fmt.safe(KINDS[kind])}, {fmt.safe(currency)}</div>'
    )
    listed = found[:most] if chosen not in found[most:] else [*found[: most - 1], chosen]
    for one in listed:
        amount = f"**{fmt.short(one.money)}** " if one.money >= 0.5 else ""
        st.button(
            f"{amount}{fmt.plain(one.title)}", key=f"why_pick_{one.subject.key}", width="stretch",
            on_click=_pick, args=(one.subject,), type="secondary" if one is chosen else "tertiary",
            help=f"{fmt.plain(one.sentence)} {MONEY[kind]}.",
        )  # fmt: skip
    if len(found) > most:
        more = len(found) - most
        if most == FEW:
            st.button(
                f"Show all {len(found)}", key=f"why_all_{kind}", icon=":material/expand_more:", type="tertiary",
                on_click=_all, args=(kind,), help=f"{more} smaller ones of this kind",
            )  # fmt: skip
        else:
            st.html(f'<div class="sop-quiet">{more} smaller ones: choose a family in the bar above.</div>')


def _all(kind: str) -> None:
    st.session_state["why_kind"] = kind


def _base(subject: Subject | None) -> Subject | None:
    """The exception that a subject belongs to: without the orders or the month within it."""
    if subject is None:
        return None
    item = "" if subject.kind == SHORTAGE else subject.item
    return Subject(subject.kind, subject.thing, subject.cause, item)


def _pick(subject: Subject) -> None:
    st.query_params[PARAMETER] = subject.key


# -- the answer -----------------------------------------------------------------------------------------------


def _answer(view: View, plan: Plan, chosen: Finding) -> None:
    subject = _within(plan, chosen)
    known = why_known.priced(view, subject)
    told = known if known is not None else explain(plan, subject)
    if told is None:
        st.caption("The plan has no such exception any more.")
        return
    st.html(f'<p class="sop-why">{fmt.safe(told.sentence)}</p>')
    if told.chain:
        st.html(why_html.chain(told))
    if told.reasons:
        st.html(f'<p class="sop-because">{fmt.safe(" ".join(told.reasons))}</p>')
    if told.arithmetic:
        st.html(why_html.arithmetic(told))
    place = st.container(key="why_priced", gap="xsmall")
    _picture(view, told)
    with place:
        _priced(view, plan, subject, told)


def _within(plan: Plan, chosen: Finding) -> Subject:
    """The orders, or the month, of an exception that the answer is about."""
    linked = Subject.from_key(st.query_params.get(PARAMETER, ""))
    linked = linked if linked is not None and _base(linked) == chosen.subject else None
    if chosen.subject.kind == SHORTAGE:
        rows = cells(plan, chosen.subject).head(MOST_ORDERS)
        options = [
            Subject(SHORTAGE, chosen.subject.thing, chosen.subject.cause, item, month)
            for item, month in zip(rows["item"], rows["month"], strict=True)
        ]
        titles = dict(zip(plan.inputs.items, plan.inputs.item_title or plan.inputs.items, strict=True))
        labels = {
            one.key: f"{titles[one.item]}, {_month(plan, one.month)}: {units:,.0f} units, "
            f"{fmt.money(value, plan.inputs.currency)}"
            for one, units, value in zip(options, rows["quantity"], rows["value"], strict=True)
        }
        asked = "Orders"
    else:
        base = chosen.subject
        options = [Subject(base.kind, base.thing, "", base.item, month) for month in chosen.months]
        labels = {one.key: _month(plan, one.month) for one in options}
        asked = "Month"
    if len(options) < 2 or chosen.subject.kind == "promise":
        return options[0] if chosen.subject.kind != "promise" else chosen.subject
    keys = list(labels)
    first = linked
    if chosen.subject.kind != SHORTAGE and (linked is None or not linked.month):
        told = explain(plan, chosen.subject)
        first = told.subject if told is not None else None
    at = keys.index(first.key) if first is not None and first.key in keys else 0
    picked = st.selectbox(
        asked, keys, index=at, key=f"why_within_{chosen.subject.key}", format_func=lambda key: labels[key],
        help="Largest in money first" if asked == "Orders" else "The month asked about",
    )  # fmt: skip
    subject = Subject.from_key(picked)
    assert subject is not None  # written by Subject.key
    if picked != keys[at]:  # only what was chosen goes into the address: the largest is shown without one
        st.query_params[PARAMETER] = picked
    return subject


def _month(plan: Plan, month: str) -> str:
    months = [str(m) for m in plan.inputs.months]
    return fmt.months(plan.inputs.months)[months.index(month)] if month in months else month


def _picture(view: View, told: Explanation) -> None:
    """What binds, month by month."""
    used, beyond = told.profile
    if not used:
        return
    binds = next((link.name for link in told.chain if link.binding), told.title)
    months = [str(m) for m in view.inputs.months]
    lever = told.binding.levers[0].month if told.binding is not None else -1
    marked = lever if lever >= 0 else months.index(told.subject.month)
    st.echarts_chart(
        fill_chart(view.months, used, beyond, marked, view.palette, binds), height=HEIGHT, theme=None,
        key="why_fill", alt=fill_sentence(view.months, used, beyond, binds),
    )  # fmt: skip


# -- worth and ways out ------------------------------------------------------------------------------------------


def seconds_needed(plan: Plan) -> float:
    """About how long pricing takes."""
    return _SOLVES * warm_seconds(plan)


def _priced(view: View, plan: Plan, subject: Subject, told: Explanation) -> None:
    if not told.priced:
        told = _work_out(view, plan, subject, told)
    if not told.priced:
        if told.verdict:
            st.html(f'<p class="sop-because">{fmt.safe(told.verdict)}</p>')
        return
    if not told.complete:
        st.caption("Stopped: what was worked out by then is shown.")
    without = told.without.sentence(told.currency) if told.without is not None else ""
    said = " ".join(part for part in (told.verdict, without, told.worth_sentence) if part)
    if said:
        st.html(f'<p class="sop-because"><b>{fmt.safe(said)}</b></p>')
    if told.worth is not None and told.worth.known:
        st.html(why_html.worth(told, told.worth))
    _ways(view, told)


def _work_out(view: View, plan: Plan, subject: Subject, told: Explanation) -> Explanation:
    """Worth and ways out: at once where that is quick, else as a job beside the screen that is asked for."""
    key = why_known.key(view, subject)
    if seconds_needed(plan) <= _AT_ONCE:
        with st.spinner("Pricing one step more and one less, and the ways out", show_time=False):
            done = _ask(view, plan, told)
    else:
        job: jobs.Job[Explanation] | None = jobs.current("why")
        mine = job if job is not None and job.key == key else None
        if mine is None:
            about = max(round(seconds_needed(plan) / 10) * 10, 10)
            st.button(
                "Work out what one more step is worth", icon=":material/calculate:", key="why_work_out",
                on_click=_start, args=(view, plan, told, key),
                help=f"About {_SOLVES} re-plans, some {about} seconds; the screen stays free",
            )  # fmt: skip
            return told
        jobs.watch(mine)
        if mine.error:
            st.error(mine.error, icon=":material/error:")
        done = mine.result if mine.result is not None else told
    if done.priced and done.complete:
        why_known.memory().put(key, done)
    return done


def _ask(view: View, plan: Plan, told: Explanation) -> Explanation:
    try:
        return view.desk.ask(lambda planner: price(planner, plan, told))
    except SopError as error:
        st.error(f"The worth could not be worked out. {error}", icon=":material/error:")
        return told


def _start(view: View, plan: Plan, told: Explanation, key: why_known.Key) -> None:
    desk = view.desk
    jobs.start("why", key, lambda tell, stopped: price(desk.planner(), plan, told, tell, stopped))


def _ways(view: View, told: Explanation) -> None:
    """Ways out with their effect, each to be taken into the scenario."""
    if not told.ways_out:
        none = {
            SHORTAGE: "No lever of the company relieves these orders.",
            "above": "Stock that is there already only goes away by being sold.",
        }.get(told.subject.kind, "")
        if none:
            st.html(f'<p class="sop-quiet">{none}</p>')
        return
    st.html('<div class="sop-group">Ways out, each re-planned exactly, against this plan</div>')
    for n, way in enumerate(told.ways_out):
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"why_way_{n}", wrap=False
        ):
            st.html(why_html.way(way, told.currency))
            if way.change is not None:
                st.button(
                    "Add to the scenario", key=f"why_add_{n}", icon=":material/add:", on_click=_add,
                    args=(view, way.change), help=fmt.plain(way.change.sentence(view.inputs)),
                )  # fmt: skip


def _add(view: View, change: Change) -> None:
    """Puts a way out into the working scenario: the what-if of this session until it is saved."""
    work = state.work(view.scenario_name)
    edited = work.history.present.add(change)
    try:
        edited.check(view.inputs)
    except SopError as error:
        st.session_state["_why_said"] = ("error", str(error))
        return
    work.history = work.history.push(edited)
    st.session_state["_why_said"] = ("added", change.sentence(view.inputs))


def _scenario_line(view: View) -> None:
    """What was just added, with undo; nothing where nothing was."""
    kind, said = st.session_state.pop("_why_said", ("", ""))
    if kind == "error":
        st.error(said, icon=":material/error:")
    work = state.work(view.scenario_name)
    if not work.changed and not work.history.can_undo and not work.history.can_redo:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key="why_scenario"):
        count = len(work.history.present.steps)
        text = f"Added: {said}. " if kind == "added" else ""
        unsaved = ", not saved" if work.changed else ""
        st.html(
            f'<p class="sop-because">{fmt.safe(text)}{fmt.safe(work.scenario.name)}: {count} '
            f"{'change' if count == 1 else 'changes'}{unsaved}.</p>"
        )
        scenario_menu.undo_redo(work, "why_")
        st.page_link("pages/scenarios.py", label="See it on Scenarios", icon=":material/arrow_forward:")
