"""The editing grid: unconstrained demand line by line, typed or pasted, kept until it is applied with its reason.

What is typed stays this session's own, by scenario, across filters and pages, until it is applied or discarded.
Cells are text: what cannot be read keeps standing there with a sentence, and nothing is bent into a number.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from pages.parts import context, scenario_menu, state
from pages.parts import format as fmt
from pages.parts.demand import changes, lines, typed
from pages.parts.demand.lines import Line
from pages.parts.demand.typed import ADD, MARK, PERCENT, UNITS, Cell, Draft, Pending, Period, Typed
from pages.parts.grid import unit_of
from pages.parts.state import Work
from sop_core.calendar import span_label
from sop_core.cycle.agreement import branch_name
from sop_core.errors import SopError
from sop_core.inputs import Floats
from sop_core.plan import Unconstrained

MEASURES, PERIODS = (UNITS, PERCENT, ADD), (typed.MONTH, typed.QUARTER, typed.YEAR)
_LINE_COLUMN = "Line"
_ROW = 28
#: Lines of the preview; the rest is summed up in words.
_PREVIEW = 8
_HELP = {
    UNITS: "The whole demand of a line in the month: what you type is what the plan then says.",
    PERCENT: "More or less than the demand as it is, promotions and launches included: 5 or 5 % is 5 % more.",
    ADD: "Units a month on top of the demand as it is, below zero to take away.",
}


@dataclass(slots=True)
class _Editor:
    """One life of the grid. Rows and columns never change in it, so no edit is lost; another view is another one."""

    signature: tuple[object, ...]
    key: str
    frame: pd.DataFrame
    lines: list[Line]
    columns: list[Period]
    clean: list[list[str]]  #: the texts without pending ones
    months: list[str]  #: YYYY-MM of the horizon
    measure: str
    #: What the grid still holds of typing that was applied since: it is no news.
    applied: dict[Cell, str] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Cell:
        """The cell at a place of the grid."""
        months = tuple(self.months[t] for t in self.columns[column].months)
        return Cell(self.lines[row].scope, self.measure, months)


def pending_of(name: str) -> Pending:
    """What is typed and not applied yet in a scenario, in the order of typing."""
    known: dict[str, Pending] = st.session_state.setdefault("_demand_pending", {})
    return known.setdefault(name, {})


def waiting_elsewhere(name: str) -> list[tuple[str, int]]:
    """Other scenarios in which typed cells wait, with their number."""
    known: dict[str, Pending] = st.session_state.get("_demand_pending", {})
    return [(other, len(cells)) for other, cells in known.items() if cells and other != name]


@st.fragment
def render(view: context.View, work: Work, measure: str, kind: str) -> None:
    """The grid, what is pending, and what it would do: a cell that is typed redraws this alone. `measure` and `kind` of
    period: see `choose`."""
    with state.explained():
        _render(view, work, measure, kind)


def _render(view: context.View, work: Work, measure: str, kind: str) -> None:
    name = view.scenario_name
    lock = scenario_menu.lock_of(name)
    if lock is not None:
        _locked(view, work, lock.sentence)
        return
    found = lines.all_lines(view)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = found[lines.page_of(len(found))]
        st.html(f'<p class="sop-quiet">{_intro(view, measure, len(shown), len(found))}</p>')
    if len(found) > 1:
        shown = [lines.whole_line(view), *shown]
    pending = pending_of(name)
    editor = _editor(view, shown, measure, kind, pending)
    _draw(editor, measure)
    _collect(editor, view, pending)
    _form(view, work)
    # One place for all that comes and goes, so that nothing below it is drawn anew.
    with st.container(key="demand_told", gap="small"):
        told = st.session_state.pop("_demand_told", None)
        if told:
            (st.error if told[0] else st.success)(
                told[1], icon=":material/error:" if told[0] else ":material/check:"
            )
        for other, count in waiting_elsewhere(name):
            st.info(
                f"{count} typed cells wait in scenario “{other}”. Choose it above to apply or discard them."
            )
        _pending(view, work, pending)


def choose() -> tuple[str, str]:
    """Asks what is typed (units, percent, units on top) and by which period."""
    measure = st.segmented_control(
        "Type", MEASURES, default=UNITS, key="demand_measure", required=True, label_visibility="collapsed",
        persist_state="session", help="What the numbers that you type are", width="content",
    )  # fmt: skip
    kind = st.segmented_control(
        "Period", PERIODS, default=typed.MONTH, key="demand_period", required=True, width="content",
        label_visibility="collapsed", persist_state="session",
        help="A quarter or year is parted into its months in proportion to their demand",
    )  # fmt: skip
    return measure or UNITS, kind or typed.MONTH


def _intro(view: context.View, measure: str, shown: int, count: int) -> str:
    unit = unit_of(view.inputs.item_unit, view.items)
    said = f"<b>{fmt.safe(measure)}</b>, {fmt.safe(unit)}. {_HELP[measure]}"
    if view.show == context.MONEY:
        said += " Edits are in units; money follows at the month's price."
    if shown < count:
        said += f" {shown} of {count} lines: choose others, or a family above."
    return said


# -- the grid -------------------------------------------------------------------------------------------------


def _editor(view: context.View, shown: list[Line], measure: str, kind: str, pending: Pending) -> _Editor:
    """The editor of this view; the one at hand where nothing but the typing has changed."""
    signature = _signature(view, shown, measure, kind)
    known: _Editor | None = st.session_state.get("_demand_editor")
    if known is not None and known.signature == signature:
        return known
    columns = typed.periods(view.inputs.months, kind, view.company.snapshot.settings.fiscal_year_start)
    count = st.session_state.get("_demand_editors", 0) + 1
    st.session_state["_demand_editors"] = count
    editor = _Editor(
        signature, f"demand_editor_{count}", pd.DataFrame(), shown, columns, _texts(view, shown, columns, measure),
        [str(month) for month in view.inputs.months], measure,
    )  # fmt: skip
    editor.frame = _frame(editor, pending)
    st.session_state["_demand_editor"] = editor
    return editor


def _signature(view: context.View, shown: list[Line], measure: str, kind: str) -> tuple[object, ...]:
    return (
        view.desk.version, view.scenario_name, measure, kind, tuple(line.scope for line in shown),
        st.session_state.get("_demand_round", 0), view.scenario.fingerprint(),
    )  # fmt: skip


def _frame(editor: _Editor, pending: Pending) -> pd.DataFrame:
    """What the grid shows before anything is typed into it; what is pending from before stands in it, marked."""
    texts = [list(row) for row in editor.clean]
    for r in range(len(editor.lines)):
        for c in range(len(editor.columns)):
            cell = editor.cell(r, c)
            if cell in pending:
                texts[r][c] = f"{MARK}{pending[cell].text}"
    frame = pd.DataFrame(texts, columns=[column.label for column in editor.columns], dtype="str")
    frame.insert(0, _LINE_COLUMN, [line.label for line in editor.lines])
    return frame


def _texts(view: context.View, shown: list[Line], columns: list[Period], measure: str) -> list[list[str]]:
    if measure == UNITS:
        volume = lines.volumes(view, view.unconstrained.demand.total)
        rows = [line.items.astype(float) @ volume for line in shown]
        return [[units(float(row[list(c.months)].sum())) for c in columns] for row in rows]
    months = [str(month) for month in view.inputs.months]
    out = []
    for line in shown:
        known = typed.present(view.scenario, line.scope, measure)
        out.append([_given([known.get(months[t]) for t in c.months], measure) for c in columns])
    return out


def units(value: float) -> str:
    """`1,234`, `12.5`; zero as a dash: what a cell of the grid says, and what it reads again."""
    if abs(value) < 0.05:
        return fmt.DASH
    return f"{value:,.0f}" if abs(value) >= 100 or abs(value - round(value)) < 0.05 else f"{value:,.1f}"


def _given(values: list[float | None], measure: str) -> str:
    """What was typed on top in the months of a column; blank where nothing, or not the same percentage, was."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    if measure == PERCENT:
        same = len(known) == len(values) and max(known) - min(known) < 1e-9
        return f"{known[0] * 100:+.4g} %" if same else "various"
    return f"{sum(known):+,.10g}"


