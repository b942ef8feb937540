"""Gathering: what is read from the store, what else is planned beside the proposal, and how it is stopped."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sop_core.changes import DemandGrowth, OvertimeChange, Scope
from sop_core.cycle.decision import DONE, REJECTED, Decision, OptionConsidered
from sop_core.cycle.estimate import estimate_of
from sop_core.errors import StoreError
from sop_core.pack.build import build
from sop_core.pack.codec import to_json
from sop_core.pack.gather import gather
from sop_core.pack.value import Pack
from sop_core.planner import Planner, prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from sop_core.store.signoffs import Signoffs
from sop_core.supply.solve import Interrupted
from tests.pack.companies import LESS, MORE, scenario, two_families


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the company's tables and nothing else, for copies."""
    path = tmp_path_factory.mktemp("pack") / "sop.duckdb"
    with Store.open(path) as opened:
        opened.import_tables(two_families(), "test")
    return path


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(shutil.copy(filled, tmp_path / "sop.duckdb")) as opened:
        yield opened


@pytest.fixture(scope="module")
def planner(filled: Path) -> Planner:
    with Store.open(filled) as opened:
        return Planner(prepare(Snapshot.from_tables(opened.tables(1), 1)))


def _save(store: Store, *scenarios: Scenario) -> None:
    for one in scenarios:
        store.save_scenario(one.name, one.to_json(), "Ada", 0)


def _overtime(name: str, hours: float) -> Scenario:
    return scenario(name, dataclasses.replace(MORE, hours=hours))


def test_the_same_store_gives_the_same_bytes(store: Store, planner: Planner) -> None:
    _save(store, _overtime("Proposal", 40.0), _overtime("Less of it", 5.0))
    again = Planner(planner.company)
    texts = {to_json(build(gather(store, one, "Proposal", paths=50))) for one in (planner, planner, again)}
    assert len(texts) == 1
    pack = build(gather(store, planner, "Proposal", paths=0))
    assert (pack.title, pack.basis.scenario_revision) == ("Proposal", 1)
    assert pack.basis.scenario_json == store.load_scenario("Proposal").json
    assert pack.basis.data_fingerprint == store.content_fingerprint(1)
    assert pack.basis.imported == str(store.versions()[0].at.date())


def test_the_base_and_unsaved_changes_may_be_proposed(store: Store, planner: Planner) -> None:
    _save(store, _overtime("Proposal", 40.0))
    base = build(gather(store, planner, "Base", paths=0))
    assert (base.title, base.basis.scenario_revision) == ("Base", 0)
    assert Scenario.from_json(base.basis.scenario_json) == Scenario.base()
    edited = _overtime("Proposal", 20.0)
    pack = build(gather(store, planner, "Proposal", paths=0, scenario=edited))
    assert pack.basis.scenario_revision == 0
    assert Scenario.from_json(pack.basis.scenario_json) == edited
    assert "The proposal holds changes that are not saved." in pack.sentences
    with pytest.raises(StoreError, match="There is no scenario 'Nobody'"):
        gather(store, planner, "Nobody", paths=0)


def test_options_of_decisions_come_before_what_earns_most(store: Store, planner: Planner) -> None:
    named = _overtime("Named in a decision", -5.0)
    _save(
        store, _overtime("Proposal", 40.0), named, *(_overtime(f"Overtime {n}", float(n)) for n in (3, 6, 9))
    )
    option = OptionConsidered("Otherwise", "Named in a decision", named.active)
    store.decisions.add(Decision("What to do", options=(option,), scenario="Proposal"), "Ada")
    found = gather(store, planner, "Proposal", paths=0)
    beside = [plan.scenario.name for plan in found.others]
    best = max(
        (planner.plan(_overtime(f"Overtime {n}", float(n))) for n in (3, 6, 9)),
        key=lambda p: p.kpis["margin"],
    )
    assert beside == ["Named in a decision", best.scenario.name]
    assert [line.name for line in build(found).scenarios] == ["Base", "Proposal", *beside]


def test_what_is_archived_unplannable_or_fate_is_left_out_with_a_sentence(
    store: Store, planner: Planner
) -> None:
    nowhere = scenario("Nowhere", OvertimeChange(scope=Scope(resources=("Sawmill",)), hours=4.0))
    strong = scenario("Strong", DemandGrowth(scope=Scope(families=("Iron",)), pct=0.2))
    _save(store, _overtime("Proposal", 40.0), _overtime("Old", 4.0), nowhere, strong, scenario("Twin", MORE))
    store.archive_scenario("Old", "Ada", "superseded")
    found = gather(store, planner, "Proposal", paths=0)
    assert found.others == ()
    said = " ".join(found.left_out)
    assert "'Old' is archived." in said
    assert "'Nowhere' cannot be planned: " in said
    assert "no choice beside the proposal: 'Strong'." in said
    assert "Twin" not in said  # the same Changes as the proposal
    # A proposal that assumes the same demand has it as a choice.
    _save(store, scenario("Proposal, strong", *strong.active, MORE))
    again = gather(store, planner, "Proposal, strong", paths=0)
    assert [plan.scenario.name for plan in again.others] == ["Strong"]


