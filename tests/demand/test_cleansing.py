"""Cleansing step by step: what is proposed, what acts, and how verdicts on one step leave the next whole."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop_core.calendar import month_part, months_long
from sop_core.demand.cleansing import KINDS, Rule, Verdict, Verdicts
from sop_core.demand.history import Correction, History, build_history
from sop_core.demand.layers import promotion_effect
from sop_core.demand.outliers import find_outliers
from sop_core.demand.past_promotions import Past, effect_of, without
from sop_core.demand.usual import usual
from sop_core.inputs import Promotion
from sop_core.planning_level import planning_items
from sop_core.snapshot import Snapshot

Rows = list[tuple[str, str, str, np.ndarray]]  # product, region, segment, units by month

COUNT = 60
MONTHS = np.arange("2021-01", "2026-01", dtype="datetime64[M]")
STAMPS = pd.DatetimeIndex(MONTHS.astype("datetime64[us]"))
SEASON = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(COUNT) / 12)


def noise(seed: int, scatter: float = 0.08, count: int = COUNT) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(0, scatter, count))


def tables(rows: Rows, **more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    frames = [
        pd.DataFrame(
            {
                "month": STAMPS[: len(units)],
                "product": product,
                "region": region,
                "segment": segment,
                "quantity": units,
            }
        )
        for product, region, segment, units in rows
    ]
    return {"sales": pd.concat(frames, ignore_index=True), **more}


def build(found: dict[str, pd.DataFrame], *verdicts: tuple[Rule, bool]) -> History:
    snapshot = Snapshot.from_tables(found)
    decided = Verdicts(tuple(Verdict(rule, accept) for rule, accept in verdicts), len(verdicts))
    history = build_history(snapshot, planning_items(snapshot), decided)
    assert history is not None
    return history


def of_kind(history: History, kind: str) -> list[Correction]:
    return [c for c in history.corrections if c.kind == kind]


def promotion(name: str = "May", **more: object) -> dict[str, object]:
    """A promotion on P over all of May 2023."""
    start, end = pd.Timestamp("2023-05-01"), pd.Timestamp("2023-05-31")
    return {"promotion": name, "product": "P", "start": start, "end": end, "uplift": 0.5} | more


# -- what is usual --


def test_usual_is_said_without_the_month_itself() -> None:
    series = 1000 * SEASON * noise(1)
    spoilt = series.copy()
    spoilt[30] *= 10
    good = np.ones((1, COUNT), dtype=bool)
    clean, bent = (usual(s[None], MONTHS, good) for s in (series, spoilt))
    assert bent.seasonal[0]
    assert bent.expected[0, 30] == pytest.approx(clean.expected[0, 30], rel=1e-9)
    assert bent.expected[0, 30] == pytest.approx(1000 * SEASON[30], rel=0.15)


def test_usual_of_empty_and_short_series_is_unknown_not_an_error() -> None:
    for series in (np.zeros((2, 24)), np.ones((1, 1)), np.zeros((0, 12)), np.full((1, 5), -3.0)):
        found = usual(series, MONTHS[: series.shape[1]], np.ones(series.shape, dtype=bool))
        assert found.expected.shape == series.shape
        assert not np.nan_to_num(found.deviation).any() or series.size


# -- outliers --


def outliers_of(series: np.ndarray) -> list[int]:
    explained = np.zeros((1, len(series)), dtype=bool)
    where = find_outliers(series[None], MONTHS[: len(series)], explained, 4.0).where
    return np.flatnonzero(where[0]).tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", ["flat", "season", "growth"])
@pytest.mark.parametrize(("at", "factor"), [(5, 3.0), (30, 3.0), (31, 0.2), (57, 2.5), (45, 0.0)])
def test_planted_outliers_are_found_alone(shape: str, at: int, factor: float, seed: int) -> None:
    form = {"flat": np.ones(COUNT), "season": SEASON, "growth": np.linspace(0.6, 1.6, COUNT)}[shape]
    series = 1000 * form * noise(seed)
    series[at] *= factor
    assert outliers_of(series) == [at]


def test_two_months_in_a_row_are_both_found() -> None:
    series = 1000 * SEASON * noise(3)
    series[33:35] *= 2.5
    assert outliers_of(series) == [33, 34]


_T = np.arange(COUNT)
USUAL_WAYS: dict[str, Callable[[int], np.ndarray]] = {
    "flat": lambda s: 1000 * noise(s, 0.15),
    "season": lambda s: 1000 * SEASON * noise(s, 0.15),
    "one strong month a year": lambda s: 1000 * np.where(_T % 12 == 11, 6.0, 1.0) * noise(s),
    "level shift up": lambda s: 1000 * np.where(20 + 5 * s <= _T, 2.5, 1.0) * noise(s),
    "level shift down in a season": lambda s: 1000 * SEASON * np.where(_T >= 25, 0.4, 1.0) * noise(s),
    "change in the last month": lambda s: 1000 * np.where(_T >= COUNT - 1, 2.5, 1.0) * noise(s),
    "ramp": lambda s: 1000 * np.linspace(0.2, 3.0, COUNT) * noise(s),
    "launch": lambda s: 1000 * np.clip((_T - 25) / 8, 0, 1) * noise(s),
    "running out": lambda s: 1000 * np.clip((50 - _T) / 15, 0, 1) * noise(s),
    "intermittent": lambda s: (
        np.where(np.random.default_rng(s).random(COUNT) < 0.3, 400.0, 0.0) * noise(s, 1)
    ),
    "handful of pieces": lambda s: np.random.default_rng(s).poisson(4, COUNT).astype(float),
    "two years": lambda s: (1000 * SEASON * noise(s, 0.12))[:24],
}


@pytest.mark.parametrize("way", USUAL_WAYS)
def test_ways_of_trading_are_no_outliers(way: str) -> None:
    """At most one false alarm in twelve series of up to five years each."""
    assert sum(len(outliers_of(USUAL_WAYS[way](seed))) for seed in range(12)) <= 1


def spiky(**more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """P in two regions; in Jun 2023 a single order of 3,000 in the North."""
    north, south = 600 * SEASON * noise(1), 400 * SEASON * noise(2)
    north[29] += 3000.0
    return tables([("P", "North", "All", north), ("P", "South", "All", south)], **more)


def test_an_outlier_is_flagged_and_acts_only_once_accepted() -> None:
    history = build(spiky())
    (found,) = of_kind(history, "outlier")
    assert (found.item, found.region, found.month) == ("P", "North", np.datetime64("2023-06"))
    assert not found.accepted
    assert found.after == pytest.approx(600 * SEASON[29], rel=0.3)
    assert "mostly North" in found.reason
    assert (history.cleaned == history.actual).all()

    accepted = build(spiky(), (Rule("outlier", month="2023-06"), True))
    assert of_kind(accepted, "outlier")[0].accepted
    assert accepted.cleaned[0, 0, 0, 29] == pytest.approx(found.after)
    changed = np.argwhere(accepted.cleaned != accepted.actual)
    assert changed.tolist() == [[0, 0, 0, 29]]


def test_an_outlier_of_one_region_that_the_total_hides_is_found() -> None:
    north, south = 150 * noise(1, 0.05), 850 * noise(2, 0.3)
    north[29] += 350.0
    history = build(tables([("P", "North", "All", north), ("P", "South", "All", south)]))
    (found,) = of_kind(history, "outlier")
    assert (found.region, found.month) == ("North", np.datetime64("2023-06"))
    assert found.reason.startswith("North: ")


@pytest.mark.parametrize(
    "known",
    [
        {"promotions": pd.DataFrame([promotion(uplift=0.0, end=pd.Timestamp("2023-06-12"))])},
        {"events": pd.DataFrame([{"event": "Tender", "start": pd.Timestamp("2023-06-01"), "scope": "P"}])},
        {"events": pd.DataFrame([{"event": "Flood", "start": pd.Timestamp("2023-06-01"), "scope": "North"}])},
    ],
)  # fmt: skip
def test_what_is_explained_is_no_outlier(known: dict[str, pd.DataFrame]) -> None:
    assert of_kind(build(spiky(**known)), "outlier") == []


# -- stock --


def stock(empty: list[int], product: str = "P") -> pd.DataFrame:
    held = np.full(COUNT, 500.0)
    held[empty] = 0.0
    return pd.DataFrame({"month": STAMPS, "product": product, "site": "S", "quantity": held})


def test_a_month_without_stock_is_filled_by_season() -> None:
    units = 1000 * SEASON * noise(1)
    units[39] = 0.0  # the season's peak
    history = build(tables([("P", "All", "All", units)], inventory=stock([39])))
    (found,) = of_kind(history, "stock-out")
    assert found.after == pytest.approx(1000 * SEASON[39], rel=0.15)


def late() -> dict[str, pd.DataFrame]:
    units = 1000 * SEASON * noise(1)
    units[40] += 0.8 * units[39]
    units[39] = 0.0
    return tables([("P", "All", "All", units)], inventory=stock([39]))


def test_late_deliveries_count_when_they_were_wanted() -> None:
    history = build(late())
    first, second = of_kind(history, "stock-out")
    assert (first.before, second.after) == (0.0, pytest.approx(1000 * SEASON[40], rel=0.15))
    assert "Apr 24" in second.reason
    total = history.cleaned[0, 0, 0, 38:42].sum()
    assert total == pytest.approx(1000 * SEASON[38:42].sum(), rel=0.1)


def test_late_deliveries_stay_where_the_gap_is_not_filled() -> None:
    history = build(late(), (Rule("stock-out", month="2024-04"), False))
    assert [c.accepted for c in of_kind(history, "stock-out")] == [False, False]
    assert (history.cleaned == history.actual).all()


def test_short_supply_is_told_and_acts_only_once_accepted() -> None:
    units = 1000 * SEASON * noise(1)
    units[39] *= 0.3
    found = tables([("P", "All", "All", units)], inventory=stock([39]))
    (short,) = of_kind(build(found), "short supply")
    assert not short.accepted
    assert short.after == pytest.approx(1000 * SEASON[39], rel=0.15)
    accepted = build(found, (Rule("short supply"), True))
    assert accepted.cleaned[0, 0, 0, 39] == pytest.approx(short.after)
    assert of_kind(accepted, "outlier") == []


def test_no_stock_and_no_sales_up_to_the_end_may_be_a_shortage() -> None:
    units = 1000 * noise(1)
    units[-2:] = 0.0
    other = ("Q", "All", "All", 5000 * noise(2))
    history = build(tables([("P", "All", "All", units), other], inventory=stock([58, 59])))
    found = of_kind(history, "short supply")
    assert [str(c.month) for c in found] == ["2025-11", "2025-12"]
    assert not any(c.accepted for c in found)
    assert all("unless the item has ended" in c.reason for c in found)


def test_orders_say_what_was_wanted_whatever_the_stock() -> None:
    units = 1000 * noise(1)
    units[50] = 0.0
    orders = pd.DataFrame(
        {"order": [f"O{n}" for n in range(COUNT)], "ordered_on": STAMPS, "due_on": STAMPS, "product": "P"}
    ).assign(quantity=np.where(units == 0, 20.0, units))
    history = build(tables([("P", "All", "All", units)], inventory=stock([50]), orders=orders))
    assert set(history.signal) == {"orders"}
    assert of_kind(history, "stock-out") + of_kind(history, "short supply") == []


def test_made_to_order_without_stock_is_never_short() -> None:
    units = 1000 * noise(1)
    units[39] *= 0.3
    history = build(tables([("P", "All", "All", units)], inventory=stock(list(range(COUNT)))))
    assert of_kind(history, "short supply") == []


# -- promotions --


def past(name: str, first: int, months: int, uplift: float, pull: float, reach: int, share: float) -> Past:
    """A promotion over whole months of the history."""
    start = MONTHS[first].astype("datetime64[D]")
    end = (MONTHS[first] + months).astype("datetime64[D]") - 1
    planned = Promotion(
        name, np.array([share]), np.array([True]), np.array([True]), start, end, uplift, pull, reach
    )
    gain, loss, _ = promotion_effect(MONTHS, planned)
    after = np.arange(first + months, first + months + reach)
    return Past(
        name=name,
        share=planned.share,
        regions=planned.regions,
        segments=planned.segments,
        gain=gain,
        loss=loss,
        early=month_part(MONTHS, start, end) / months_long(start, end),
        beyond=float((after >= COUNT).sum()) * pull,
    )


PROMOTIONS = st.builds(
    past,
    name=st.just("Sale"),
    first=st.integers(0, 50),
    months=st.integers(1, 3),
    uplift=st.floats(-0.2, 1.0),
    pull=st.floats(0.0, 0.2),
    reach=st.integers(0, 3),
    share=st.sampled_from([0.3, 1.0]),
)


@given(st.lists(PROMOTIONS, max_size=3), st.integers(0, 1000))
def test_taking_promotions_out_undoes_the_layer(promotions: list[Past], seed: int) -> None:
    """Demand made by the layer's own rule, whatever overlaps, comes back to its baseline."""
    base = (1000 * SEASON * noise(seed))[None, None, None, :]
    everywhere = np.ones(base.shape, dtype=bool)
    made = base + sum((effect_of(p, base, everywhere) for p in promotions), np.zeros_like(base))
    if (made <= 0).any() or any(p.gain.min() + 1 < 0.3 for p in promotions):
        return
    divisor = 1.0 + sum((p.share[0] * (p.gain - p.loss) for p in promotions), np.zeros(COUNT))
    if (divisor < 0.3).any():
        return
    solved = without(made, promotions, [everywhere] * len(promotions))
    assert solved == pytest.approx(base, rel=1e-5)


