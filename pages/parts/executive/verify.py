"""Verify: signed plans are made again and held against what was signed, beside the screen; the report for people."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import format as fmt
from pages.parts import jobs, state
from sop_core.signoff.report import KINDS, Checked, Finding, Report
from sop_core.signoff.verify import verify

_JOB = "verify"
#: The solver engine by which plans are made a second time.
_SECOND = "linprog"


def render(number: int | None = None) -> None:
    """A button that verifies a sign-off (None: all of them), progress while it is at work, and its report."""
    with st.container(key="verify", gap="small"):
        st.html(
            '<div class="sop-group">Verify</div><p class="sop-quiet">Nothing is taken on trust: fingerprints are worked '
            "out from what the store holds, row by row, and the plan is made again from its own data and Changes, with "
            "a fresh forecast.</p>"
        )
        job: jobs.Job[Report] | None = jobs.current(_JOB)
        busy = job is not None and job.running
        _ask(number, busy)
        if job is None:
            return
        if busy:
            jobs.watch(job)
            return
        if job.error:
            st.error(f"Not verified. {fmt.plain(job.error)}", icon=":material/error:")
        elif job.result is not None:
            _report(job.result)


def _ask(number: int | None, busy: bool) -> None:
    """What is to be verified, and the button; they stay where they are while it is at work."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        every = st.button(
            "Verify all sign-offs", icon=":material/verified_user:", key="verify_all", disabled=busy,
            help="The chain of signatures, what was signed, the data and decisions it rests on, and each plan made again",
        )  # fmt: skip
        one = number is not None and st.button(
            f"Verify sign-off {number}", icon=":material/verified:", key="verify_one", disabled=busy,
            help="This sign-off alone; the chain of signatures is checked as a whole",
        )  # fmt: skip
        second = st.checkbox(
            "With a second solver engine", key="verify_second", disabled=busy,
            help=f"Makes each plan once more with {_SECOND} (SciPy). It has to come to the same KPIs to a millionth; of "
            "plans that are worth exactly the same it takes the one that stands where the signed one does.",
        )  # fmt: skip
    if not (every or one):
        return
    wanted, engine, store = (None if every else number), (_SECOND if second else ""), state.store()
    presses = st.session_state["_verify_presses"] = st.session_state.get("_verify_presses", 0) + 1
    jobs.start(
        _JOB,
        (str(state.store_path()), wanted, engine, presses),
        lambda tell, stopped: verify(store, wanted, engine=engine, progress=tell, stop=stopped),
    )
    st.rerun()


def _report(report: Report) -> None:
    say = report.sentence()
    if report.findings:
        st.error(say, icon=":material/gpp_bad:")
    elif report.stopped:
        st.info(say, icon=":material/stop_circle:")
    elif report.signoffs:
        st.success(say, icon=":material/verified_user:")
    else:
        st.info(say, icon=":material/approval:")
    for kind, title in KINDS:
        findings = [finding for finding in report.findings if finding.kind == kind]
        if findings:
            st.html(
                f'<div class="sop-group">{title} <span>{len(findings)}</span></div>{_findings(findings, title)}'
            )
    if report.checked:
        rows = "".join(_row(one) for one in report.checked)
        heads = (
            "Sign-off",
            "Plan rows",
            "Data rows",
            "Decisions",
            "Assumptions",
            "KPIs compared",
            "Made again by",
            "",
        )
        st.html(_table(heads, rows, "What was checked"))
        lines = "\n".join(report.lines())
        st.download_button(
            "Report as text", lines, "verification.txt", "text/plain", icon=":material/download:", type="tertiary",
            key="verify_text", on_click="ignore",
        )  # fmt: skip


def _findings(findings: Sequence[Finding], title: str) -> str:
    """Findings as a table, and behind those of one remedy how to go on."""
    parts = []
    for remedy in dict.fromkeys(finding.remedy for finding in findings):
        rows = "".join(
            f'<tr><td>{fmt.safe(finding.where)}</td><td class="said">{fmt.safe(finding.sentence)}</td></tr>'
            for finding in findings
            if finding.remedy == remedy
        )
        parts.append(_table(("Where", "What is not as it was signed"), rows, title))
        parts.append(f'<p class="sop-quiet">How to go on: {fmt.safe(remedy)}</p>')
    return "".join(parts)


def _row(one: Checked) -> str:
    engines = " and ".join(name for name in (one.engine, one.second) if name) or "–"
    numbers = (one.plan_rows, one.data_rows, one.decisions, one.assumptions, one.kpis)
    cells = "".join(f"<td>{fmt.exact(value)}</td>" for value in numbers)
    return (
        f'<tr><td title="{fmt.safe(one.fingerprint)}">{fmt.safe(one.title)}</td>{cells}<td>{fmt.safe(engines)}</td>'
        f'<td class="said">{fmt.safe(" ".join(one.remarks))}</td></tr>'
    )


def _table(heads: tuple[str, ...], rows: str, label: str) -> str:
    said = "<style>.sop-table .said{white-space:normal;text-align:left}</style>"
    head = "".join(
        f'<th class="{"said" if text.startswith(("Where", "What")) else ""}">{fmt.safe(text)}</th>'
        for text in heads
    )
    return (
        f'{said}<table class="sop-table"><caption hidden>{fmt.safe(label)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
