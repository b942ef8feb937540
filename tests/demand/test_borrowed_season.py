"""Short histories that borrow the season of the series above them."""

import numpy as np
import pandas as pd
import pytest

from sop_core.demand.baseline import forecast, forecast_with_diagnostics
from sop_core.demand.fleet import MemoryCache
from sop_core.errors import ForecastError

STARTS = pd.date_range("2019-01-01", periods=72, freq="MS")
SEASON = 1 + 0.4 * np.sin(2 * np.pi * np.arange(72) / 12)


def frame(name: str, values: np.ndarray, end: int = 60) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": STARTS[end - len(values) : end], "y": values})


def product(seed: int) -> np.ndarray:
    """Six years of a product: level, growth and noise of its own, the season of its family."""
    rng = np.random.default_rng(seed)
    growth = 1 + rng.uniform(-0.004, 0.006) * np.arange(72)
    return rng.lognormal(4, 1) * growth * SEASON * rng.lognormal(0, 0.12, 72)


def family(seed: int = 99) -> np.ndarray:
    return sum(product(seed + i) for i in range(5))[:60]


@pytest.mark.parametrize("known", [3, 8, 14, 20])
def test_truncated_histories_are_forecast_better_with_the_season_of_the_family(known):
    parts, actual, parents = [frame("family", family())], {}, {}
    for seed in range(20):
        name, y = f"p{seed:02d}", product(seed)
        parts.append(frame(name, y[60 - known : 60]))
        actual[name], parents[name] = y[60:], "family"
    history = pd.concat(parts)

    def errors(found: pd.DataFrame) -> np.ndarray:
        ahead = {name: part["yhat"].to_numpy() for name, part in found.groupby("unique_id")}
        return np.array([np.abs(ahead[name] - actual[name]).mean() / actual[name].mean() for name in actual])

    own, borrowed = errors(forecast(history, 12)), errors(forecast(history, 12, parents=parents))
    assert borrowed.mean() < 0.8 * own.mean()
    assert (borrowed < own).mean() > 0.7


def test_it_is_said():
    history = pd.concat(
        [frame("family", family()), frame("new", product(1)[56:60]), frame("p", product(2)[45:60])]
    )
    found = forecast_with_diagnostics(history, 12, parents={"new": "family", "p": "family"}).diagnostics
    found = found.set_index("unique_id")
    assert found.loc["p", "method"] == "simple smoothing + damped Holt + Theta (season of the family)"
    assert found.loc["p", "reason"].endswith("fewer than two years: the season is that of the family.")
    assert found.loc["new", "method"] == "level (season of the family)"
    assert "the season that of the family" in found.loc["new", "reason"]


def test_the_nearest_series_above_that_has_a_season_lends_it():
    item = frame("item", product(3)[40:60])
    leaf = frame("leaf", product(3)[50:60] * 0.2)
    history = pd.concat([frame("family", family()), item, leaf])
    chain = {"leaf": "item", "item": "family", "family": "company", "nobody": "family"}
    found = forecast(history, 12, parents=chain).groupby("unique_id")["method"].first()
    assert found["leaf"].endswith("(season of the family)")
    assert not found["family"].endswith("(season of the family)")
    alone = forecast(history, 12, parents={"leaf": "item"}).groupby("unique_id")["method"].first()
    assert alone["leaf"].endswith("(no season)")


def test_a_season_that_the_series_does_not_show_is_not_borrowed():
    rng = np.random.default_rng(4)
    flat = frame("flat", 100 + rng.normal(0, 2, 18))
    found = forecast(pd.concat([frame("family", family()), flat]), 12, parents={"flat": "family"})
    ahead = found[found["unique_id"] == "flat"]
    assert ahead["method"].iloc[0].endswith("(no season)")
    assert np.ptp(ahead["yhat"]) < 20


def test_what_the_family_does_after_a_series_ends_stays_unknown_to_it():
    """A series that stopped a year ago is forecast from what was known then."""
    parents = {"p": "family"}
    early = frame("p", product(2)[35:48], end=48)
    short = forecast(pd.concat([frame("family", family()[:48], end=48), early]), 6, parents=parents)
    long = forecast(pd.concat([frame("family", family()), early]), 6, parents=parents)
    np.testing.assert_array_equal(
        short.loc[short["unique_id"] == "p", "yhat"], long.loc[long["unique_id"] == "p", "yhat"]
    )


def test_in_its_third_year_a_series_is_judged_by_forecasts_that_knew_the_season():
    """The forecast is its own; the band is not as wide as the errors of methods that knew no season."""
    history = pd.concat([frame("family", family()), frame("p", product(2)[34:60])])
    own, told = forecast(history, 12), forecast(history, 12, parents={"p": "family"})
    own, told = (found[found["unique_id"] == "p"] for found in (own, told))
    np.testing.assert_array_equal(own["yhat"], told["yhat"])
    assert own["method"].tolist() == told["method"].tolist()
    assert (told["hi"] - told["lo"]).mean() < 0.7 * (own["hi"] - own["lo"]).mean()


def test_histories_of_three_years_and_series_without_parents_are_left_as_they_are():
    history = pd.concat(
        [frame("family", family()), frame("p", product(2)[20:60]), frame("q", product(5)[50:60])]
    )
    plain = forecast(history, 12)
    pd.testing.assert_frame_equal(plain, forecast(history, 12, parents={}))
    pd.testing.assert_frame_equal(plain, forecast(history, 12, parents={"p": "family", "family": "p"}))


def test_the_borrowed_season_is_part_of_what_is_cached():
    cache, parents = MemoryCache(), {"p": "family"}
    p = frame("p", product(2)[50:60])
    forecast(pd.concat([frame("family", family()), p]), 6, parents=parents, cache=cache)
    before = len(cache)
    forecast(pd.concat([frame("family", family()), p]), 6, parents=parents, cache=cache)
    assert len(cache) == before
    forecast(pd.concat([frame("family", family(200)), p]), 6, parents=parents, cache=cache)
    assert len(cache) == before + 2


def test_a_family_that_sells_nothing_in_some_months_lends_its_season_too():
    winter = np.where(np.arange(60) % 12 < 5, 50.0, 0.0) * (
        1 + 0.02 * np.random.default_rng(1).normal(size=60)
    )
    history = pd.concat([frame("family", winter), frame("p", winter[44:60] * 0.3)])
    found = forecast(history, 12, parents={"p": "family"})
    assert np.isfinite(found["yhat"]).all()


def test_parents_in_a_circle_are_refused():
    history = pd.concat([frame("a", product(1)[50:60]), frame("b", product(2)[50:60])])
    with pytest.raises(ForecastError, match="circle"):
        forecast(history, 6, parents={"a": "b", "b": "a"})