def test_the_rule_is_that_of_the_layer() -> None:
    """One whole-month promotion: the history takes out what demand_plan's promotions would have put in."""
    from sop_core.demand.layers import _promotions

    inputs = SimpleNamespace(
        months=MONTHS,
        horizon=COUNT,
        demand=SimpleNamespace(
            promotions=[
                Promotion(
                    "Sale",
                    np.array([0.7]),
                    np.array([True]),
                    np.array([True]),
                    np.datetime64("2023-05-10"),
                    np.datetime64("2023-06-20"),
                    0.4,
                    0.1,
                    2,
                )
            ]
        ),
    )
    base = np.full((1, 1, 1, COUNT), 1000.0)
    made, _, _ = _promotions(inputs, base, np.ones_like(base))  # type: ignore[arg-type]
    row = promotion("Sale", start=pd.Timestamp("2023-05-10"), end=pd.Timestamp("2023-06-20"))
    row |= {"uplift": 0.4, "pull_forward": 0.1, "pull_months": 2}
    # The product is 70 % of a family that is planned as one item.
    part = 0.7 * 1000.0
    rows = tables([("P", "All", "All", np.full(COUNT, part)), ("Q", "All", "All", np.full(COUNT, 300.0))])
    rows["sales"].loc[rows["sales"]["product"] == "P", "quantity"] = made[0, 0, 0] - 300.0
    rows["products"] = pd.DataFrame({"product": ["P", "Q"], "family": "F"})
    rows["sources"] = pd.DataFrame({"source": ["P", "Q"], "product": ["P", "Q"], "site": "S"})
    rows["settings"] = pd.DataFrame({"setting": ["planning_level"], "value": ["family"]})
    rows["promotions"] = pd.DataFrame([row])
    history = build(rows)
    assert history.cleaned[0, 0, 0] == pytest.approx(np.full(COUNT, 1000.0), rel=1e-9)


