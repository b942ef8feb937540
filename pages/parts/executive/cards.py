"""Decisions as cards: options considered, recommendation, cost of waiting; approved, rejected or deferred one by one.

Each is decided by itself, with a comment, against the revision that is shown: where somebody decided meanwhile, theirs
is shown, the comment typed here stays in its box, and nothing is overwritten. A decision is undone by another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.executive.proposal_html import bare_amount, day, gap
from pages.parts.meeting.decisions_form import decided
from sop_core.cycle.decision import APPROVED, DEFERRED, DONE, OPTION_KPIS, PROPOSED, REJECTED
from sop_core.errors import SopError, StoreError
from sop_core.kpis import KPIS
from sop_core.pack import value as v

APPROVE, REJECT, DEFER, REOPEN = "Approve", "Reject", "Defer", "Propose again"
_TO: Mapping[str, str] = MappingProxyType(
    {APPROVE: APPROVED, REJECT: REJECTED, DEFER: DEFERRED, REOPEN: PROPOSED}
)
_ICONS: Mapping[str, str] = MappingProxyType(
    {APPROVE: ":material/check:", REJECT: ":material/close:", DEFER: ":material/schedule:", REOPEN: ":material/undo:"}
)  # fmt: skip
#: What can be said to a decision, by its state; none of what is done already.
_WAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        PROPOSED: (APPROVE, REJECT, DEFER),
        DEFERRED: (APPROVE, REJECT, REOPEN),
        APPROVED: (REJECT, DEFER, REOPEN),
        REJECTED: (APPROVE, DEFER, REOPEN),
        DONE: (),
    }
)
#: The order of the cards; their order in the pack is kept for the files to take away.
_ORDER: Mapping[str, int] = MappingProxyType({PROPOSED: 0, DEFERRED: 1, APPROVED: 2, REJECTED: 2, DONE: 3})
#: Beyond so many, the Changes are left away on paper, so that it stays on two pages.
_MANY: Final = 2
#: Cards drawn; the rest is on the Pre-S&OP page.
MOST: Final = 12
_CHANGES: Final = 4
_TITLES: Mapping[str, str] = MappingProxyType(
    {"margin": "Margin", "service": "Service", "stock": "Stock", "cash": "Cash flow"}
)
_REFUSED = "_exec_refused"


def draw(pack: v.Pack, *, read_only: bool = False) -> None:
    """The cards, those still to decide first. `read_only`: as they were signed."""
    cards = sorted(pack.decisions, key=lambda card: (_ORDER.get(card.state, len(_ORDER)), card.id))
    st.html(f'<div class="ex ex-heading"><h3>Decisions <i>{fmt.safe(count(cards))}</i></h3></div>')
    if not cards:
        _nothing()
        return
    with st.container(key="exec_cards"):
        for card in cards[:MOST]:
            with st.container(key=f"exec_card_{card.id}", border=True, gap="small"):
                st.html(html(card, pack.currency, many=len(cards) > _MANY))
                if not read_only:
                    _form(card)
    if len(cards) > MOST:
        st.html(f'<p class="ex quiet">And {len(cards) - MOST} more: see Decisions on the Pre-S&OP page.</p>')


def count(cards: Sequence[v.DecisionCard]) -> str:
    """`3: 1 open, 1 deferred, 1 approved`."""
    if not cards:
        return ""
    words = ["open" if card.open else card.state for card in cards]
    known = ("open", DEFERRED, APPROVED, REJECTED, DONE)
    parts = [f"{words.count(word)} {word}" for word in known if words.count(word)]
    return f"{len(cards)}: {', '.join(parts)}"


def _nothing() -> None:
    st.html(
        '<div class="ex"><p class="ex-empty">Nothing is put to the executives yet. In the pre-S&OP meeting a scenario '
        "becomes a decision with one click: its options, what is recommended, what a month of waiting costs, who answers "
        "for it and by when.</p></div>"
    )
    st.page_link(
        "pages/meeting.py", label="Write decisions down", icon=":material/gavel:",
        query_params={"meeting_view": "Decisions"},
    )  # fmt: skip


# -- a card as HTML -----------------------------------------------------------------------------------------


def html(card: v.DecisionCard, currency: str, *, many: bool = False) -> str:
    """A decision as it is read: what, why, who, the options, what is recommended, what waiting costs."""
    look = {APPROVED: "sop-good", DONE: "sop-good", REJECTED: "sop-bad"}.get(card.state, "")
    who = f"{fmt.safe(card.owner or 'nobody yet')}, {fmt.safe(day(card.due)) if card.due else 'no day set'}"
    parts = [
        f'<h4>{fmt.safe(card.title)} <span class="ex-chip {look}">{fmt.safe(card.state)}</span></h4>',
        f'<p class="quiet">No. {card.id} · {who}{f" · scenario {fmt.safe(card.scenario)}" if card.scenario else ""}</p>',
    ]
    if card.why:
        parts.append(f"<p>{fmt.safe(card.why)}</p>")
    if card.changes:
        rest = len(card.changes) - _CHANGES
        lines = [fmt.safe(line) for line in card.changes[:_CHANGES]]
        lines += [f"and {rest} more"] if rest > 0 else []
        parts.append(f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>")
    parts.append(_options(card, currency))
    advice = f"Recommended: <b>{fmt.safe(card.recommendation)}</b>. " if card.recommendation else ""
    waits = fmt.safe(card.waiting or "What a month of waiting costs is not known.")
    tone = "sop-bad" if (card.waiting_amount or 0.0) > 0 else ""
    parts.append(f'<p>{advice}<span class="waits {tone}">{waits}</span></p>')
    if card.comment:
        parts.append(f"<blockquote>{fmt.safe(card.comment)}</blockquote>")
    return f'<div class="ex ex-card{" ex-many" if many else ""}">{"".join(parts)}</div>'


def _options(card: v.DecisionCard, currency: str) -> str:
    if not card.options:
        return '<p class="quiet">No options are written down.</p>'
    names = [name for name in _TITLES if any(option.kpis.get(name) is not None for option in card.options)]
    heads = "".join(
        f"<th>{_TITLES[name]}, {'%' if name == 'service' else fmt.safe(currency)}</th>" for name in names
    )
    first = card.options[0]
    rows = "".join(_option(option, first, names) for option in card.options)
    small = ""
    if len(card.options) > 1 and names:
        small = f'<p class="quiet ex-small">Small figures: against “{fmt.safe(first.title)}”.</p>'
    return f"<div><table><thead><tr><th>Option</th>{heads}</tr></thead><tbody>{rows}</tbody></table>{small}</div>"


def _option(option: v.OptionLine, first: v.OptionLine, names: Sequence[str]) -> str:
    cells = ""
    for name in names:
        kpi = KPIS[OPTION_KPIS[name]]
        value, before = option.kpis.get(name), first.kpis.get(name)
        small = ""
        if option is not first and value is not None and before is not None:
            small = f"<small>{gap(value - before, kpi.unit, _good(kpi.direction, value - before), word=False)}</small>"
        cells += f"<td>{bare_amount(value, kpi.unit)}{small}</td>"
    mark = ' <span class="ex-chip pick">✓ recommended</span>' if option.recommended else ""
    look = ' class="chosen"' if option.recommended else ""
    return f"<tr{look}><td>{fmt.safe(option.title)}{mark}</td>{cells}</tr>"


def _good(direction: str, difference: float) -> bool | None:
    return None if direction not in ("up", "down") else (difference > 0) == (direction == "up")


# -- deciding -----------------------------------------------------------------------------------------------


def _form(card: v.DecisionCard) -> None:
    """A comment and the ways, side by side. A press brings the comment along; Enter in the comment decides nothing."""
    refused: dict[int, str] = st.session_state.setdefault(_REFUSED, {})
    if card.id in refused:
        st.warning(fmt.plain(refused.pop(card.id)), icon=":material/sync_problem:")
    ways = _WAYS.get(card.state, ())
    if not ways:
        return
    with st.form(f"exec_form_{card.id}", border=False, enter_to_submit=False):
        st.text_input(
            "Comment", key=_comment(card.id), max_chars=5000, label_visibility="collapsed",
            placeholder="Comment: conditions, reasons (optional)",
        )  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            for n, way in enumerate(ways):
                st.form_submit_button(
                    way, key=f"exec_{way.split()[0].lower()}_{card.id}", icon=_ICONS[way], on_click=decide,
                    args=(card.id, card.revision, _TO[way]), type="primary" if n == 0 and way == APPROVE else "secondary",
                )  # fmt: skip


def _comment(number: int) -> str:
    return f"exec_comment_{number}"


def decide(number: int, revision: int, to: str) -> None:
    """Writes what was decided against the revision shown; a comment left blank keeps the one that stands there.

    Where that is not possible, says why in the card, and keeps what was typed.
    """
    refused: dict[int, str] = st.session_state.setdefault(_REFUSED, {})
    typed = str(st.session_state.get(_comment(number), "")).strip()
    try:
        record = state.store().decisions.get(number)
        if record.revision != revision:
            raise StoreError(
                f"{record.who} changed this decision at {record.at:%H:%M} UTC, after it was shown here: it is "
                f"{record.value.state} now. Nothing of yours is lost: look at theirs, then decide again."
            )
        decided(record, to, typed or record.value.comment)
    except SopError as error:
        refused[number] = str(error)
    else:
        st.session_state[_comment(number)] = ""
