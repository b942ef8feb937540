"""Frames as people bring them: dates in several habits, odd types, odd histories. A forecast or a sentence."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sop_core.demand.baseline import ForecastSettings, forecast, forecast_with_diagnostics
from sop_core.errors import ForecastError


def seasonal(count: int, seed: int = 0, period: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    return (100 + 0.4 * t) * (1 + 0.3 * np.sin(2 * np.pi * t / period)) + rng.normal(0, 4, count)


def frame(ds, y, name: object = "a") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": y})


STARTS = pd.date_range("2019-01-01", periods=40, freq="MS")


def test_months_dated_on_their_last_day_are_answered_on_last_days():
    first, last = frame(STARTS, seasonal(40)), frame(STARTS + pd.offsets.MonthEnd(0), seasonal(40))
    found = forecast(last, 6)
    assert found["ds"].dt.strftime("%Y-%m-%d").tolist() == [
        "2022-05-31",
        "2022-06-30",
        "2022-07-31",
        "2022-08-31",
        "2022-09-30",
        "2022-10-31",
    ]
    np.testing.assert_array_equal(found["yhat"], forecast(first, 6)["yhat"])


def test_quarters_dated_on_their_last_day_or_in_other_months():
    values = seasonal(28, period=4)
    begins = pd.date_range("2015-01-01", periods=28, freq="QS")
    ends = pd.date_range("2015-03-31", periods=28, freq="QE")
    plain, last = forecast(frame(begins, values), 3, "QS"), forecast(frame(ends, values), 3, "QE")
    assert last["ds"].dt.strftime("%Y-%m-%d").tolist() == ["2022-03-31", "2022-06-30", "2022-09-30"]
    np.testing.assert_array_equal(plain["yhat"], last["yhat"])
    fiscal = forecast(frame(begins + pd.DateOffset(months=1), values), 2, "QS")
    assert fiscal["ds"].dt.strftime("%Y-%m-%d").tolist() == ["2022-02-01", "2022-05-01"]


def test_numbers_for_dates_count_periods_or_name_the_month():
    values = seasonal(40)
    counted = forecast(frame(np.arange(1, 41), values), 3)
    assert counted["ds"].tolist() == [41, 42, 43]
    assert forecast(frame(np.arange(1.0, 41.0), values), 3)["ds"].tolist() == [41, 42, 43]
    named = forecast(frame(STARTS.year * 100 + STARTS.month, values), 3)
    assert named["ds"].tolist() == [202205, 202206, 202207]
    np.testing.assert_array_equal(named["yhat"], forecast(frame(STARTS, values), 3)["yhat"])
    quarters = forecast(frame(np.arange(5, 33), seasonal(28, period=4)), 2, "QS")
    assert quarters["ds"].tolist() == [33, 34]
    with pytest.raises(ForecastError, match="neither a date, nor a month"):
        forecast(frame(np.arange(40) + 10_000_000, values), 3)


def test_text_dates_periods_zones_and_numbered_series_are_read():
    values = seasonal(40)
    expected = forecast(frame(STARTS, values), 3)["yhat"]
    for ds in (
        STARTS.strftime("%Y-%m-%d"),
        STARTS.strftime("%Y-%m"),
        STARTS.to_period("M"),
        STARTS.tz_localize("Europe/Rome"),
        STARTS.date,
    ):
        found = forecast(frame(ds, values), 3)
        np.testing.assert_array_equal(found["yhat"], expected)
        assert found["ds"].iloc[0] == pd.Timestamp("2022-05-01")
    numbered = pd.concat([frame(STARTS, values, 7), frame(STARTS, values, 10)]).assign(more="x")
    found = forecast(numbered, 2)
    assert found["unique_id"].tolist() == [7, 7, 10, 10]
    assert len(found.merge(numbered[["unique_id"]].drop_duplicates(), on="unique_id")) == 4


@pytest.mark.parametrize(
    "form", ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%YM%m", "%b %Y", "%Y %b", "%m/%Y"]
)
def test_dates_as_countries_write_them(form: str) -> None:
    """Where day and month could be either, the reading is meant in which every date begins a month."""
    found = forecast(frame(STARTS.strftime(form), seasonal(40)), 3)
    assert found["ds"].iloc[0] == pd.Timestamp("2022-05-01")


def test_quarters_as_text() -> None:
    quarters = pd.period_range("2010Q1", periods=40, freq="Q")
    for text in (quarters.astype(str), [f"{q.year}-q{q.quarter}" for q in quarters]):
        found = forecast(frame(text, seasonal(40, period=4)), 2, "QS")
        assert found["ds"].tolist() == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-04-01")]


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        (pd.date_range("2000-01-01", periods=44, freq="QS"), "three months apart"),
        (pd.date_range("1990-12-31", periods=30, freq="YE"), "yearly series cannot be forecast"),
    ],
)
def test_quarters_and_years_are_not_taken_for_months_without_demand(
    dates: pd.DatetimeIndex, says: str
) -> None:
    with pytest.raises(ForecastError, match=says):
        forecast(frame(dates, seasonal(len(dates))), 4)


def test_months_that_happen_to_be_missing_are_no_grid() -> None:
    parts = STARTS[[0, 3, 4, 6, 9, 12, 15, 20, 21, 30, 33]]
    assert len(forecast(frame(parts, seasonal(11)), 4)) == 4


def test_decimal_years_are_no_dates() -> None:
    with pytest.raises(ForecastError, match="which is no date"):
        forecast(frame(2015 + np.arange(40) / 12, seasonal(40)), 3)


def test_weeks_on_any_weekday_whatever_the_frequency_is_called():
    mondays = pd.date_range("2022-01-03", periods=120, freq="W-MON")
    values = 50 + 10 * np.sin(np.arange(120) / 8)
    for freq in ("W", "W-MON", "W-SUN"):
        assert forecast(frame(mondays, values), 2, freq)["ds"].tolist() == [
            mondays[-1] + pd.Timedelta(days=7),
            mondays[-1] + pd.Timedelta(days=14),
        ]
    with pytest.raises(ForecastError, match="another weekday"):
        forecast(frame(mondays.insert(120, mondays[-1] + pd.Timedelta(days=9)), np.r_[values, 1.0]), 2, "W")


@pytest.mark.parametrize(
    ("ds", "freq", "says"),
    [
        (STARTS[:3].insert(3, pd.Timestamp("2020-01-31")), "MS", "2020-01-31, that does not begin a month"),
        (pd.DatetimeIndex(["2020-01-01", "2020-04-01", "2020-06-01", "2020-10-01"]), "QS", "begin a quarter"),
        (["2020-01-01", "soon", "2020-03-01", "2020-04-01"], "MS", "date that cannot be read"),
        (pd.DatetimeIndex(["1020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"]), "MS", "Check its dates"),
    ],
)
def test_dates_in_no_habit_are_refused(ds, freq, says):
    with pytest.raises(ForecastError, match=says):
        forecast(frame(ds, [1.0, 2, 3, 4]), 2, freq)


def test_a_series_without_a_quantity_has_a_row_and_a_sentence():
    silent = frame(STARTS, np.nan, "silent")
    found = forecast_with_diagnostics(pd.concat([frame(STARTS, seasonal(40)), silent]), 4)
    row = found.diagnostics.set_index("unique_id").loc["silent"]
    assert row["method"] == "none (no history)"
    assert "nothing to forecast from" in row["reason"]
    ahead = found.frame[found.frame["unique_id"] == "silent"]
    assert ahead["yhat"].tolist() == [0.0] * 4
    assert ahead["ds"].iloc[0] == pd.Timestamp("2022-05-01")


def test_series_of_unequal_lengths_and_ends_each_go_on_from_their_own_end():
    parts = [
        frame(STARTS[:30], seasonal(30), "early end"),
        frame(STARTS[25:], seasonal(15), "new"),
        frame(STARTS, seasonal(40), "full"),
    ]
    found = forecast(pd.concat(parts), 2).groupby("unique_id")["ds"].min()
    assert found["early end"] == pd.Timestamp("2021-07-01")
    assert found["new"] == found["full"] == pd.Timestamp("2022-05-01")


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1.0, 1e12, 1e280])
def test_any_unit_gives_the_same_forecast(size):
    plain, other = forecast(frame(STARTS, seasonal(40)), 6), forecast(frame(STARTS, seasonal(40) * size), 6)
    for column in ("yhat", "lo", "hi"):
        np.testing.assert_allclose(other[column] / size, plain[column], rtol=1e-6)


def test_forty_years_and_two_centuries_of_months_are_forecast():
    long = frame(np.arange(2_400), seasonal(2_400))
    forty = frame(np.arange(480), seasonal(480), "forty")
    found = forecast(pd.concat([long, forty]), 12, settings=ForecastSettings(origins=1))
    mean = found.groupby("unique_id")["yhat"].mean()
    assert mean["a"] == pytest.approx(100 + 0.4 * 2406, rel=0.1)
    assert mean["forty"] == pytest.approx(100 + 0.4 * 486, rel=0.1)


numbers = st.one_of(
    st.just(0.0),
    st.just(float("nan")),
    st.integers(-5, 50).map(float),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.floats(1e-9, 1e-6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(numbers, min_size=1, max_size=70), min_size=1, max_size=4),
    st.sampled_from(["MS", "QS", "W"]),
    st.integers(1, 30),
)
def test_whatever_the_history_there_is_a_finite_forecast_within_its_band(histories, freq, horizon):
    if all(np.isnan(y).all() for y in histories):
        histories[0][0] = 1.0
    dates = {name: pd.date_range("2001-01-01", periods=70, freq=name) for name in ("MS", "QS", "W")}[freq]
    given = pd.concat([frame(dates[: len(y)], y, f"s{i}") for i, y in enumerate(histories)])
    found = forecast_with_diagnostics(given, horizon, freq, parents={"s1": "s0", "s2": "s1", "s3": "none"})
    table = found.frame
    assert len(table) == len(histories) * horizon
    assert np.isfinite(table[["yhat", "lo", "hi"]].to_numpy()).all()
    assert (table["lo"] <= table["yhat"]).all()
    assert (table["yhat"] <= table["hi"]).all()
    assert (found.diagnostics["reason"].str.len() > 10).all()
    for i, y in enumerate(histories):
        if np.nanmin(np.r_[y, 0.0]) >= 0.0:
            assert (table.loc[table["unique_id"] == f"s{i}", ["yhat", "lo"]] >= 0.0).all(axis=None)
