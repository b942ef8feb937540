"""Freezes a plan with all it rests on, so that it can be signed.

    proposal = draw_up(store, plan, pack)          # reads what the plan rests on, from the store
    signed = store.signoffs.sign(proposal, "Ada Keller", "CEO", "as discussed")

`freeze` is the pure half: it is given everything and works out digests, row marks and texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sop_core.calendar import month_label
from sop_core.cycle.agreement import Agreement
from sop_core.demand.cleansing import Verdicts
from sop_core.errors import ReviewError
from sop_core.pack.codec import canonical, plain, to_json
from sop_core.pack.value import Pack
from sop_core.plan import Plan, Unconstrained
from sop_core.scenario import Scenario
from sop_core.signoff.marks import marks, table_digests
from sop_core.signoff.proposal import Proposal
from sop_core.signoff.record import bytes_digest, digest, units_digest
from sop_core.signoff.rows import lines_digest, lines_of
from sop_core.store.assumptions import AssumptionRecord
from sop_core.store.decisions import DecisionRecord
from sop_core.store.fingerprint import content_fingerprint
from sop_core.store.scenarios import BASE

if TYPE_CHECKING:
    from sop_core.store import Store

Progress = Callable[[str, int, int], None]

#: Steps that `draw_up` tells of.
_STEPS: Final = 5


def freeze(
    plan: Plan,
    pack: Pack,
    *,
    scenario: Scenario,
    expected: int,
    scenario_json: str,
    tables: Mapping[str, pd.DataFrame],
    verdicts: Verdicts,
    decisions: Sequence[DecisionRecord] = (),
    assumptions: Sequence[AssumptionRecord] = (),
    agreement: Agreement | None = None,
    progress: Progress | None = None,
) -> Proposal:
    """The proposal of a plan and the pack drawn of it.

    `scenario`, `expected`, `scenario_json`: what is signed, its stored revision (0: saved first) and its text as it is
    stored; `tables`: the store's tables at the plan's data version; `verdicts`: at the plan's revision; `decisions`,
    `assumptions`: the newest of all. Raises ReviewError where pack, plan and these do not belong together.
    """
    tell = progress or _silent
    _refuse_strangers(plan, pack, verdicts, decisions)
    tell("Writing down the plan", 1, _STEPS)
    frames = {name: tuple(lines_of(frame)) for name, frame in plan.frames().items()}
    tell("Marking the data", 2, _STEPS)
    marked = marks(tables)
    tell("Working out digests", 3, _STEPS)
    shown = {card.id for card in pack.decisions}
    solver, text = plan.solution.solver, to_json(pack)
    return Proposal(
        cycle=str(np.datetime64(plan.inputs.months[0], "M")),
        scenario=scenario,
        expected=expected,
        scenario_json=scenario_json,
        pack=pack,
        pack_text=text,
        data_version=plan.data_version,
        data_fingerprint=content_fingerprint(tables),
        tables=table_digests(tables),
        review=verdicts.revision,
        verdicts=verdicts_digest(verdicts),
        agreement=None if agreement is None else agreement.id,
        demand_fingerprint=demand_digest(plan),
        plan_fingerprint=plan.fingerprint,
        kpis=kpis_of(plan),
        engine=solver.engine,
        status=solver.status,
        gap=float(solver.gap),
        code_version=pack.basis.code_version,
        packages=dict(pack.basis.packages),
        decisions=tuple(decision_text(record) for record in decisions if record.id in shown),
        assumptions=tuple(assumption_text(record) for record in assumptions),
        frames=frames,
        frame_digests={name: lines_digest(lines) for name, lines in frames.items()},
        marks=marked,
        mark_digests={name: bytes_digest(found) for name, found in marked.items()},
        known_decisions={record.id: record.revision for record in decisions},
        known_assumptions={record.id: record.revision for record in assumptions},
    )


def draw_up(store: Store, plan: Plan, pack: Pack, *, progress: Progress | None = None) -> Proposal:
    """The proposal of a plan, with what the store has of all it rests on.

    The base is signed as a scenario of its own, under a clear name. Raises ReviewError where the plan's scenario has
    changes that are not saved, or pack and plan do not belong together.
    """
    tell = progress or _silent
    tell("Reading what the plan rests on", 0, _STEPS)
    cycle = np.datetime64(plan.inputs.months[0], "M")
    scenario, expected, text = _as_stored(store, plan.scenario, cycle)
    return freeze(
        plan,
        pack,
        scenario=scenario,
        expected=expected,
        scenario_json=text,
        tables=store.tables(plan.data_version),
        verdicts=store.cleansing.verdicts(plan.review),
        decisions=store.decisions.list(),
        assumptions=store.assumptions.list(),
        agreement=store.agreements.current(cycle),
        progress=progress,
    )


def _as_stored(store: Store, scenario: Scenario, cycle: np.datetime64) -> tuple[Scenario, int, str]:
    known = {record.name: record for record in store.scenarios()}
    if not scenario.steps and (scenario.name == BASE or scenario.name not in known):
        named = Scenario(signed_name(cycle, known), note="The base, saved to be signed.")
        return named, 0, named.to_json()
    record = known.get(scenario.name)
    if record is None:
        raise ReviewError(
            f"'{scenario.name}' is not saved, so it cannot be signed. Save it as a scenario first, then sign that."
        )
    if Scenario.from_json(record.json) != scenario:
        raise ReviewError(
            f"Scenario '{scenario.name}' is not as it is stored: it has changes that are not saved, or somebody saved "
            "it since. Save yours as a branch and sign that, or look at the stored one again."
        )
    return scenario, record.revision, record.json


def signed_name(cycle: np.datetime64, taken: Iterable[str]) -> str:
    """`Signed plan Nov 26`: the name under which the base is signed; with a number behind it where it is taken."""
    used = {name.casefold() for name in taken}
    name, number = f"Signed plan {month_label(cycle)}", 1
    candidate = name
    while candidate.casefold() in used:
        number += 1
        candidate = f"{name} ({number})"
    return candidate


# -- what is worked out the same way when it is signed and when it is verified --


def kpis_of(plan: Plan) -> dict[str, float | None]:
    """The plan's KPIs, None where one has no value."""
    return {name: float(value) if np.isfinite(value) else None for name, value in plan.kpis.items()}