def promoted(*rows: dict[str, object]) -> dict[str, pd.DataFrame]:
    units = np.full(COUNT, 100.0)
    units[28] = 100 * 1.5 + 20
    units[29:31] = 90.0
    return tables([("P", "All", "All", units)], promotions=pd.DataFrame(list(rows)))


def test_uplift_goes_out_and_what_was_pulled_forward_comes_back() -> None:
    history = build(promoted(promotion(pull_forward=0.1, pull_months=2)))
    assert history.cleaned[0, 0, 0] == pytest.approx(np.full(COUNT, 100.0))
    found = of_kind(history, "promotion")
    assert [(c.before, round(c.after, 6), c.cause) for c in found] == [
        (170.0, 100.0, "May"),
        (90.0, 100.0, "May"),
        (90.0, 100.0, "May"),
    ]
    assert "May ran in May 23" in found[0].reason
    assert "given back" in found[1].reason


def test_a_rejected_promotion_leaves_history_as_it_was() -> None:
    found = promoted(promotion(pull_forward=0.1, pull_months=2))
    history = build(found, (Rule("promotion", cause="May"), False))
    assert (history.cleaned == history.actual).all()
    assert [(c.before, round(c.after, 6), c.accepted) for c in of_kind(history, "promotion")] == [
        (170.0, 100.0, False),
        (90.0, 100.0, False),
        (90.0, 100.0, False),
    ]