def _draw(editor: _Editor, measure: str) -> None:
    config = {
        label: st.column_config.TextColumn(width=72, alignment="right", max_chars=60)
        for label in editor.frame.columns[1:]
    }
    config[_LINE_COLUMN] = st.column_config.TextColumn(width=150, disabled=True, pinned=True)
    st.data_editor(
        editor.frame, key=editor.key, hide_index=True, num_rows="fixed", column_config=config, row_height=_ROW,
        height=min(_ROW * (len(editor.frame) + 1) + 4, 420), placeholder="",
        alt=f"Demand to edit, {measure.lower()}, {len(editor.lines)} lines",
    )  # fmt: skip


def _collect(editor: _Editor, view: context.View, pending: Pending) -> None:
    """Takes over what the grid holds now. Only cells of this grid are touched; what was typed first stays first."""
    edited: dict[int, dict[str, object]] = st.session_state[editor.key]["edited_rows"]
    place = {column.label: c for c, column in enumerate(editor.columns)}
    for row, cells in edited.items():
        r, line = int(row), editor.lines[int(row)]
        for label, value in cells.items():
            if label not in place:
                continue
            c = place[label]
            cell = editor.cell(r, c)
            text = "" if value is None else str(value).replace(MARK.strip(), "").strip()
            if editor.applied.get(cell) == text:
                continue
            editor.applied.pop(cell, None)
            if text == editor.clean[r][c] or (not text and not typed.present_in(view.scenario, cell)):
                pending.pop(cell, None)
            elif cell not in pending or pending[cell].text != text:
                pending.pop(cell, None)
                pending[cell] = Typed(text, line.label, label)