def test_decisions_that_are_done_or_rejected_elsewhere_are_not_put_again(
    store: Store, planner: Planner
) -> None:
    _save(store, _overtime("Proposal", 40.0), scenario("Other", LESS))
    for title, state, where in (
        ("Open", "proposed", "Other"),
        ("Done", DONE, "Proposal"),
        ("Rejected here", REJECTED, "Proposal"),
        ("Rejected there", REJECTED, "Other"),
    ):
        store.decisions.add(Decision(title, state=state, scenario=where), "Ada")
    found = gather(store, planner, "Proposal", paths=0)
    assert [kept.decision.title for kept in found.decisions] == ["Open", "Rejected here"]


def test_without_a_signed_plan_the_estimate_of_the_cycle_before_is_the_last_le(
    store: Store, planner: Planner
) -> None:
    company = planner.company
    wanted = unconstrained(company, Scenario.base())
    now = estimate_of(company, wanted, kind="kept", who="Ada")
    before = dataclasses.replace(
        now, cycle=now.cycle - 1, months=now.months - 1, at=dt.datetime(2025, 12, 5, tzinfo=dt.UTC)
    )
    store.estimates.keep(before)
    pack = build(gather(store, planner, "Base", paths=0))
    line = pack.kpi("demand")
    assert line is not None
    (last,) = (one for one in line.against if one.kind == "last")
    units = before.consensus.sum(axis=(0, 1, 2))
    assert last.amount == pytest.approx(float(units[1:].sum()))
    assert last.months == "Jan-May 26"
    assert last.note == "LE of Dec 25, unconstrained demand"
    assert pack.year is not None
    assert pack.year.last_name == "LE of Dec 25"


def test_a_damaged_signed_plan_is_said_and_the_proposal_goes_on(
    store: Store, planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(self: Signoffs, number: int) -> Pack:
        raise StoreError("What sign-off 3 showed was edited after it was signed.")

    signed = SimpleNamespace(number=3, cycle="2025-12")
    monkeypatch.setattr(Signoffs, "list", lambda self: (signed,))
    monkeypatch.setattr(Signoffs, "pack", damaged)
    pack = build(gather(store, planner, "Base", paths=0))
    (said,) = (line for line in pack.sentences if "cannot be read" in line)
    assert (
        said == "The signed plan of Dec 25 cannot be read, so nothing is held against it: verify sign-off 3."
    )


def test_progress_is_told_and_stop_is_heard(store: Store, planner: Planner) -> None:
    _save(store, _overtime("Proposal", 40.0))
    told: list[tuple[str, int, int]] = []
    gather(store, planner, "Proposal", paths=50, progress=lambda *step: told.append(step))
    assert [what for what, _, _ in told][:2] == ["Reading the store", "Planning the proposal"]
    assert all(0 <= done <= total for _, done, total in told)
    calls = iter(range(1000))
    with pytest.raises(Interrupted):
        gather(store, planner, "Proposal", paths=50, stop=lambda: next(calls) >= 3)


def test_an_agreement_that_is_not_met_is_said(store: Store, planner: Planner) -> None:
    from sop_core.cycle.agreement import Proposal, Voice

    company = planner.company
    _save(store, _overtime("Proposal", 40.0), scenario("Proposal, less", MORE, LESS))
    wanted = unconstrained(company, Scenario.base())
    estimate = estimate_of(company, wanted, kind="agreed", who="Ada")
    agreed = scenario("Agreed", dataclasses.replace(LESS, pct=0.0))
    first, last = np.datetime64("2026-01", "M"), np.datetime64("2026-06", "M")
    store.agreements.agree(Proposal(agreed, 0, 1, first, last, estimate), [Voice("Ada", "Sales")], "Ada")
    kept = build(gather(store, planner, "Proposal", paths=0))
    assert "Demand of this cycle is not agreed." not in kept.sentences
    assert kept.basis.agreement in kept.sentences
    assert not any("the agreed one" in said for said in kept.sentences)
    other = build(gather(store, planner, "Proposal, less", paths=0))
    assert any(said.endswith("% below the agreed one.") for said in other.sentences)
