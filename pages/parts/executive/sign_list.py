"""What a signature freezes, a sign-off as it was signed, and the list of all of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.executive import exports
from pages.parts.executive import signed as opened
from pages.parts.tables import page
from sop_core.pack.value import Pack
from sop_core.signoff.record import FIRST, Signoff

#: A fingerprint is one line that ends where its column does; all of it is copied.
_STYLE = """<style>
.st-key-signoffs pre{padding:.3rem 2.2rem .3rem .5rem!important;overflow:hidden!important}
.st-key-signoffs code{font-size:.75rem;white-space:pre;overflow:hidden!important;text-overflow:ellipsis;display:block}
.st-key-signoffs [data-testid=stCode]{margin:0}
</style>"""
#: Sign-offs on one page of the list.
_MOST = 12


def frozen(pack: Pack, number: Signoff | None = None) -> None:
    """What is frozen with the plan, with counts."""
    title = "What is frozen" if number is None else "What was frozen"
    st.html(f'<div class="sop-group">{title}</div>{frozen_html(pack, number)}')


def frozen_html(pack: Pack, record: Signoff | None = None) -> str:
    """The list as HTML: what, how much of it, and by what it is told from anything else."""
    basis = pack.basis
    changes = next((line.changes for line in pack.scenarios if line.recommended), ())
    names = ", ".join(f"{name} {version}" for name, version in sorted(basis.packages.items()))
    demand = basis.agreement or "not agreed"
    rows = [
        (
            "Scenario",
            basis.scenario if record is None else record.scenario,
            _count(len(changes), "Change"),
            "",
        ),
        (
            "Plan",
            f"{_count(len(pack.months) - pack.closed, 'month')} of demand, supply, stock, money, shortages, row by row",
            "",
            basis.plan_fingerprint,
        ),
        ("Solver", f"{basis.engine}, {basis.status}{_gap(basis.gap)}", "", ""),
        (
            "Board pack",
            "everything on Proposal and Financial year, word by word",
            _count(len(pack.kpis), "KPI"),
            "",
        ),
        ("Demand", demand, "", "" if record is None else record.demand_fingerprint),
        ("Decisions", _states(pack), str(len(pack.decisions)), ""),
        ("Assumptions", "each with its value, range, owner and revision", str(len(pack.assumptions)), ""),
        (
            "Data",
            f"version {basis.data_version}, cleansing revision {basis.review}, a mark of every row",
            "" if record is None else _count(len(record.tables), "table"),
            basis.data_fingerprint,
        ),
        ("Code", basis.code_version, "", ""),
        ("Packages", names, str(len(basis.packages)), ""),
    ]
    body = "".join(
        f"<tr><td>{fmt.safe(what)}</td><td style='white-space:normal;text-align:left'>{fmt.safe(said)}</td>"
        f"<td>{fmt.safe(count)}</td><td>{_mark(mark)}</td></tr>"
        for what, said, count, mark in rows
    )
    return (
        '<table class="sop-table"><caption hidden>What is frozen with the plan</caption>'
        '<thead><tr><th></th><th style="text-align:left">What</th>'
        '<th style="white-space:nowrap">How much</th><th>Fingerprint</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _gap(gap: float) -> str:
    return f", at most {fmt.percent(gap, 2)} from the best plan in whole lots and heads" if gap > 0 else ""


def _mark(text: str) -> str:
    return f'<code title="{fmt.safe(text)}">{fmt.safe(text[:12])}</code>' if text else ""


def _states(pack: Pack) -> str:
    words = [card.state for card in pack.decisions]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words)) or "none"


# -- one that was signed ------------------------------------------------------------------------------------


def record(signed: Signoff, pack: Pack) -> None:
    """A sign-off as it was signed."""
    st.html(
        f'<p class="sop-headline">{fmt.safe(signed.sentence())}</p>'
        f'<p class="sop-said">{fmt.safe(_said(signed))}</p>'
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        frozen(pack, signed)
    with right:
        st.html('<div class="sop-group">Fingerprint of this sign-off</div>')
        st.code(signed.digest, language=None, wrap_lines=True)
        before = "none: the first of this store" if signed.previous == FIRST else signed.previous
        st.html(
            '<p class="sop-quiet">SHA-256 over all of it and over the sign-off before, so that a changed byte, a changed '
            f"order or a missing sign-off shows. Before it: <code>{fmt.safe(before)}</code></p>"
        )
        st.button(
            "Show the scenario", icon=":material/account_tree:", key="signed_scenario", type="tertiary",
            on_click=_show_scenario, args=(signed.scenario,),
        )  # fmt: skip
    exports.downloads(pack, lambda: opened.frames_of(signed), signed)


def _said(signed: Signoff) -> str:
    said = f"Revision {signed.scenario_revision} of the scenario, data version {signed.data_version}, {signed.engine}."
    if signed.supersedes is not None:
        said += f" It supersedes sign-off {signed.supersedes}: {signed.reason}."
    return f"{said} “{signed.comment}”" if signed.comment else said


def _show_scenario(name: str) -> None:
    opened.close()
    state.go_to(name)


# -- all of them --------------------------------------------------------------------------------------------


def draw(chain: Sequence[Signoff], shown: Signoff | None) -> None:
    """Every sign-off, newest first, each with its state and the way to open it."""
    st.html(
        f'<div class="sop-group" style="margin-top:1rem">Signed plans <span>{len(chain) or ""}</span></div>'
    )
    if not chain:
        st.html(
            '<p class="sop-quiet">No plan is signed yet. The first signature starts a chain: each one holds the '
            "fingerprint of the one before.</p>"
        )
        return
    after = {one.supersedes: one for one in reversed(chain) if one.supersedes is not None}
    widths = [0.5, 0.9, 2.2, 2.0, 1.5, 1.7, 1.9, 0.9]
    heads = ("No.", "Cycle", "Scenario", "Signed by", "When, UTC", "Fingerprint", "State", "")
    st.html(_STYLE)
    with st.container(key="signoffs", gap="xsmall"):
        for column, head in zip(st.columns(widths), heads, strict=True):
            column.html(f'<div class="sop-quiet">{head}</div>')
        for at in page("Sign-offs", len(chain), _MOST, "signoffs_page", 240, "newest first"):
            _row(chain[at], after.get(chain[at].number), widths, shown)


def _row(signed: Signoff, after: Signoff | None, widths: list[float], shown: Signoff | None) -> None:
    number, cycle, scenario, who, when, mark, standing, way = st.columns(widths, vertical_alignment="center")
    for column, text in (
        (number, str(signed.number)),
        (cycle, signed.cycle_title),
        (scenario, signed.scenario),
        (who, signed.signer()),
        (when, opened.when(signed).removesuffix(" UTC")),
    ):
        column.html(f'<div class="sop-said" title="{fmt.safe(signed.comment)}">{fmt.safe(text)}</div>')
    with mark:
        st.code(signed.digest, language=None)
    good = after is None
    word = "in force" if after is None else f"superseded by {after.number}"
    why = "" if after is None else after.reason
    standing.html(
        f'<div class="sop-said {"sop-good" if good else ""}" title="{fmt.safe(why)}">{fmt.safe(word)}</div>'
    )
    here = shown is not None and shown.number == signed.number
    way.button(
        "Open", key=f"signoff_open_{signed.number}", on_click=opened.show, args=(signed.number,), type="tertiary",
        disabled=here, help="Shows all of it as it was signed, read-only",
    )  # fmt: skip


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