def test_one_of_two_promotions_in_a_month_can_be_rejected() -> None:
    """The other one is solved for alone, as if the first were not there."""
    found = promoted(promotion("May"), promotion("Clearance", uplift=0.2))
    both = build(found)
    assert both.cleaned[0, 0, 0, 28] == pytest.approx(170 / 1.7)
    assert sum(c.before - c.after for c in of_kind(both, "promotion")) == pytest.approx(70.0)
    one = build(found, (Rule("promotion", cause="May"), False))
    assert one.cleaned[0, 0, 0, 28] == pytest.approx(170 / 1.2)
    alone = build(promoted(promotion("Clearance", uplift=0.2)))
    assert (one.cleaned == alone.cleaned).all()


def test_a_promotion_that_ended_with_the_history_drew_on_months_ahead() -> None:
    """Months behind the end are taken like the promotion's own: 50 % on top and 10 % of a month early."""
    units = np.full(COUNT, 100.0)
    units[-1] = 160.0
    row = promotion(start=pd.Timestamp("2025-12-01"), end=pd.Timestamp("2025-12-31"), pull_forward=0.1)
    history = build(tables([("P", "All", "All", units)], promotions=pd.DataFrame([row])))
    assert history.cleaned[0, 0, 0, -1] == pytest.approx(100.0)