def demand_digest(plan: Plan | Unconstrained) -> str:
    """SHA-256 over the unconstrained demand of the whole horizon, as `cycle.agreement.fingerprint` has it."""
    inputs = plan.inputs
    return units_digest(plan.demand.total, inputs.items, inputs.regions, inputs.segments, inputs.months)


def verdicts_digest(verdicts: Verdicts) -> str:
    """SHA-256 over the verdicts on the cleansing of history, in the order in which they were given."""
    return digest(canonical([[plain(verdict.rule), verdict.accept] for verdict in verdicts.all]))


def decision_text(record: DecisionRecord) -> str:
    """A decision as a sign-off keeps it: number, revision, who, when and all of it."""
    return _entry(record.id, record.revision, record.who, record.at, record.value.to_json())


def assumption_text(record: AssumptionRecord) -> str:
    """An assumption as a sign-off keeps it."""
    return _entry(record.id, record.revision, record.who, record.at, record.assumption.to_json())


def _entry(id: int, revision: int, who: str, at: Any, text: str) -> str:
    return canonical(
        {"id": id, "revision": revision, "who": who, "at": at.isoformat(), "value": json.loads(text)}
    )


def _refuse_strangers(
    plan: Plan, pack: Pack, verdicts: Verdicts, decisions: Sequence[DecisionRecord]
) -> None:
    basis = pack.basis
    if basis.plan_fingerprint != plan.fingerprint or basis.data_version != plan.data_version:
        raise ReviewError(
            "What was shown and the plan to be signed are not the same. Look at the proposal again, then sign."
        )
    if verdicts.revision != plan.review:
        raise ReviewError(
            f"The plan rests on revision {plan.review} of the cleansing review, not on {verdicts.revision}. Open the "
            "proposal again, then sign."
        )
    newest = {record.id: record for record in decisions}
    for card in pack.decisions:
        record = newest.get(card.id)
        if record is None or record.revision != card.revision:
            by = "" if record is None else f" by {record.who}"
            raise ReviewError(
                f"Decision {card.id} ('{card.title}') was changed{by} since the proposal was drawn up. Look at it "
                "again, then sign."
            )


def _silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""
