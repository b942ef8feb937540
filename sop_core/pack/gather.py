"""Reads from the store, plans and simulates what a board pack of one scenario needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

from sop_core import risk
from sop_core.calendar import month_label, to_month
from sop_core.changes.text import listing
from sop_core.cycle import agreement as agreed
from sop_core.cycle.assumption import RETIRED
from sop_core.cycle.decision import DONE, REJECTED
from sop_core.cycle.estimate import Estimate, estimate_of, final_by_cycle
from sop_core.cycle.issue import OPEN
from sop_core.cycle.waiting import happens
from sop_core.errors import PlanError, ScenarioError, SopError, StoreError
from sop_core.pack.basis import code_version, packages
from sop_core.pack.evidence import Evidence, Kept
from sop_core.pack.last import brought_estimate
from sop_core.pack.value import Pack
from sop_core.plan import Plan, Unconstrained
from sop_core.planner import Company
from sop_core.scenario import Scenario
from sop_core.store import Store, StoredScenario
from sop_core.store.scenarios import BASE
from sop_core.supply.solve import Interrupted

#: Scenarios beside the base and the proposal.
BESIDE: Final = 2
#: Stored scenarios that are planned to find the best of them.
TRIED: Final = 6

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]


class Answers(Protocol):
    """Whoever plans scenarios of one company: a planner, or a desk that remembers what it planned."""

    @property
    def company(self) -> Company: ...
    @property
    def base(self) -> Plan: ...
    def plan(self, scenario: Scenario) -> Plan:
        """The plan of a scenario."""


def gather(
    store: Store,
    planner: Answers,
    name: str,
    *,
    paths: int = risk.PATHS,
    progress: Progress | None = None,
    stop: Stop | None = None,
    scenario: Scenario | None = None,
    doubt: risk.Uncertainty | None = None,
) -> Evidence:
    """What a pack of the stored scenario of that name (`Base`: the base) rests on.

    `scenario`: proposes this one instead, with changes that are not saved (revision 0). `paths`: 0 leaves the risk
    out. `doubt`: the company's forecast error where it is known already. Raises StoreError where there is no such
    scenario, ScenarioError and PlanError where it cannot be planned, Interrupted where it was told to stop.
    """
    tell = _Steps(progress, stop)
    tell("Reading the store", 0)
    company = planner.company
    stored = {one.name: one for one in store.scenarios()}
    revision, text = 0, Scenario.base().to_json()
    wanted = Scenario.base() if scenario is None else scenario
    if name != BASE:
        known = store.load_scenario(name)
        if scenario is None:
            wanted = Scenario.from_json(known.json)
        if wanted.fingerprint() == Scenario.from_json(known.json).fingerprint():
            revision, text = known.revision, known.json
    if not revision and wanted.active:
        text = wanted.to_json()
    tell("Planning the proposal", 1)
    base, plan = planner.base, planner.plan(wanted)
    decisions = tuple(
        Kept(record.id, record.revision, record.value)
        for record in store.decisions.list()
        if record.value.state != DONE
        and (record.value.state != REJECTED or record.value.scenario in ("", plan.scenario.name))
    )
    tell("Planning what else was looked at", 2)
    others, left_out = _others(planner, plan, decisions, stored, tell)
    tell("Drawing paths of demand", 3)
    plans = (plan, *(() if plan.scenario.name == base.scenario.name else (base,)), *others)
    risks, doubt, without = _risks(company, plans, paths, doubt, tell)
    tell("Reading what was agreed and signed", 4)
    cycle = base.inputs.months[0]
    in_force = store.agreements.current(cycle)
    last, last_name, trouble = _last(store, str(cycle))
    estimate, note = (None, "") if last is not None else _estimate(store, company)
    version = company.snapshot.version
    imported = next((str(v.at.date()) for v in store.versions() if v.version == version), "")
    return Evidence(
        company=company,
        plan=plan,
        base=base,
        others=others,
        left_out=(*left_out, *([trouble] if trouble else [])),
        risks=risks,
        doubt=doubt,
        without_risk=without,
        decisions=decisions,
        assumptions=tuple(
            record.assumption for record in store.assumptions.list() if record.assumption.status != RETIRED
        ),
        issues=tuple((r.id, r.value) for r in store.issues.list() if r.value.state == OPEN),
        agreement=in_force,
        agreed_otherwise="" if in_force is None else _otherwise(store, company, plan, in_force),
        last=last,
        last_name=last_name,
        estimate=estimate,
        estimate_note=note,
        data_fingerprint=store.content_fingerprint(version) if version else "",
        imported=imported,
        scenario_revision=revision,
        scenario_json=text,
        code_version=code_version(),
        packages=packages(),
    )


class _Steps:
    """Tells how far the gathering is, and asks whether it should go on."""

    COUNT: Final = 5

    def __init__(self, progress: Progress | None, stop: Stop | None) -> None:
        self._progress, self._stop = progress, stop

    def __call__(self, what: str, done: int) -> None:
        self.check()
        if self._progress is not None:
            self._progress(what, done, self.COUNT)

    def check(self) -> None:
        """Raises Interrupted where it was told to stop."""
        if self._stop is not None and self._stop():
            raise Interrupted("The pack was stopped.")

    def inside(self, what: str, done: int, total: int) -> None:
        """Progress within a step."""
        self.check()
        if self._progress is not None:
            self._progress(what, done, total)


# -- what else was looked at ----------------------------------------------------------------------------------


def _others(
    planner: Answers,
    plan: Plan,
    decisions: Iterable[Kept],
    stored: dict[str, StoredScenario],
    tell: _Steps,
) -> tuple[tuple[Plan, ...], tuple[str, ...]]:
    """At most BESIDE other plans: options of decisions first, then stored scenarios by margin; and what is left out."""
    seen = {planner.base.scenario.fingerprint(), plan.scenario.fingerprint()}
    named = list(dict.fromkeys(
        option.scenario
        for kept in decisions
        for option in kept.decision.options
        if option.scenario and option.scenario != plan.scenario.name
    ))  # fmt: skip
    gone = [
        f"'{name}' is archived."
        for name, one in stored.items()
        if one.archived and name != plan.scenario.name
    ]
    live = {name: one for name, one in stored.items() if not one.archived and name != plan.scenario.name}
    failed: list[str] = []

    def planned(names: Iterable[str]) -> Iterator[Plan]:
        for name in names:
            tell.check()
            try:
                scenario = Scenario.from_json(live[name].json)
                if scenario.fingerprint() in seen:
                    continue
                seen.add(scenario.fingerprint())
                yield planner.plan(dataclasses.replace(scenario, name=name))
            except SopError as error:
                failed.append(f"'{name}' cannot be planned: {error}")

    found: list[Plan] = []
    for one in planned(name for name in named if name in live):
        found.append(one)
        if len(found) == BESIDE:
            break
    rest, elsewhere = choices(plan.scenario, {name: live[name] for name in live if name not in named})
    untried: list[str] = []
    if len(found) < BESIDE:
        untried = rest[TRIED:]
        ranked = sorted(planned(rest[:TRIED]), key=lambda p: (-float(p.money.margin.sum()), p.scenario.name))
        found += ranked[: BESIDE - len(found)]
    if elsewhere:
        names = listing([f"'{name}'" for name in elsewhere])
        gone.append(f"Other demand or fate is assumed, so it is no choice beside the proposal: {names}.")
    if untried:
        names = listing([f"'{name}'" for name in untried])
        gone.append(f"Of the stored scenarios {TRIED} are planned for a pack; not looked at: {names}.")
    return tuple(found), tuple(gone + failed)


def choices(proposed: Scenario, stored: Mapping[str, StoredScenario]) -> tuple[list[str], list[str]]:
    """(names of stored scenarios in which the market and fate bring what they bring in the proposal, names of the
    others). Only the first are choices beside it: nobody chooses a strong spring."""

    def market(scenario: Scenario) -> set[str]:
        return {repr(change.acting()) for change in scenario.active if happens(change)}

    same: list[str] = []
    other: list[str] = []
    wanted = market(proposed)
    for name, one in stored.items():
        try:
            (same if market(Scenario.from_json(one.json)) == wanted else other).append(name)
        except ScenarioError:
            same.append(name)  # planning it will say what is wrong with it
    return same, other


def _risks(
    company: Company,
    plans: Iterable[Plan],
    paths: int,
    doubt: risk.Uncertainty | None,
    tell: _Steps,
) -> tuple[dict[str, risk.Risk], risk.Uncertainty | None, str]:
    """A simulation of each plan by its name, all on the same paths."""
    if paths <= 0:
        return {}, doubt, "Demand paths were not drawn."
    try:
        doubt = risk.uncertainty(company) if doubt is None else doubt
        found = {
            plan.scenario.name: risk.simulate(plan, doubt, paths, progress=tell.inside) for plan in plans
        }
    except PlanError as error:
        return {}, doubt, f"Risk is not known: {error}"
    return found, doubt, ""


# -- what was agreed, signed and expected before ------------------------------------------------------------


def _otherwise(store: Store, company: Company, plan: Plan, in_force: agreed.Agreement) -> str:
    """How the proposal's demand differs from what was agreed; empty where it does not."""
    kept = store.estimates.load(in_force.estimate)
    wanted = Unconstrained(plan.scenario, plan.inputs, plan.demand)
    now = estimate_of(company, wanted, kind="kept", who="")
    if agreed.fingerprint(now, in_force.first_month, in_force.last_month) == in_force.fingerprint:
        return ""
    stale = agreed.drift_sentence(
        in_force, company.snapshot.version, company.verdicts.revision, moved := agreed.drift(in_force, kept, wanted)
    )  # fmt: skip
    if stale:
        return stale
    share = round(moved.share * 100, 1)
    if not share:
        return "The proposal's demand is not in every month and place the agreed one; the total is the same."
    return f"The proposal's demand is {abs(share):.1f} % {'above' if share > 0 else 'below'} the agreed one."


def _last(store: Store, cycle: str) -> tuple[Pack | None, str, str]:
    """The pack of the newest sign-off of a cycle before this one and its name; why it cannot be had where it was
    damaged: this month's proposal does not wait for that."""
    for record in store.signoffs.list():
        if record.cycle < cycle:
            name = f"signed plan of {month_label(to_month(record.cycle))}"
            try:
                return store.signoffs.pack(record.number), name, ""
            except StoreError:
                return (
                    None,
                    "",
                    f"The {name} cannot be read, so nothing is held against it: verify sign-off {record.number}.",
                )
    return None, "", ""


def _estimate(store: Store, company: Company) -> tuple[Estimate | None, str]:
    """What the cycle before ended with: kept by the store, else brought as past forecasts."""
    start = company.inputs.months[0]
    before = [head for cycle, head in final_by_cycle(store.estimates.list()).items() if cycle < start]
    brought = brought_estimate(company)
    if before and (brought is None or before[-1].kind != "opened" or before[-1].cycle > brought.cycle):
        head = before[-1]
        return store.estimates.load(head.id), f"LE of {month_label(head.cycle)}, unconstrained demand"
    if brought is None:
        return None, ""
    return brought, f"forecast of {month_label(brought.cycle)} that was brought, at today's prices"