# -- what is pending ------------------------------------------------------------------------------------------


def _pending(view: context.View, work: Work, pending: Pending) -> None:
    if not pending:
        st.html(
            '<p class="sop-quiet">Type over a number, or paste a block from a spreadsheet. Enter goes on to the next '
            "line; a blank takes a typed number away. Nothing changes until you apply it with its reason.</p>"
        )
        return
    current = view.unconstrained
    trial: Unconstrained | None = None
    try:
        found = typed.draft(work.history.present, pending, view.inputs, current.demand.total)
        trial = view.desk.unconstrained(found.scenario) if found.taken else None
    except SopError as error:
        st.error(str(error), icon=":material/error:")
        found = Draft(work.history.present, (), {})
    _refusals(pending, found)
    if trial is not None:
        st.html(preview_html(view, pending, found, current.demand.total, trial.demand.total))


def _form(view: context.View, work: Work) -> None:
    """Why, who, and the button: under the grid and always there, so that nothing moves when a cell is typed."""
    st.session_state.setdefault("demand_owner", _me())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="demand_apply_row"):
        # A form, so that the reason goes along with the key that applies it, whether it was left before or not.
        with st.form("demand_apply", border=False, enter_to_submit=True):
            why, owner, apply = st.columns([5, 2, 1], vertical_alignment="bottom", gap="small")
            why.text_input(
                "Why", key="demand_why", placeholder="Reason, for the minutes: dealer listing, lost contract …",
                max_chars=400,
            )  # fmt: skip
            owner.text_input("Owner", key="demand_owner", max_chars=100, help="Who answers for these numbers")
            apply.form_submit_button(
                "Apply", type="primary", width="stretch", shortcut="Ctrl+S", key="demand_apply_button",
                on_click=_apply, args=(view, work),
                help="Applies every cell typed above with this reason: Enter in “Why”, or Ctrl+S anywhere",
            )  # fmt: skip
        st.button(
            "Discard", key="demand_discard", on_click=_discard, args=(view.scenario_name,),
            help="Forget everything typed and not applied in this scenario",
        )  # fmt: skip


