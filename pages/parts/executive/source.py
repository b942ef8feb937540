"""The Pack that the executive page draws: the signed one that the address asks for, or that of the scenario in view.

A live Pack is gathered and built once for all sessions and kept by everything that it rests on: data version, cleansing
revision, the scenario as it stands, and the records of decisions, issues, assumptions, agreements and estimates. The
simulation of the risk takes longest and depends on the plans alone: the page is shown without it first, it is made
beside the screen, and a decision taken meanwhile does not make it anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import streamlit as st

from pages.parts import format as fmt
from pages.parts import jobs, state
from pages.parts.context import View
from pages.parts.executive import signed
from sop_core import risk as core
from sop_core.errors import PlanError
from sop_core.pack.build import build
from sop_core.pack.evidence import Evidence
from sop_core.pack.gather import gather
from sop_core.pack.value import Pack
from sop_core.plan import Plan
from sop_core.signoff.record import Signoff
from sop_core.supply.solve import Interrupted

#: Packs, and gathered evidence with its plans, kept for all sessions.
PACKS, EVIDENCE = 12, 6
#: Simulations kept, one a plan.
RISKS = 24

Key = tuple[Hashable, ...]
Thing = TypeVar("Thing")
#: The jobs beside the screen: plans of a company whose plans take long, and the demand paths.
_PLANS, _RISK = "executive plans", "executive risk"
WORKING = "The chances are being worked out: the plans are walked along paths of demand."
STOPPED = "The simulation was stopped, so the chances are not known."


class Shelf(Generic[Thing]):
    """A few things by key, for all sessions; the least recently used go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Thing] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Thing | None:
        """The one of that key, if it is there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, thing: Thing) -> None:
        """Keeps one."""
        with self._lock:
            self._kept[key] = thing
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Shelves:
    packs: Shelf[Pack]
    evidence: Shelf[Evidence]
    risks: Shelf[core.Risk]
    doubts: Shelf[core.Uncertainty]
    without: Shelf[str]  #: why a company's risk cannot be simulated


@st.cache_resource(max_entries=1, show_spinner=False)
def _shelves() -> _Shelves:
    return _Shelves(Shelf(PACKS), Shelf(EVIDENCE), Shelf(RISKS), Shelf(4), Shelf(4))


@dataclass(frozen=True, slots=True)
class Shown:
    """What is in view: a Pack, and what it was built of (None where it is a signed one).

    `waiting`: the risk is still worked out, so this is not the whole pack yet. `stopped`: somebody stopped that.
    """

    pack: Pack
    evidence: Evidence | None = None
    signoff: Signoff | None = None
    waiting: jobs.Job[_Simulated] | None = None
    stopped: str = ""


def pack_in_view(view: View) -> Pack:
    """The Pack to draw; see `in_view`."""
    return in_view(view).pack


def in_view(view: View) -> Shown:
    """What is to be drawn: the sign-off that the address names, else the scenario in view, without its risk while
    that is worked out. Where plans take long, draws how far they are and ends the run. Raises StoreError,
    ScenarioError, PlanError.
    """
    signoff = signed.opened()
    if signoff is not None:
        return Shown(signed.pack_of(signoff), signoff=signoff)
    found = live(view)
    if found is None:
        st.stop()
    return found


def live(view: View) -> Shown | None:
    """The Pack of the scenario in view; None while its plans are made beside the screen (that is drawn then)."""
    shelves, company, key = _shelves(), _company(view), _key(view)
    evidence = _evidence(view, key)
    if evidence is None:
        return None
    impossible = shelves.without.get(company)
    if impossible is not None:
        evidence = replace(evidence, without_risk=impossible)
        return Shown(_built((*key, "no risk"), evidence), evidence)
    risks, missing = _risks(view, evidence)
    if not missing:
        whole = replace(evidence, risks=risks, doubt=shelves.doubts.get(company), without_risk="")
        return Shown(_built((*key, "whole"), whole), whole)
    job = _simulation(view, missing)
    if not job.running:
        if job.result is not None and (job.result.without or len(job.result.risks) == len(missing)):
            _keep(view, job.result)
            return live(view)
        evidence = replace(evidence, without_risk=job.error or STOPPED)
        return Shown(_built((*key, evidence.without_risk), evidence), evidence, stopped=evidence.without_risk)
    # Nothing is said of it on top: a sentence that goes away again would move all that stands below.
    evidence = replace(evidence, without_risk="")
    return Shown(_built((*key, "waiting"), evidence), evidence, waiting=job)


def _built(key: Key, evidence: Evidence) -> Pack:
    shelf = _shelves().packs
    found = shelf.get(key)
    if found is None:
        found = build(evidence)
        shelf.put(key, found)
    return found


# -- what it rests on ---------------------------------------------------------------------------------------


def _company(view: View) -> Key:
    return (str(state.store_path()), view.desk.version, view.company.verdicts.revision)


def _key(view: View) -> Key:
    """Everything that a pack of the scenario in view rests on."""
    store = state.store()
    return (
        *_company(view),
        view.scenario_name,
        view.scenario.to_json(),
        tuple((one.name, one.revision, one.archived is None) for one in store.scenarios()),
        store.decisions.stamp(),
        store.issues.stamp(),
        tuple((one.id, one.revision) for one in store.assumptions.list()),
        repr(store.agreements.current(view.inputs.months[0])),
        store.estimates.newest(),
        tuple(one.number for one in store.signoffs.list()[:1]),
    )


def _evidence(view: View, key: Key) -> Evidence | None:
    """All but the risk; None while it is gathered beside the screen."""
    shelf = _shelves().evidence
    found = shelf.get(key)
    if found is not None:
        return found
    store, desk = state.store(), view.desk
    if not desk.slow:
        with st.spinner("Planning what is proposed, and what else was looked at"):
            found = gather(store, desk, view.scenario_name, paths=0, scenario=view.scenario)
        shelf.put(key, found)
        return found
    name, own = view.scenario_name, view.scenario

    def work(tell: jobs.Tell, stopped: jobs.Stopped) -> Evidence | None:
        try:
            return gather(store, desk, name, paths=0, progress=tell, stop=stopped, scenario=own)
        except Interrupted:
            return None

    job: jobs.Job[Evidence | None] = jobs.start(_PLANS, (key, _tries(_PLANS)), work)
    if job.running:
        _frame(view, "Planning what is proposed, the base, and what else was looked at.")
        jobs.watch(job)
        return None
    if job.error:
        raise PlanError(job.error)
    if job.result is None:
        _frame(view, "Planning was stopped, so there is nothing to propose yet.")
        st.button(
            "Plan it again", icon=":material/refresh:", key="exec_plan_again", on_click=_again, args=(_PLANS,)
        )
        return None
    shelf.put(key, job.result)
    return job.result


def _frame(view: View, said: str) -> None:
    """What stands on the page before anything is known of the proposal."""
    st.html(
        f'<p class="sop-headline">{fmt.safe(view.scenario.name)}</p><p class="sop-said">{fmt.safe(said)} The company is '
        "large: a plan takes a while, and is then kept for everybody.</p>"
    )


# -- the risk -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Simulated:
    """What the work beside the screen found: simulations by the fingerprint of the scenario."""

    risks: Mapping[str, core.Risk]
    doubt: core.Uncertainty | None = None
    without: str = ""


def _plans(evidence: Evidence) -> dict[str, Plan]:
    """The plans to simulate, by name."""
    return {plan.scenario.name: plan for plan in (evidence.base, *evidence.others, evidence.plan)}


def _risks(view: View, evidence: Evidence) -> tuple[dict[str, core.Risk], dict[str, Plan]]:
    """Simulations at hand by name of the plan, and the plans without one by fingerprint of their scenario."""
    shelf, company = _shelves().risks, _company(view)
    found: dict[str, core.Risk] = {}
    missing: dict[str, Plan] = {}
    for name, plan in _plans(evidence).items():
        print_ = plan.scenario.fingerprint()
        known = shelf.get((*company, print_))
        if known is None:
            missing[print_] = plan
        else:
            found[name] = known
    return found, missing


def _simulation(view: View, missing: Mapping[str, Plan]) -> jobs.Job[_Simulated]:
    company, known = view.company, _shelves().doubts.get(_company(view))

    def work(tell: jobs.Tell, stopped: jobs.Stopped) -> _Simulated:
        tell("Reading how far forecasts were off", 0, 0)
        found: dict[str, core.Risk] = {}
        try:
            doubt = core.uncertainty(company) if known is None else known
            for at, (print_, plan) in enumerate(missing.items()):
                before = at * core.PATHS
                made = core.simulate(
                    plan, doubt, stop=stopped,
                    progress=lambda _, n, total, before=before: tell(  # type: ignore[misc]
                        "Demand paths", before + n, total * len(missing)
                    ),
                )  # fmt: skip
                if stopped():
                    break
                found[print_] = made
        except PlanError as error:
            if stopped():
                return _Simulated(found)
            return _Simulated({}, without=f"Risk is not known: {error}")
        return _Simulated(found, doubt)

    return jobs.start(_RISK, (*_company(view), *missing, _tries(_RISK)), work)


def _keep(view: View, made: _Simulated) -> None:
    shelves, company = _shelves(), _company(view)
    if made.without:
        shelves.without.put(company, made.without)
    if made.doubt is not None:
        shelves.doubts.put(company, made.doubt)
    for print_, found in made.risks.items():
        shelves.risks.put((*company, print_), found)


def simulate_again() -> None:
    """Draws the paths once more after they were stopped."""
    _again(_RISK)


def _tries(name: str) -> int:
    tries: dict[str, int] = st.session_state.setdefault("_exec_tries", {})
    return tries.get(name, 0)


def _again(name: str) -> None:
    tries: dict[str, int] = st.session_state.setdefault("_exec_tries", {})
    tries[name] = tries.get(name, 0) + 1
