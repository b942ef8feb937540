"""Latest estimates: what they hold, and that the store gives back what it was given."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from sop_core.calendar import months_from
from sop_core.cycle.estimate import STEPS, Estimate, estimate_of, final_by_cycle, repeated_past
from sop_core.errors import StoreError
from sop_core.planner import Company, prepare, unconstrained
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from sop_core.store.estimates import insert
from tests.pages import companies


def made(
    cycle: str = "2026-01", kind: str = "opened", steps: tuple[str, ...] = STEPS, seed: int = 0
) -> Estimate:
    """An estimate of 3 items x 2 regions x 2 segments x 4 months, with zeros in it."""
    rng = np.random.default_rng(seed)
    shape = (3, 2, 2, 4)
    values = {step: rng.integers(0, 5, shape).astype(float) for step in steps}
    for step in steps:
        values[step][1] = 0.0
    return Estimate(
        cycle=np.datetime64(cycle, "M"),
        months=months_from(np.datetime64(cycle, "M"), 4),
        items=("A", "B", "C"),
        regions=("North", "South"),
        segments=("Retail", "Trade"),
        steps=MappingProxyType(values),
        price=np.full(shape, 2.5),
        kind=kind,
        owner="Ada",
        who="Ben",
        at=dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC),
        data_version=1,
        review_revision=0,
        scenario="Base",
        note="first",
    )


@pytest.fixture(scope="module")
def company() -> Company:
    return prepare(Snapshot.from_tables(companies.sales_only(), version=3))


def test_steps_build_on_one_another(demo_company: Company) -> None:
    wanted = unconstrained(demo_company, Scenario.base())
    estimate = estimate_of(demo_company, wanted, kind="kept", who="Ada", note="before the board")
    assert tuple(estimate.steps) == STEPS
    layers = wanted.demand.layers
    added = estimate.steps["market"] - estimate.steps["statistical"]
    market = ("promotions", "price", "launches", "run_down", "events", "growth")
    assert np.allclose(added, sum(layers[name] for name in market))
    assert np.allclose(estimate.steps["sales_input"] - estimate.steps["market"], layers["sales_input"])
    assert np.allclose(estimate.consensus - estimate.steps["sales_input"], layers["overrides"])
    assert np.array_equal(estimate.consensus, wanted.demand.total)
    assert estimate.cycle == wanted.inputs.months[0]
    assert (estimate.who, estimate.note, estimate.data_version) == ("Ada", "before the board", 1)


def test_naive_step_is_the_same_month_of_last_year(company: Company) -> None:
    history = company.history
    assert history is not None
    naive = repeated_past(history, 18)
    assert np.array_equal(naive[..., :12], history.cleaned[..., -12:])
    assert np.array_equal(naive[..., 12:], history.cleaned[..., -12:-6])


def test_naive_step_of_a_young_company_is_its_last_month(company: Company) -> None:
    history = company.history
    assert history is not None
    young = dataclasses.replace(history, cleaned=history.cleaned[..., -5:], months=history.months[-5:])
    assert np.array_equal(repeated_past(young, 3), np.repeat(young.cleaned[..., -1:], 3, axis=-1))


def test_own_demand_plan_has_no_statistical_and_without_history_no_naive_step() -> None:
    company = prepare(Snapshot.from_tables(companies.demand_plan_only(), version=1))
    estimate = estimate_of(company, unconstrained(company, Scenario.base()), kind="opened", who="test")
    assert tuple(estimate.steps) == ("market", "sales_input", "consensus")


def test_unknown_kind_is_refused(company: Company) -> None:
    with pytest.raises(ValueError, match="opened, agreed, kept"):
        estimate_of(company, unconstrained(company, Scenario.base()), kind="guessed", who="test")


@pytest.mark.parametrize("steps", [STEPS, ("market", "sales_input", "consensus")])
def test_the_store_gives_back_what_it_was_given(tmp_path: Path, steps: tuple[str, ...]) -> None:
    given = made(steps=steps)
    with Store.open(tmp_path / "s.duckdb") as store:
        number = store.estimates.keep(given)
    with Store.open(tmp_path / "s.duckdb") as store:
        back = store.estimates.load(number)
    assert back.id == number
    assert tuple(back.steps) == steps
    for step in steps:
        assert np.array_equal(back.steps[step], given.steps[step])
    some = np.any([given.steps[step] != 0 for step in steps], axis=0)
    assert back.price is not None
    assert np.array_equal(back.price[some], given.price[some])  # type: ignore[index]
    assert np.array_equal(back.months, given.months)
    for name in ("cycle", "items", "regions", "segments", "kind", "owner", "who", "at", "scenario", "note"):
        assert getattr(back, name) == getattr(given, name)


def test_list_is_newest_first_and_numbers_move_on(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.estimates.list() == ()
        assert store.estimates.newest() == 0
        first = store.estimates.keep(made("2026-01"))
        later = dataclasses.replace(made("2026-02"), at=dt.datetime(2026, 2, 3, tzinfo=dt.UTC))
        second = store.estimates.keep(later)
        assert [head.id for head in store.estimates.list()] == [second, first]
        assert store.estimates.newest() == second


def test_opening_estimate_is_kept_once_per_cycle_data_and_review(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        assert store.estimates.keep_opening(made()) is not None
        assert store.estimates.keep_opening(made()) is None
        assert store.estimates.keep_opening(dataclasses.replace(made(), data_version=2)) is not None
        assert store.estimates.keep_opening(dataclasses.replace(made(), review_revision=1)) is not None
        assert store.estimates.has_opening(np.datetime64("2026-01", "M"), 1, 0)
        assert not store.estimates.has_opening(np.datetime64("2026-02", "M"), 1, 0)


def test_insert_belongs_to_the_callers_transaction(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store._connection.write(keep=False) as cursor:
            insert(cursor, made())
        assert store.estimates.list() == ()


def test_unknown_estimate_is_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store, pytest.raises(StoreError, match="number 7"):
        store.estimates.load(7)


def test_a_cycle_ends_with_what_was_agreed_else_kept_else_opened() -> None:
    day = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    opened = dataclasses.replace(made(), id=1, at=day)
    agreed = dataclasses.replace(made(kind="agreed"), id=2, at=day + dt.timedelta(days=1))
    kept = dataclasses.replace(made(kind="kept"), id=3, at=day + dt.timedelta(days=2))
    assert final_by_cycle([opened, kept, agreed])[np.datetime64("2026-01", "M")].id == 2
    assert final_by_cycle([kept, opened])[np.datetime64("2026-01", "M")].id == 3
    again = dataclasses.replace(agreed, id=4, at=day + dt.timedelta(days=3))
    assert final_by_cycle([agreed, again])[np.datetime64("2026-01", "M")].id == 4
