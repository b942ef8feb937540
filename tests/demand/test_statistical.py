"""The baseline of a company: which series are forecast, all levels agree, bands are sensible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sop_core.demand import planning_series
from sop_core.demand.history import History
from sop_core.demand.layers import demand_plan
from sop_core.demand.statistical import Baseline, build_baseline, leaf_id
from sop_core.errors import ForecastError
from sop_core.inputs import Bools, Floats
from sop_core.planner import prepare
from sop_core.planning_level import PlanningItems
from sop_core.snapshot import Snapshot

ITEMS = ("Anvil", "Bellows", "Crane", "Drill", "Edger")
REGIONS, SEGMENTS = ("North", "South", "West"), ("Trade", "Web")
MONTHS, HORIZON = 48, 6


def items(order: tuple[int, ...] = (0, 1, 2, 3, 4)) -> PlanningItems:
    """Five products of three families in two categories, in any order."""
    family = ("Iron", "Iron", "Steel", "Steel", "Tin")
    category = ("Metal", "Metal", "Metal", "Metal", "Sheet")
    names = tuple(ITEMS[i] for i in order)
    return PlanningItems(
        level="product",
        names=names,
        title=names,
        family=tuple(family[i] for i in order),
        category=tuple(category[i] for i in order),
        unit=("piece",) * 5,
        products=tuple((name,) for name in names),
        position={name: n for n, name in enumerate(names)},
        share=dict.fromkeys(names, 1.0),
    )


def history() -> History:
    """Seasonal demand of four products over magnitudes; Crane in the West has stopped, Drill has altogether, and
    Edger, new, sells now and then."""
    rng = np.random.default_rng(11)
    level = np.array([400.0, 60.0, 2000.0, 90.0, 8.0])
    region, segment = np.array([0.5, 0.3, 0.2]), np.array([0.7, 0.3])
    season = 1.0 + 0.4 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    units = np.einsum("i,r,m,h->irmh", level, region, segment, season)
    units = np.round(units * rng.lognormal(0.0, 0.2, units.shape))
    units[2, 2, :, -14:] = 0.0
    units[3, ..., -13:] = 0.0
    units[4, ..., :30] = 0.0
    units[4] *= rng.random(units[4].shape) < 0.4
    months = np.datetime64("2022-01", "M") + np.arange(MONTHS)
    nothing = np.zeros_like(units)
    return History(months, units, units, units, nothing, ("sales",) * MONTHS, ())


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return build_baseline(history(), items(), REGIONS, SEGMENTS, HORIZON)


def mask(names: tuple[str, ...], *chosen: str) -> Bools:
    """Those that are named; all where none is."""
    return np.array([not chosen or name in chosen for name in names])


ALL = (mask(ITEMS), mask(REGIONS), mask(SEGMENTS))


def test_every_level_is_forecast(baseline: Baseline) -> None:
    levels = baseline.details["level"].value_counts()
    assert levels["company"] == 1
    assert (levels["category"], levels["family"]) == (2, 3)
    assert (levels["region"], levels["segment"], levels["item"]) == (3, 2, 5)
    places = baseline.details.loc[baseline.details["level"] == "item x region", "unique_id"].tolist()
    assert leaf_id("Anvil", "North") in places
    assert leaf_id("Crane", "West") not in places
    assert not [place for place in places if place.startswith(("item|Drill", "item|Edger"))]


def test_details_say_what_each_level_came_to(baseline: Baseline) -> None:
    details = baseline.details.set_index("unique_id")
    whole = baseline.units.sum(axis=(0, 1, 2)).mean()
    assert details.at["company|All", "reconciled"] == pytest.approx(whole, rel=1e-9)
    for level in ("category", "family", "region", "segment", "item"):
        parts = baseline.details.loc[baseline.details["level"] == level, "reconciled"]
        assert parts.sum() == pytest.approx(whole, rel=1e-9), level
    assert details.at["segment|Web", "reconciled"] == pytest.approx(
        baseline.units[:, :, 1].sum(axis=(0, 1)).mean(), rel=1e-9
    )
    moved = details["reconciled"] / details["own"] - 1.0
    alive = details["own"] > 0
    assert details.loc[alive, "moved"].to_numpy() == pytest.approx(moved[alive].to_numpy())
    # An own forecast and a reconciled one of the same history are near each other.
    assert details.loc[alive, "moved"].abs().max() < 0.3


def test_nothing_is_negative_and_the_dead_stay_dead(baseline: Baseline) -> None:
    assert (baseline.units >= 0.0).all()
    assert (baseline.units[3] == 0.0).all()
    assert (baseline.units[2, 2] == 0.0).all()
    assert (baseline.units[[0, 1]] > 0.0).all()
    assert (baseline.cell_width[3] == 0.0).all()
    assert (baseline.sigma[3] == 0.0).all()


def test_a_segment_follows_its_own_forecast_not_only_its_share() -> None:
    """Web doubles within the last year: its share of that year is too low for the months ahead."""
    past = history()
    units = past.cleaned.copy()
    units[:, :, 1] *= np.where(np.arange(MONTHS) < 24, 1.0, 1.0 + (np.arange(MONTHS) - 23) / 8)
    found = build_baseline(replace(past, cleaned=units), items(), REGIONS, SEGMENTS, HORIZON)
    last_year = units[..., -12:].sum(axis=(0, 1, 3))
    share = found.units.sum(axis=(0, 1, 3))
    assert share[1] / share.sum() > 1.05 * last_year[1] / last_year.sum()


def test_the_order_of_items_and_regions_changes_no_digit(baseline: Baseline) -> None:
    past, order, places, parts = history(), (3, 0, 4, 2, 1), [2, 0, 1], [1, 0]
    cut = np.ix_(order, places, parts)
    turned = build_baseline(
        replace(past, cleaned=past.cleaned[cut]),
        items(order),
        tuple(REGIONS[r] for r in places),
        tuple(SEGMENTS[m] for m in parts),
        HORIZON,
    )
    assert (turned.units == baseline.units[cut]).all()
    assert (turned.cell_width == baseline.cell_width[cut]).all()
    assert (turned.sigma == baseline.sigma[list(order)]).all()
    assert (turned.leaf_width == baseline.leaf_width[np.ix_(order, places)]).all()
    assert (turned.within, turned.across) == (baseline.within, baseline.across)
    one = mask(items(order).names, "Crane")
    assert turned.series_of(one, mask(REGIONS), mask(SEGMENTS)) == "item|Crane"


def test_a_series_is_found_by_what_it_sums(baseline: Baseline) -> None:
    every, everywhere, all_kinds = ALL
    assert baseline.series_of(*ALL) == "company|All"
    assert baseline.series_of(mask(ITEMS, "Anvil", "Bellows"), everywhere, all_kinds) == "family|Iron"
    assert baseline.series_of(every, mask(REGIONS, "West"), all_kinds) == "region|West"
    assert baseline.series_of(every, everywhere, mask(SEGMENTS, "Web")) == "segment|Web"
    assert baseline.series_of(mask(ITEMS, "Anvil"), mask(REGIONS, "South"), all_kinds) == "item|Anvil|South"
    assert baseline.series_of(mask(ITEMS, "Anvil"), everywhere, mask(SEGMENTS, "Web")) is None


def test_bands_of_sums_never_exceed_those_of_their_parts(baseline: Baseline) -> None:
    every, everywhere, all_kinds = ALL
    whole = baseline.half_width(*ALL)
    assert (whole > 0.0).all()

    def together(parts: list[tuple[Bools, Bools, Bools]]) -> Floats:
        total: Floats = np.sum([baseline.half_width(*part) for part in parts], axis=0)
        return total

    slack = 1.0 + 1e-9
    families = (("Anvil", "Bellows"), ("Crane", "Drill"), ("Edger",))
    assert (whole <= slack * together([(mask(ITEMS, *f), everywhere, all_kinds) for f in families])).all()
    for i, name in enumerate(ITEMS):
        own = baseline.half_width(mask(ITEMS, name), everywhere, all_kinds)
        cells = baseline.cell_width[i].sum(axis=(0, 1))
        assert (own <= slack * cells).all(), name
        places = together([(mask(ITEMS, name), mask(REGIONS, region), all_kinds) for region in REGIONS])
        assert (own <= slack * places).all(), name
    for region in REGIONS:
        part = baseline.half_width(every, mask(REGIONS, region), all_kinds)
        assert (part <= slack * baseline.cell_width[:, REGIONS.index(region)].sum(axis=(0, 1))).all()


def test_a_band_in_money_is_that_of_units_at_one_price(baseline: Baseline) -> None:
    every, everywhere, all_kinds = ALL
    price = np.full(baseline.units.shape, 7.0)
    for items_, regions in ((every, everywhere), (mask(ITEMS, "Anvil", "Crane"), mask(REGIONS, "North"))):
        units = baseline.half_width(items_, regions, all_kinds)
        assert baseline.half_width(items_, regions, all_kinds, price) == pytest.approx(7.0 * units)


def test_the_band_of_a_series_is_its_own_around_the_reconciled_forecast(baseline: Baseline) -> None:
    own = baseline.half_width(mask(ITEMS, "Anvil"), mask(REGIONS), mask(SEGMENTS))
    assert own == pytest.approx(baseline.node_width["item|Anvil"])
    # At most its own conformal half-width, which sigma is read from at 80 %.
    assert (own <= 1.2815515655446004 * baseline.sigma[0] * (1 + 1e-9)).all()


def test_many_places_are_forecast_by_share(monkeypatch: pytest.MonkeyPatch, baseline: Baseline) -> None:
    monkeypatch.setattr(planning_series, "MAX_BELOW_ITEMS", 2)
    few = build_baseline(history(), items(), REGIONS, SEGMENTS, HORIZON)
    places = few.details.loc[few.details["level"] == "item x region", "unique_id"].tolist()
    assert places == [leaf_id("Crane", "North"), leaf_id("Crane", "South")]
    assert few.units.sum() == pytest.approx(baseline.units.sum(), rel=0.1)
    total = few.units.sum(axis=(0, 1, 2)).mean()
    parts = few.details.loc[few.details["level"] == "region", "reconciled"]
    assert parts.sum() == pytest.approx(total, rel=1e-9)


def test_names_with_bars_stay_apart() -> None:
    odd = items()
    names = ("A|North", "A", "Crane", "Drill", "Edger")
    odd = replace(odd, names=names, position={name: n for n, name in enumerate(names)})
    found = build_baseline(history(), odd, REGIONS, SEGMENTS, HORIZON)
    assert found.details["unique_id"].is_unique
    assert leaf_id("A", "North") != leaf_id("A|North", "")


def test_one_item_in_one_place() -> None:
    past = history()
    cut = past.cleaned[:1, :1, :1]
    single = PlanningItems(
        "product", ("Anvil",), ("Anvil",), ("Iron",), ("Metal",), ("piece",), (("Anvil",),), {"Anvil": 0}, {"Anvil": 1.0}
    )  # fmt: skip
    found = build_baseline(replace(past, cleaned=cut), single, ("All",), ("All",), HORIZON)
    assert found.details["level"].tolist() == ["company", "category", "family", "item"]
    # One history, four names: they all say the same, and the plan is what they say.
    assert found.details["moved"].abs().max() < 1e-9
    assert found.half_width(np.ones(1, bool), np.ones(1, bool), np.ones(1, bool)) == pytest.approx(
        found.leaf_width[0, 0]
    )


def test_no_demand_at_all_is_told() -> None:
    past = history()
    with pytest.raises(ForecastError, match="no demand at all"):
        build_baseline(
            replace(past, cleaned=np.zeros_like(past.cleaned)), items(), REGIONS, SEGMENTS, HORIZON
        )


def test_a_product_that_ends_is_given_nothing_after_its_end() -> None:
    """Old stopped half a year ago and is marked as ended; New sells on. The demand plan of Old is zero."""
    stamps = pd.date_range("2023-01-01", periods=36, freq="MS")
    rows = [
        {"month": stamp, "product": name, "quantity": 100.0}
        for name in ("Old", "New")
        for n, stamp in enumerate(stamps)
        if name == "New" or n < 30
    ]
    tables = {
        "products": pd.DataFrame(
            {"product": ["Old", "New"], "family": "Iron", "end": [pd.Timestamp("2025-06-30"), pd.NaT]}
        ),
        "sales": pd.DataFrame(rows),
    }
    company = prepare(Snapshot.from_tables(tables))
    assert company.baseline is not None
    old = company.inputs.items.index("Old")
    plan = demand_plan(company.inputs)
    assert (plan.total[old] == 0.0).all()
    new = company.baseline.units[1 - old].sum(axis=(0, 1))
    assert new == pytest.approx(np.full(len(new), 100.0), rel=0.3)


def test_shares_of_products_in_their_family_sum_to_one_and_unsold_ones_have_none() -> None:
    stamps = pd.date_range("2024-01-01", periods=24, freq="MS")
    rows = [
        {"month": stamp, "product": f"P{n}", "quantity": float(n)}
        for stamp in stamps
        for n in range(1, 4)
        if n < 3 or stamp < stamps[6]
    ]
    tables = {
        "products": pd.DataFrame({"product": ["P1", "P2", "P3", "P4"], "family": "Iron"}),
        "sales": pd.DataFrame(rows),
        "sources": pd.DataFrame(
            {
                "source": [f"make {n}" for n in range(1, 5)],
                "product": ["P1", "P2", "P3", "P4"],
                "site": "Works",
            }
        ),
        "settings": pd.DataFrame({"setting": ["planning_level"], "value": ["family"]}),
    }
    company = prepare(Snapshot.from_tables(tables))
    share = company.items.share
    assert sum(share.values()) == pytest.approx(1.0)
    assert share["P1"] == pytest.approx(1 / 3)
    # Neither sold in the last year: their part of the family's forecast is nothing.
    assert (share["P3"], share["P4"]) == (0.0, 0.0)


def test_odd_histories_get_a_forecast_or_a_sentence() -> None:
    """No history, zeros, one month, gaps, a jump in level, more returns than sales, twenty years: side by side."""
    stamps = pd.date_range("2005-01-01", periods=240, freq="MS")
    n = np.arange(240)
    season = 1.0 + 0.3 * np.sin(2 * np.pi * n / 12)
    units = {
        "Long": 100.0 * season,
        "Zeros": np.where(n >= 200, 0.0, np.nan),
        "Once": np.where(n == 239, 40.0, np.nan),
        "Gaps": np.where((n >= 180) & (n % 5 != 0), 50.0 * season, np.nan),
        "Jump": np.where(n >= 180, np.where(n < 225, 20.0, 200.0), np.nan),
        "Returned": np.where(n >= 180, np.where(n % 7 == 0, -30.0, 60.0), np.nan),
        "Empty": np.full(240, np.nan),
    }
    rows = [
        {"month": stamp, "product": name, "quantity": float(quantity)}
        for name, values in units.items()
        for stamp, quantity in zip(stamps, values, strict=True)
        if np.isfinite(quantity)
    ]
    tables = {"products": pd.DataFrame({"product": list(units)}), "sales": pd.DataFrame(rows)}
    found = prepare(Snapshot.from_tables(tables)).baseline
    assert found is not None
    assert np.isfinite(found.units).all()
    assert (found.units >= 0.0).all()
    item = dict(zip(sorted(units), found.units.sum(axis=(1, 2)), strict=True))
    assert not item["Zeros"].any()
    assert not item["Empty"].any()
    assert item["Long"].mean() == pytest.approx(100.0, rel=0.15)
    assert item["Jump"].mean() > 100.0
    assert (item["Returned"] > 0.0).all()
    assert (item["Once"] > 0.0).all()
    reasons = found.details.set_index("unique_id")["reason"]
    assert reasons.str.len().min() > 10
    assert "one" in reasons["item|Once"].lower() or "1 " in reasons["item|Once"]
    for at in range(len(units)):
        one = np.arange(len(units)) == at
        width = found.half_width(
            one, np.ones(found.units.shape[1], bool), np.ones(found.units.shape[2], bool)
        )
        assert np.isfinite(width).all()
        assert (width >= 0.0).all()
