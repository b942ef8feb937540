"""Sign-off: what will be frozen, what to look at before, the signature; and every plan that was signed.

Signing is a job beside the screen: it freezes the plan and pack that are shown, then writes them in one transaction.
One press is one signature: what is signed is told by a key, and a cycle has one sign-off in force at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts import context, jobs, scenario_menu, state
from pages.parts import format as fmt
from pages.parts.executive import sign_checks, sign_list, signed, source, verify
from pages.parts.state import BASE
from sop_core.pack.evidence import Evidence
from sop_core.pack.value import Pack
from sop_core.signoff.freeze import draw_up
from sop_core.signoff.record import Signoff
from sop_core.store.signoffs import LONGEST

_JOB, _SHOWN, _TYPED = "sign", "_sign_shown", "_sign_typed"


@dataclass(frozen=True, slots=True)
class Signature:
    """What is typed under a plan."""

    who: str
    role: str
    comment: str
    supersedes: int | None
    reason: str
    undecided: bool


def render(view: context.View) -> None:
    """The section: a sign-off that the address names is shown as it was signed, else the plan in view is to be signed."""
    _finished()
    old = signed.opened()
    # What was signed may be damaged: then the list and Verify are wanted all the more.
    with state.explained():
        if old is not None:
            sign_list.record(old, signed.pack_of(old))
        else:
            _to_sign(view)
    chain, broken = state.store().signoffs.list(), state.store().signoffs.broken()
    if chain or not broken:
        sign_list.draw(chain, old)
    if broken:
        which = ", ".join(map(str, broken))
        st.error(
            f"The record of sign-off {which} is not as it was signed, so it is not listed. Verify tells what changed.",
            icon=":material/gpp_bad:",
        )
    if chain or broken:
        verify.render(None if old is None else old.number)


def _to_sign(view: context.View) -> None:
    job: jobs.Job[Signoff | None] | None = jobs.current(_JOB)
    if job is not None and job.running:
        _heading(
            f"Signing “{view.scenario.name}”", "The plan, the data it rests on and the decisions are frozen."
        )
        jobs.watch(job)
        return
    shown = source.live(view)
    if shown is None or shown.evidence is None:
        return
    work = state.work(view.scenario_name)
    held = state.store().signoffs.latest(shown.pack.cycle)
    pack, evidence = shown.pack, shown.evidence
    checks = sign_checks.checks(view, shown, work, held)
    stops = [check for check in checks if check.grade == sign_checks.STOP]
    again = held is not None and held.plan_fingerprint == evidence.plan.fingerprint and not stops
    name = "The base" if view.scenario_name == BASE and not work.changed else f"“{view.scenario.name}”"
    if again and held is not None:
        _heading(f"{name} gives the plan that is signed", f"{held.sentence()}, is in force.")
    else:
        _heading(
            f"{name} cannot be signed yet" if stops else f"{name} is ready to be signed",
            "What is signed is frozen for ever: it can be opened, verified and superseded, never edited.",
        )
    if shown.waiting is not None:
        jobs.watch(shown.waiting)
    left, right = st.columns([3, 2], gap="large")
    with left:
        sign_checks.draw(checks)
        if work.changed:
            st.button(
                "Save under a name, to sign that", key="sign_branch", icon=":material/call_split:",
                on_click=_branch, args=(view.scenario_name,),
            )  # fmt: skip
            if st.session_state.pop("_sign_branch", "") == view.scenario_name:
                scenario_menu.act(
                    scenario_menu.BRANCH if work.locked or work.archived else scenario_menu.SAVE_AS,
                    view.scenario_name, work,
                )  # fmt: skip
        sign_list.frozen(pack)
    with right:
        if again and held is not None:
            st.button(
                f"Open sign-off {held.number}", type="primary", icon=":material/approval:", key="sign_open_held",
                on_click=signed.show, args=(held.number,),
            )  # fmt: skip
        with st.expander("Sign it again", icon=":material/draw:") if again else st.container():
            _form(pack, evidence, held, bool(stops))


def _branch(name: str) -> None:
    st.session_state["_sign_branch"] = name


def _heading(title: str, said: str) -> None:
    st.html(f'<p class="sop-headline">{fmt.safe(title)}</p><p class="sop-said">{fmt.safe(said)}</p>')


# -- the signature ------------------------------------------------------------------------------------------


def _form(pack: Pack, evidence: Evidence, held: Signoff | None, stopped: bool) -> None:
    failed: jobs.Job[Signoff | None] | None = jobs.current(_JOB)
    about = () if failed is None or not isinstance(failed.key, tuple) else failed.key[:2]
    mine = about == (evidence.plan.fingerprint, evidence.plan.scenario.name)
    if failed is not None and mine and failed.error:
        st.error(f"Not signed. {fmt.plain(failed.error)}", icon=":material/error:")
    elif failed is not None and mine and failed.result is None:
        st.info("Stopped before anything was written: nothing is signed.", icon=":material/stop_circle:")
    waiting = [card.title for card in pack.decisions if card.open]
    st.html('<div class="sop-group">Signature</div>')
    me = state.who()
    # While a signature is being made the form is gone: where it fails, what was typed is there again.
    typed: Signature = st.session_state.get(_TYPED) or Signature(
        "" if me == "Planner" else me, "", "", None, "", False
    )
    with st.form("sign_form", border=False, enter_to_submit=False):
        left, right = st.columns(2)
        who = left.text_input("Name", value=typed.who, key="sign_who", max_chars=LONGEST["who"])
        role = right.text_input(
            "Role",
            value=typed.role,
            key="sign_role",
            max_chars=LONGEST["role"],
            placeholder="for example CEO",
        )
        comment = st.text_area(
            "Comment", value=typed.comment, key="sign_comment", max_chars=LONGEST["comment"], height=80,
            placeholder="may be left blank",
        )  # fmt: skip
        reason, supersede, confirmed = "", False, False
        if held is not None:
            supersede = st.checkbox(
                f"Supersede sign-off {held.number} of {held.who}", key="sign_supersede",
                value=typed.supersedes == held.number,
                help="A cycle has one signed plan in force. The earlier one stays in the list, as it was signed.",
            )  # fmt: skip
            reason = st.text_input(
                "Why it is superseded", value=typed.reason, key="sign_reason", max_chars=LONGEST["reason"]
            )
        if waiting:
            confirmed = st.checkbox(
                f"Sign with {_count(len(waiting), 'decision')} still open", key="sign_undecided",
                value=typed.undecided, help="Open: " + "; ".join(fmt.plain(title) for title in waiting[:8]),
            )  # fmt: skip
        pressed = st.form_submit_button(
            "Sign the plan",
            type="primary",
            icon=":material/draw:",
            key="sign_press",
            disabled=stopped,
            width="stretch",
        )
    st.html(
        '<p class="sop-quiet">Name, role, the time in UTC and what stands beside are kept with the signature. The '
        "scenario is locked for good; new ones can be derived from it.</p>"
    )
    if pressed:
        signature = Signature(
            who, role, comment, held.number if held is not None and supersede else None, reason, confirmed
        )
        _start(evidence, pack, signature, 0 if held is None else held.number)


def _start(evidence: Evidence, pack: Pack, signature: Signature, before: int) -> None:
    """Signs what is shown, beside the screen. The same signature under the same plan is the same job."""
    store, plan = state.store(), evidence.plan
    st.session_state[_TYPED] = signature

    def work(tell: jobs.Tell, stopped: jobs.Stopped) -> Signoff | None:
        proposal = draw_up(store, plan, pack, progress=tell)
        if stopped():
            return None
        tell("Signing", 5, 5)
        return store.signoffs.sign(
            proposal, signature.who, signature.role, signature.comment, supersedes=signature.supersedes,
            reason=signature.reason, undecided=signature.undecided,
        )  # fmt: skip

    # A try that failed or was stopped is over: the same signature may be tried again.
    tries = st.session_state.get("_sign_tries", 0)
    known: jobs.Job[Signoff | None] | None = jobs.current(_JOB)
    if known is not None and not known.running:
        tries = st.session_state["_sign_tries"] = tries + 1
    jobs.start(_JOB, (plan.fingerprint, plan.scenario.name, signature, before, tries), work)
    st.rerun()


def _finished() -> None:
    """When the plan has just been signed, its sign-off is what is shown."""
    job: jobs.Job[Signoff | None] | None = jobs.current(_JOB)
    if job is None or job.running or job.result is None:
        return
    if st.session_state.get(_SHOWN) != job.result.number:
        st.session_state[_SHOWN] = job.result.number
        st.session_state.pop(_TYPED, None)
        signed.show(job.result.number)
        st.rerun()


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
