"""Cleansing review: what is proposed for the history before it is forecast, accepted or rejected, line by line or by
kind; what was decided is kept across imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand import cleansing_picture
from pages.parts.tables import download
from sop_core.demand.cleansing import KINDS, Rule, Verdicts
from sop_core.demand.cleansing_review import (
    KindSum,
    Line,
    by_kind,
    decide_all,
    decided_by,
    effect_sentence,
    review_lines,
    rule_sentence,
)
from sop_core.demand.history import History
from sop_core.planner import Company
from sop_core.store.cleansing import Change, Decision

_ALL = "All"
#: Lines in the list; the download has all.
_SHOWN = 1000
_HEIGHT = 340
#: Months over which a decision's effect on the forecast is told.
_YEAR = 12

_STYLE = """<style>
.sop-review{min-height:1.2rem;margin:0}
.sop-told{min-height:1.3rem;margin:0;font-size:.86rem;color:var(--sop-ink)}
</style>"""


def render(view: context.View) -> None:
    """The section: kinds, list, picture, decisions."""
    history = view.company.history
    if history is None:
        st.html(
            '<p class="sop-quiet">There is no history to cleanse: demand is the company\'s own plan. Bring sales or '
            "orders on the Data page to have one.</p>"
        )
        return
    decisions = state.store().cleansing.history()
    if not history.corrections and not decisions:
        st.html(
            '<p class="sop-headline">The history is used as it was recorded: nothing in it needs a correction.</p>'
            '<p class="sop-quiet">No partial month, stock-out, return, promotion or outlier was found. With '
            "<b>promotions.csv</b>, <b>inventory.csv</b> and <b>orders.csv</b> their effects are found as well.</p>"
        )
        st.page_link("pages/data.py", label="Bring more about the past", icon=":material/upload_file:")
        return
    _section(view, history, decisions)


@st.fragment
def _section(view: context.View, history: History, decisions: Sequence[Decision]) -> None:
    verdicts = view.company.verdicts
    scope = _Scope.of(view)
    lines = _lines(history, scope.items, scope.region, scope.segment, scope.key(view), verdicts.fingerprint())
    sums = {found.kind: found for found in by_kind(lines, verdicts)}
    with st.container(gap="xsmall"):
        st.html(f'{_STYLE}<p class="sop-headline">{fmt.safe(_summary(lines, sums, scope, view))}</p>')
        kind = _kinds(sums)
        chosen = waiting_first(
            lines if kind == _ALL else [line for line in lines if line.kind == kind], verdicts
        )
        st.html(f'<p class="sop-quiet sop-review">{fmt.safe(_meaning(kind, sums))}</p>')
        key = f"cleansing_lines|{verdicts.revision}|{kind}|{scope.key(view)}"
        picked = _picked(chosen[:_SHOWN], key)
        _actions(view, scope, kind, picked, decisions)
        left, right = st.columns([13, 8], gap="small")
        with left:
            _listing(chosen[:_SHOWN], key, view, decisions)
            if len(chosen) > _SHOWN:
                st.caption(
                    f"The {_SHOWN:,} largest of {len(chosen):,} lines; the download has every correction."
                )
        with right:
            cleansing_picture.show(view, history, picked, _HEIGHT - 45)
        _log(decisions, view)
        download(
            "All corrections with verdicts",
            lambda: corrections_with_verdicts(view.company, decisions),
            "corrections.csv",
            "corrections_csv",
        )


# -- what is in view ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scope:
    """The part of the company that is in view, and that a decision is about."""

    items: frozenset[str] | None  #: None: all
    region: str
    segment: str

    @classmethod
    def of(cls, view: context.View) -> _Scope:
        names = [name for name, take in zip(view.inputs.items, view.items, strict=True) if take]
        items = None if view.items.all() else frozenset(names)
        one = len(view.inputs.regions) < 2, len(view.inputs.segments) < 2
        return cls(items, context.ALL if one[0] else view.region, context.ALL if one[1] else view.segment)

    def key(self, view: context.View) -> str:
        """Tells this view of these data apart from others."""
        return "|".join(
            (view.company.snapshot.fingerprint[:12], view.level, view.item, self.region, self.segment)
        )


@st.cache_data(max_entries=16, show_spinner=False)
def _lines(
    _history: History, _items: frozenset[str] | None, region: str, segment: str, view: str, verdicts: str
) -> tuple[Line, ...]:
    """The lines in view; `view` and `verdicts` say which, since the history itself is too large to compare."""
    return review_lines(_history.corrections, _items, region, segment)


def _summary(lines: Sequence[Line], sums: Mapping[str, KindSum], scope: _Scope, view: context.View) -> str:
    if not lines:
        return f"{filters.title(view)}: the history is used as it was recorded."
    count, acting = sum(s.corrections for s in sums.values()), sum(s.acting for s in sums.values())
    waiting = sum(s.open for s in sums.values())
    said = f"{count:,} corrections in {len(lines):,} lines, {acting:,} of them act"
    said += f"; {waiting:,} line{'s wait' if waiting != 1 else ' waits'} for a decision" if waiting else ""
    narrowed = [name for name in (scope.region, scope.segment) if name != context.ALL]
    if scope.items is not None or narrowed:
        said += f". What is decided here counts for {filters.title(view)} alone"
    return f"{said}. Quantities are units."


def waiting_first(lines: Sequence[Line], verdicts: Verdicts) -> tuple[Line, ...]:
    """What waits for a decision on top, the rest as it was."""
    return tuple(
        sorted(lines, key=lambda line: line.fixed or line.acting or bool(decided_by(line, verdicts)))
    )


def _meaning(kind: str, sums: Mapping[str, KindSum]) -> str:
    if kind not in sums:
        return (
            "Every line is one decision: an item's month, a promotion of an item, a segment's month, with all its "
            "regions and segments. Select lines to see and decide them, or choose a kind to decide on all of it."
        )
    return f"{KINDS[kind]} {_sum_sentence(sums[kind])}"


def _sum_sentence(found: KindSum) -> str:
    acts = {0: "none acts", found.corrections: "all act"}.get(found.acting, f"{found.acting:,} act")
    return (
        f"{found.corrections:,} corrections, {fmt.exact(found.net, signed=True)} units net "
        f"({fmt.short(found.size)} moved); {acts}."
    )


def _kinds(sums: Mapping[str, KindSum]) -> str:
    names = [_ALL, *sums]

    def label(kind: str) -> str:
        if kind == _ALL:
            return f"All · {sum(s.lines for s in sums.values()):,}"
        found = sums[kind]
        state = "to decide" if found.open else "act" if found.acting == found.corrections else ""
        state = state or ("rejected" if not found.acting else "act in part")
        return f"{_titled(kind)} · {found.lines:,} · {fmt.short(found.net, signed=True)} · {state}"

    chosen = st.segmented_control(
        "Kind of correction",
        names,
        default=_ALL,
        key="cleansing_kind",
        required=True,
        format_func=label,
        label_visibility="collapsed",
        help="Kind, lines to decide on, units moved net, and whether they act",
    )
    return chosen if chosen in names else _ALL


def _titled(kind: str) -> str:
    return kind[:1].upper() + kind[1:]


# -- list and decisions ------------------------------------------------------------------------------------


def _picked(lines: Sequence[Line], key: str) -> tuple[Line, ...]:
    """The lines selected in the list, which is drawn below."""
    rows = st.session_state.get(key, {}).get("selection", {}).get("rows", [])
    return tuple(lines[row] for row in rows if row < len(lines))


def _listing(lines: Sequence[Line], key: str, view: context.View, decisions: Sequence[Decision]) -> None:
    frame = lines_frame(lines, view.company, decisions)
    number = st.column_config.NumberColumn
    text = st.column_config.TextColumn
    config: dict[str, Any] = {
        "Kind": text(width=84),
        "Item": text(width=178),
        "Month": text(width=78),
        "Recorded": number(
            format="localized", width=72, help="Units before this step, of the series and months it changes"
        ),
        "Cleansed": number(
            format="localized", width=72, help="The same units with the correction, whether it acts or not"
        ),
        "Difference": number(format="localized", width=76, help="Cleansed less recorded, units"),
        "Acts": text(width=52, help="Whether the forecast rests on it"),
        "Decided": text(
            width=110, help="Who decided; by itself: this kind acts unless rejected; open: needs a decision"
        ),
        "Where": text(width=110, help="Region and segment where all of it is in one; else how many series"),
        "Why": text(width="large"),
    }
    st.dataframe(
        frame,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=_HEIGHT,
        row_height=28,
        column_config=config,
        placeholder=fmt.DASH,
    )


def lines_frame(lines: Sequence[Line], company: Company, decisions: Sequence[Decision]) -> pd.DataFrame:
    """The list as it is shown: one row a line."""
    who = _deciders(decisions)
    titles = _titles(company)
    rows = []
    for line in lines:
        rule = decided_by(line, company.verdicts)
        where = ", ".join(name for name in (line.region, line.segment) if name not in ("", context.ALL))
        item = "All items" if line.item == context.ALL else titles.get(line.item, line.item)
        rows.append(
            (
                _titled(line.kind),
                item,
                line.when,
                round(line.before),
                round(line.after),
                round(line.after - line.before),
                line.acts,
                _decided(line, rule, who),
                where or (f"{line.corrections:,} series" if line.corrections > 1 else ""),
                line.reason[:1].upper() + line.reason[1:],
            )
        )
    columns = [
        "Kind",
        "Item",
        "Month",
        "Recorded",
        "Cleansed",
        "Difference",
        "Acts",
        "Decided",
        "Where",
        "Why",
    ]
    return pd.DataFrame(rows, columns=columns)


def _decided(line: Line, rule: Rule | None, who: Mapping[Rule, Decision]) -> str:
    if line.fixed:
        return "setting"
    if rule is not None and rule in who:
        return f"{who[rule].who}, {who[rule].at:%d %b}"
    return "by itself" if line.acting else "open"


def _deciders(decisions: Sequence[Decision]) -> dict[Rule, Decision]:
    """The newest decision on each rule."""
    found: dict[Rule, Decision] = {}
    for decision in reversed(decisions):
        found |= {rule: decision for rule, _ in decision.changes}
    return found


def _titles(company: Company) -> dict[str, str]:
    return {name: company.inputs.title(i) for i, name in enumerate(company.inputs.items)}


def _actions(
    view: context.View, scope: _Scope, kind: str, picked: Sequence[Line], decisions: Sequence[Decision]
) -> None:
    free = [line for line in picked if not line.fixed]
    count = f" {len(free)}" if len(free) > 1 else ""
    whole = kind not in (_ALL, "partial last month")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        note = st.text_input(
            "Note",
            key=f"cleansing_note|{view.company.verdicts.revision}",  # each decision has its own
            placeholder="Note: why it is decided so",
            label_visibility="collapsed",
            width=250,
            max_chars=500,
        )
        one = {"disabled": not free, "help": "Select lines in the list first" if not free else None}
        every = {"disabled": not whole, "help": None if whole else "Choose a kind first"}
        buttons: list[tuple[str, str, str, dict[str, Any], Sequence[Change]]] = [
            (f"Accept{count}", "accept", "check", one, [(line.rule, True) for line in free]),
            (f"Reject{count}", "reject", "close", one, [(line.rule, False) for line in free]),
            (f"Take back{count}", "back", "undo", one, [(line.rule, None) for line in free]),
        ]
        verdicts = view.company.verdicts
        if whole:
            name = f"all: {kind}"
            both = [
                decide_all(kind, accept, verdicts, scope.items, scope.region, scope.segment)
                for accept in (True, False)
            ]
        else:
            name, both = "all of a kind", [[], []]
        buttons += [
            (f"Accept {name}", "accept_all", "done_all", every, both[0]),
            (f"Reject {name}", "reject_all", "remove_done", every, both[1]),
        ]
        for label, key, icon, options, changes in buttons:
            if st.button(label, key=f"cleansing_{key}", icon=f":material/{icon}:", **options):
                _decide(view, changes, note)
        last = decisions[0] if decisions else None
        if st.button(
            "Undo last",
            key="cleansing_undo",
            icon=":material/history:",
            type="tertiary",
            disabled=last is None,
            help=None if last is None else f"{last.who}, {last.at:%d %b %H:%M} UTC: {_changes(last, view)}",
        ):
            assert last is not None
            _undo(view, last)
    st.html(f'<p class="sop-told">{fmt.safe(_told(view))}</p>')


def _decide(view: context.View, changes: Sequence[Change], note: str) -> None:
    said = _minutes(changes, _titles(view.company))
    with state.explained():
        revision = state.store().cleansing.decide(changes, state.who(), note)
        _remember(view, revision, said)


def _undo(view: context.View, decision: Decision) -> None:
    with state.explained():
        revision = state.store().cleansing.take_back(decision.revision, state.who())
        _remember(view, revision, f"Taken back: {_changes(decision, view)}")


def _remember(view: context.View, revision: int, said: str) -> None:
    """Keeps what the forecast was, so that the next run can say what the decision did to it."""
    unchanged = revision == view.company.verdicts.revision
    st.session_state["_cleansing_told"] = {
        "revision": revision,
        "said": f"{said}. Nothing changes: that was decided already" if unchanged else said,
        "before": None if unchanged else forecast_by_name(view.company),
    }
    st.rerun()


def _told(view: context.View) -> str:
    """What the last decision of this session did; blank where somebody decided since."""
    told = st.session_state.get("_cleansing_told")
    if told is None or told["revision"] != view.company.verdicts.revision:
        return ""
    if told["before"] is None:
        return f"{told['said']}."
    after = forecast_by_name(view.company)
    if not after:
        return f"{told['said']}. Demand is the company's own plan, so no forecast changes."
    months = min(_YEAR, view.inputs.horizon)
    return f"{told['said']}. {effect_sentence(told['before'], after, months)}"


def forecast_by_name(company: Company) -> dict[str, float]:
    """Units of the statistical forecast over the next twelve months, by family where there are several, else by
    item; empty without a forecast."""
    if company.baseline is None:
        return {}
    units = company.baseline.units[..., :_YEAR].sum(axis=(1, 2, 3))
    inputs = company.inputs
    several = len(set(inputs.item_family)) > 1
    names = inputs.item_family if several else [inputs.title(i) for i in range(len(inputs.items))]
    out: dict[str, float] = {}
    for name, value in zip(names, units.tolist(), strict=True):
        out[name] = out.get(name, 0.0) + value
    return out


def _minutes(changes: Sequence[Change], titles: Mapping[str, str]) -> str:
    """The decisions in words; the last one alone where it is about all of a kind."""
    said = [rule_sentence(rule, verdict, titles) for rule, verdict in changes]
    return "; ".join(said[-2:]) + (f" and {len(said) - 2} more" if len(said) > 2 else "")


def _changes(decision: Decision, view: context.View) -> str:
    return _minutes(decision.changes, _titles(view.company))


def _log(decisions: Sequence[Decision], view: context.View) -> None:
    """Who decided what, when and why; any of it can be taken back."""
    with st.expander(f"Decisions ({len(decisions):,})"):
        if not decisions:
            st.html(
                '<p class="sop-quiet">Nothing was decided yet: each kind acts as its description says. Decisions '
                "are kept by name and month, so they hold when new data come in.</p>"
            )
            return
        frame = pd.DataFrame(
            {
                "Revision": [d.revision for d in decisions],
                "When (UTC)": [f"{d.at:%d %b %y %H:%M}" for d in decisions],
                "Who": [d.who for d in decisions],
                "Decision": [_changes(d, view) for d in decisions],
                "Note": [d.note for d in decisions],
            }
        )
        st.dataframe(
            frame,
            key="cleansing_log",
            hide_index=True,
            height=min(260, 38 + 30 * len(frame)),
            row_height=30,
            column_config={"Decision": st.column_config.TextColumn(width="large")},
            placeholder=fmt.DASH,
        )
        by_revision = {d.revision: d for d in decisions}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            wanted = st.selectbox(
                "Decision to take back",
                list(by_revision),
                key="cleansing_which",
                format_func=lambda n: (
                    f"{n}: {_changes(by_revision[n], view)}" if n in by_revision else str(n)
                ),
                width=520,
            )
            if st.button("Take it back", key="cleansing_take_back", icon=":material/undo:"):
                _undo(view, by_revision[wanted])


# -- the download ------------------------------------------------------------------------------------------


def corrections_with_verdicts(company: Company, decisions: Sequence[Decision]) -> pd.DataFrame:
    """Every correction, whether it acts, and who decided on it, when and why (blank: nobody)."""
    history = company.history
    assert history is not None
    frame = history.corrections_frame()
    who = _deciders(decisions)
    rows = []
    for c in history.corrections:
        month = str(c.month.astype("datetime64[M]"))
        found = company.verdicts.deciding(c.kind, c.item, c.region, c.segment, month, c.cause)
        decision = None if found is None else who.get(found.rule)
        rows.append(
            ("", "", "")
            if decision is None
            else (decision.who, f"{decision.at:%Y-%m-%d %H:%M}", decision.note)
        )
    return frame.assign(
        decided_by=[row[0] for row in rows],
        decided_at_utc=[row[1] for row in rows],
        note=[row[2] for row in rows],
    )