def _me() -> str:
    name = state.who()
    return "" if name == "Planner" else name


def _apply(view: context.View, work: Work) -> None:
    """Puts the typed cells into the scenario; what cannot be read, or be applied, stays pending."""
    why = str(st.session_state.get("demand_why") or "").strip()
    owner = str(st.session_state.get("demand_owner") or "").strip()
    pending = pending_of(view.scenario_name)
    editor: _Editor | None = st.session_state.get("_demand_editor")
    if editor is not None and editor.key in st.session_state:
        _collect(editor, view, pending)  # the last cell may have come along with the button
    if not pending:
        st.session_state["_demand_told"] = (True, "Nothing is typed yet: type into the grid, then apply it.")
        return
    if not why:
        st.session_state["_demand_told"] = (True, "Say why first: the reason stands in the minutes.")
        return
    try:
        found = typed.draft(
            work.history.present, pending, view.inputs, view.unconstrained.demand.total, why, owner
        )
        view.desk.unconstrained(found.scenario)  # checks each change against the company
    except SopError as error:
        st.session_state["_demand_told"] = (True, str(error))
        return
    if not found.taken:
        st.session_state["_demand_told"] = (
            True,
            "None of the typed cells can be read: see why below.",
        )
        return
    work.history = work.history.push(found.scenario)
    done = {cell: pending.pop(cell) for cell in found.taken}
    _follow(dataclasses.replace(view, scenario=work.scenario), pending, done)
    count = len(found.taken)
    left = f" {len(pending)} wait below." if pending else ""
    said = f"{count} {'cell' if count == 1 else 'cells'} applied.{left} Undo takes them back."
    st.session_state["_demand_told"] = (False, said)
    st.session_state["demand_why"] = ""
    changes.edited()


def _follow(view: context.View, pending: Pending, done: Pending) -> None:
    """The grid stays as it is and shows the new numbers: typing that is under way in the browser is not cut off.
    Only where a number that it holds is no longer true (a total moved it) a new grid takes its place."""
    editor: _Editor | None = st.session_state.get("_demand_editor")
    if editor is None:
        return
    clean = _texts(view, editor.lines, editor.columns, editor.measure)
    for r, row in enumerate(clean):
        for c, text in enumerate(row):
            cell = editor.cell(r, c)
            if cell in done:
                editor.applied[cell] = done[cell].text
            if cell in editor.applied and not _says(text, editor.applied[cell], editor.measure):
                _renew()
                return
    editor.clean = clean
    editor.frame = _frame(editor, pending)
    editor.signature = (*editor.signature[:-1], view.scenario.fingerprint())


def _says(shown: str, given: str, measure: str) -> bool:
    """Whether a cell's number is the one that was typed, to the digits shown."""
    value = typed.read_number(given, measure)
    if measure == UNITS:
        return value is not None and units(value) == shown
    known = [] if value is None else [value]
    return _given([*known], measure) == shown


def _discard(name: str) -> None:
    pending_of(name).clear()
    _renew()


def _renew() -> None:
    """The next grid is a new one, without the typing of the last."""
    st.session_state["_demand_round"] = st.session_state.get("_demand_round", 0) + 1