# -- the steps together --


def everything() -> dict[str, pd.DataFrame]:
    """A company with something for every step."""
    web, shop = 500 * SEASON * noise(1), 400 * SEASON * noise(2)
    shop[10] = 0.0  # did not report
    web[20], shop[20] = 0.0, 0.0  # no stock
    web[28] *= 1.5  # promotion
    shop[28] *= 1.5
    web[40] += 4000.0  # a single order
    web[45] = -30.0  # returns
    found = tables(
        [
            ("P", "All", "Web", web),
            ("P", "All", "Shop", shop),
            ("Q", "All", "Web", 300 * noise(3)),
            ("Q", "All", "Shop", np.where(np.arange(COUNT) == 10, 0.0, 300 * noise(4))),
        ],
        inventory=stock([20]),
        promotions=pd.DataFrame([promotion()]),
    )
    first = found["sales"]["month"] == STAMPS[0]
    found["sales"].loc[first, "quantity"] *= 0.2
    return found


def test_every_kind_is_proposed_and_only_what_is_sure_acts() -> None:
    history = build(everything())
    acts = {kind: {c.accepted for c in of_kind(history, kind)} for kind in KINDS}
    assert acts == {
        "partial month": {True},
        "partial last month": set(),
        "missing channel": {True},
        "stock-out": {True},
        "short supply": set(),
        "returns": {True},
        "promotion": {True},
        "outlier": {False},
    }
    assert all(c.reason and c.before != c.after for c in history.corrections)


DECIDABLE = [kind for kind in KINDS if kind != "partial last month"]


@pytest.mark.parametrize("kind", DECIDABLE)
def test_rejecting_a_step_leaves_its_cells_and_keeps_the_others_whole(kind: str) -> None:
    """Nothing of a rejected kind acts, all other kinds still do, and the list still shows what was proposed."""
    full = build(everything())
    history = build(everything(), (Rule(kind), False))
    assert not any(c.accepted for c in of_kind(history, kind))
    assert len(of_kind(history, kind)) == len(of_kind(full, kind))
    for other in set(DECIDABLE) - {kind}:
        wanted = {(c.item, c.segment, str(c.month)) for c in of_kind(full, other) if c.accepted}
        assert {(c.item, c.segment, str(c.month)) for c in of_kind(history, other) if c.accepted} >= wanted


@settings(max_examples=20)  # each builds a whole history
@given(st.lists(st.tuples(st.sampled_from(DECIDABLE), st.booleans()), max_size=7))
def test_the_history_is_what_the_accepted_corrections_say(decided: list[tuple[str, bool]]) -> None:
    """Recorded plus every accepted difference is the cleansed history, cell by cell, whatever was decided."""
    history = build(everything(), *[(Rule(kind), accept) for kind, accept in decided])
    names = (("P", "Q"), ("All",), ("Shop", "Web"))
    running = history.actual.copy()
    for c in history.corrections:
        if c.item == "All" or not c.accepted:
            continue
        at = (
            names[0].index(c.item),
            0,
            names[2].index(c.segment),
            int((c.month - history.months[0]).astype(int)),
        )
        assert running[at] == pytest.approx(c.before)
        running[at] = c.after
    assert running == pytest.approx(history.cleaned)


def test_verdicts_on_names_that_are_gone_do_nothing() -> None:
    gone = [(Rule("promotion", item="Sold off"), False), (Rule("outlier", month="1999-01"), True)]
    assert build(everything(), *gone).corrections == build(everything()).corrections


def test_real_companies_are_not_flooded(shared_dir: object) -> None:
    """AdventureWorks, forty leaves an item: what is flagged for a decision stays a handful."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from sop_core.store import Store

    folder = Path(str(shared_dir)) / "data" / "adventureworks"
    if not folder.is_dir():
        pytest.skip("the AdventureWorks data set is not on this machine")
    with TemporaryDirectory() as made, Store.open(Path(made) / "aw.duckdb") as store:
        store.import_files([folder], "test")
        history = build(store.tables())
    flagged = {(c.item, c.month) for c in history.corrections if c.kind in ("outlier", "short supply")}
    assert len(flagged) <= len(history.cleaned) // 5
    assert (history.cleaned >= 0).all()