def _refusals(pending: Pending, found: Draft) -> None:
    if not found.refused:
        return
    said = [
        f"<li>{fmt.safe(pending[cell].line)}, {fmt.safe(pending[cell].column)}: {fmt.safe(reason)}</li>"
        for cell, reason in list(found.refused.items())[:_PREVIEW]
    ]
    more = len(found.refused) - len(said)
    said += [f"<li>… and {more} more.</li>"] if more > 0 else []
    count = len(found.refused)
    word = "cell cannot be read and stays" if count == 1 else "cells cannot be read and stay"
    st.html(
        f'<div class="sop-short sop-bad" role="alert">{count} {word} as typed:<ul>{"".join(said)}</ul></div>'
    )


def preview_html(view: context.View, pending: Pending, found: Draft, before: Floats, after: Floats) -> str:
    """What the typed cells would do: before, after and by how much, cell by cell and for everything in view."""
    inputs = view.inputs
    place = {str(month): t for t, month in enumerate(inputs.months)}
    rows = []
    for cell in found.taken[:_PREVIEW]:
        at = [place[month] for month in cell.months if month in place]
        old, new = (float(typed.demand_of(cell.scope, inputs, total)[at].sum()) for total in (before, after))
        rows.append((f"{pending[cell].line}, {pending[cell].column}", old, new))
    more = len(found.taken) - len(rows)
    span = span_label(inputs.months[0], inputs.months[-1])
    old, new = (float(lines.volumes(view, total)[view.items].sum()) for total in (before, after))
    rows.append((f"Everything in view, {span}", old, new))
    body = "".join(_preview_row(*row, total=n == len(rows) - 1) for n, row in enumerate(rows))
    rest = f"<br>… and {more} more cells." if more > 0 else ""
    count = f"{len(found.taken)} {'cell' if len(found.taken) == 1 else 'cells'} not applied yet"
    unit = fmt.safe(unit_of(inputs.item_unit, view.items))
    return (
        f'<div style="max-width:760px"><table class="sop-table"><thead><tr><th>{count}, {unit}</th>'
        "<th>Before</th><th>After</th><th>Difference</th><th>%</th></tr></thead>"
        f'<tbody>{body}</tbody></table><p class="sop-quiet">Other lines move only where they share demand with a '
        f"line typed here.{rest}</p></div>"
    )


def _preview_row(label: str, old: float, new: float, total: bool) -> str:
    change = f"{fmt.percent(new / old - 1, signed=True)}" if old > 1e-9 else fmt.DASH
    cells = "".join(
        f'<td title="{value:,.2f}">{text}</td>'
        for value, text in (
            (old, units(old)), (new, units(new)), (new - old, fmt.exact(new - old, 0, signed=True)),
        )
    )  # fmt: skip
    bold = ' style="font-weight:600"' if total else ""
    return f"<tr{bold}><td>{fmt.safe(label)}</td>{cells}<td>{change}</td></tr>"


# -- agreed and locked ----------------------------------------------------------------------------------------


def _locked(view: context.View, work: Work, reason: str) -> None:
    name = view.scenario_name
    st.info(
        f"**“{fmt.plain(name)}” is locked.** {fmt.plain(reason.rstrip('.'))}. Its demand stays as it is. To plan "
        "otherwise, branch a new scenario from it and edit that one.",
        icon=":material/lock:",
    )
    waiting = len(pending_of(name))
    if waiting:
        st.caption(f"{waiting} typed cells that were not applied go along into the new scenario.")
    if st.button("Branch a new scenario", icon=":material/call_split:", key="demand_branch", type="primary"):
        branch(name, work)


@st.dialog("Branch a new scenario")
def branch(name: str, work: Work) -> None:
    """Asks for a name, saves the scenario's changes under it and takes it up; what is pending goes along."""
    given = st.text_input("Name", value=branch_name(name), max_chars=100, key="demand_branch_name").strip()
    if not st.button("Branch", type="primary", width="stretch", disabled=not given):
        return
    try:
        scenario_menu.save_as(name, work, given)
    except SopError as error:
        st.error(str(error))
        return
    cells = dict(pending_of(name))
    pending_of(name).clear()
    pending_of(given).update(cells)
    st.rerun()
