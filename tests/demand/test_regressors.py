"""Working days, holidays and other things known beforehand; and growth that saturates."""

import numpy as np
import pandas as pd
import pytest

from sop_core.demand.baseline import ForecastSettings, forecast, prophet_reference
from sop_core.demand.drivers import forecast_settings
from sop_core.demand.fleet import MemoryCache, task_key
from sop_core.demand.forecast_calendar import (
    check_country,
    countries,
    moving_feasts,
    regressors,
    working_days,
)
from sop_core.demand.forecast_series import SeriesTask
from sop_core.demand.prophet_map import ProphetSpec, fit_map
from sop_core.errors import ForecastError
from sop_core.snapshot import Snapshot

MONTHS = np.arange("2015-01", "2026-01", dtype="datetime64[M]")
FIRST = MONTHS.astype("datetime64[D]")
AFTER = (MONTHS + 1).astype("datetime64[D]")
DAYS = FIRST.astype(np.float64)


def at(month: str) -> int:
    return int((np.datetime64(month, "M") - MONTHS[0]).astype(int))


def test_working_days_are_weekdays_less_public_holidays():
    plain, italian = working_days(FIRST, None, AFTER), working_days(FIRST, "IT", AFTER)
    assert plain[at("2024-04")] == 22
    assert italian[at("2024-04")] == 20  # Easter Monday on the 1st, Liberation Day on the 25th
    assert italian[at("2023-04")] == 18  # 20 weekdays, less the 10th and the 25th
    assert (italian <= plain).all()
    bavarian, german = working_days(FIRST, "DE-BY", AFTER), working_days(FIRST, "DE", AFTER)
    assert (bavarian <= german).all()
    assert bavarian.sum() < german.sum()


def test_feasts_that_move_are_counted_where_they_fall():
    easter = moving_feasts(FIRST, "GB", AFTER)
    assert (
        easter[at("2024-03")] == 1
    )  # Good Friday on 29 March; the Monday is a holiday of England's parts only
    assert easter[at("2023-04")] == 1
    assert easter[at("2023-03")] == 0
    assert easter.reshape(-1, 12)[:, [6, 7, 8, 9]].sum() == 0  # no Easter from July to October
    chinese = moving_feasts(FIRST, "CN", AFTER)
    assert chinese[at("2020-01")] > 0
    assert chinese[at("2021-01")] == 0
    assert chinese[at("2021-02")] > 0


def test_a_country_is_known_or_the_message_says_what_to_write():
    assert check_country(" de-by ") == "DE-BY"
    assert check_country("us") == "US"
    assert "DE" in countries()
    with pytest.raises(ForecastError, match="two-letter code, such as DE"):
        check_country("Atlantis")
    with pytest.raises(ForecastError, match="no holiday calendar for the part 'XX'"):
        check_country("DE-XX")
    with pytest.raises(ForecastError, match="'Atlantis'"):
        forecast(history(np.ones(30)), 3, settings=ForecastSettings(country="Atlantis"))


def test_columns_of_quarters_and_of_a_company_calendar():
    given = ForecastSettings(working_days=True, calendar=(("2015-02", 3.0),))
    months = regressors(DAYS, 12, 100, given)
    assert months is not None
    assert months[1, 0] == 3.0
    assert months[0, 0] == 22.0
    quarters = regressors(DAYS[::3], 4, 40, given)
    assert quarters is not None
    assert quarters[:, 0] == pytest.approx(months[:, 0].reshape(-1, 3).sum(axis=1))
    assert regressors(DAYS, 12, 100, ForecastSettings(country="DE")) is None
    with pytest.raises(ForecastError, match="not for weeks"):
        regressors(DAYS, 52, 100, given)


def history(y: np.ndarray, name: str = "a") -> pd.DataFrame:
    return pd.DataFrame(
        {"unique_id": name, "ds": pd.DatetimeIndex(FIRST[: len(y)].astype("datetime64[us]")), "y": y}
    )


def by_working_days(seed: int) -> np.ndarray:
    """Demand in proportion to the days worked in Italy, with a season and a little noise."""
    rng = np.random.default_rng(seed)
    season = 1 + 0.2 * np.sin(2 * np.pi * (np.arange(MONTHS.size) + seed) / 12)
    return working_days(FIRST, "IT", AFTER) * season * rng.lognormal(0, 0.02, MONTHS.size)


def test_working_days_make_the_forecast_better_where_demand_follows_them():
    fleet = {f"s{i}": by_working_days(i) for i in range(6)}
    past = pd.concat([history(y[:96], name) for name, y in fleet.items()])
    actual = np.concatenate([fleet[name][96:114] for name in sorted(fleet)])
    plain = forecast(past, 18)["yhat"].to_numpy()
    told = forecast(past, 18, settings=ForecastSettings(working_days=True, country="IT"))["yhat"].to_numpy()
    assert np.abs(told - actual).mean() < 0.7 * np.abs(plain - actual).mean()


def test_working_days_do_little_harm_where_demand_does_not_follow_them():
    rng = np.random.default_rng(8)
    y = 100 * (1 + 0.2 * np.sin(2 * np.pi * np.arange(96) / 12)) * rng.lognormal(0, 0.05, 96)
    plain = forecast(history(y), 12)["yhat"]
    told = forecast(history(y), 12, settings=ForecastSettings(working_days=True, country="IT"))["yhat"]
    assert np.abs(told / plain - 1).max() < 0.1


def test_switched_off_nothing_changes_and_nothing_is_fitted_again():
    cache = MemoryCache()
    plain = forecast(history(by_working_days(1)[:80]), 6, cache=cache)
    again = forecast(
        history(by_working_days(1)[:80]),
        6,
        cache=cache,
        settings=ForecastSettings(country="IT", calendar=(("2020-01", 2.0),)),
    )
    pd.testing.assert_frame_equal(plain, again)
    assert len(cache) == 1


def test_the_key_follows_the_working_days_not_where_they_come_from():
    task = SeriesTask(DAYS[:46], np.arange(40.0), regressors=np.ones((46, 1)))
    base = task_key(task, 12, ForecastSettings(working_days=True))
    assert base == task_key(task, 12, ForecastSettings(working_days=True, country="IT"))
    other = SeriesTask(DAYS[:46], np.arange(40.0), regressors=np.full((46, 1), 2.0))
    assert base != task_key(other, 12, ForecastSettings(working_days=True))
    assert base != task_key(SeriesTask(DAYS[:46], np.arange(40.0)), 12, ForecastSettings(working_days=True))


def test_working_days_need_dates():
    counted = history(np.arange(40.0)).assign(ds=np.arange(40))
    with pytest.raises(ForecastError, match="cannot be counted where ds counts periods"):
        forecast(counted, 3, settings=ForecastSettings(working_days=True))


@pytest.mark.parametrize("mode", ["additive", "multiplicative"])
def test_regressors_here_agree_with_the_prophet_package(mode):
    y = by_working_days(3)[:72] + 40.0
    columns = np.column_stack([working_days(FIRST, "IT", AFTER), moving_feasts(FIRST, "IT", AFTER) > 0])[:84]
    spec = ProphetSpec(seasonality_mode=mode, changepoint_range=0.95, regressor_prior_scale=0.5)
    ours = fit_map(DAYS[:72], y, spec, regressors=columns[:72])
    theirs = prophet_reference(DAYS[:72], y, DAYS[72:84], spec, "Newton", regressors=columns)
    assert np.abs(ours.predict(DAYS[72:84], columns[72:])[0] - theirs).max() < 0.005 * y.max()
    without = prophet_reference(DAYS[:72], y, DAYS[72:84], spec, "Newton")
    assert np.abs(without - theirs).max() > 0.01 * y.max()


def test_a_fit_asks_for_the_regressors_it_was_made_with():
    fit = fit_map(DAYS[:40], by_working_days(1)[:40], ProphetSpec(), regressors=np.arange(40.0)[:, None])
    with pytest.raises(ValueError, match="1 regressors"):
        fit.predict(DAYS[40:43])
    with pytest.raises(ValueError, match="every date"):
        fit_map(DAYS[:40], by_working_days(1)[:40], ProphetSpec(), regressors=np.ones((3, 1)))


def test_the_prophet_package_in_the_ensemble_takes_regressors_too():
    frame = history(by_working_days(2)[:72])
    told = ForecastSettings(origins=0, working_days=True, country="IT")
    ours = forecast(frame, 6, settings=told)["yhat"]
    theirs = forecast(frame, 6, settings=ForecastSettings(**{**vars(told), "prophet": "reference"}))["yhat"]
    assert np.abs(ours - theirs).max() < 0.005 * frame["y"].max()


def test_holidays_and_countries_reach_the_prophet_package():
    days = np.arange("2021-01-01", "2024-01-01", dtype="datetime64[D]")
    closed = np.isin(days, np.array(["2021-12-25", "2022-12-25", "2023-12-25"], dtype="datetime64[D]"))
    y = np.where(closed, 20.0, 100.0) + np.sin(np.arange(days.size))
    known, ahead = days[:1000].astype(float), days[1000:].astype(float)
    christmas = int(np.flatnonzero(closed[1000:])[0])
    table = pd.DataFrame(
        {"holiday": "Christmas", "ds": pd.to_datetime(["2021-12-25", "2022-12-25", "2023-12-25"])}
    )
    plain = prophet_reference(known, y[:1000], ahead, ProphetSpec())
    by_table = prophet_reference(known, y[:1000], ahead, ProphetSpec(), holidays=table)
    by_country = prophet_reference(known, y[:1000], ahead, ProphetSpec(), country="IT")
    assert plain[christmas] > 80
    assert by_table[christmas] < 40
    assert by_country[christmas] < 40
    with pytest.raises(ForecastError, match="no holiday calendar"):
        prophet_reference(known, y[:1000], ahead, ProphetSpec(), country="Atlantis")


def test_logistic_growth_stays_below_its_cap():
    t = np.arange(96)
    y = 1000 / (1 + np.exp(-(t[:60] - 45) / 8)) + np.random.default_rng(0).normal(0, 5, 60) + 20
    spec = ProphetSpec(growth="logistic", yearly_order=2)
    found = prophet_reference(DAYS[:60], y, DAYS[60:96], spec, cap=1050.0)
    linear = prophet_reference(DAYS[:60], y, DAYS[60:96], ProphetSpec(yearly_order=2))
    assert found.max() < 1100
    assert linear.max() > 1300
    with pytest.raises(ForecastError, match="needs a cap"):
        prophet_reference(DAYS[:60], y, DAYS[60:96], spec)
    with pytest.raises(ValueError, match="linear and flat"):
        fit_map(DAYS[:60], y, spec)
    ensemble = forecast(history(y), 24, settings=ForecastSettings(growth="logistic", cap=1.1, origins=1))
    assert ensemble["yhat"].max() < forecast(history(y), 24)["yhat"].max()
    with pytest.raises(ForecastError, match="cap of 0"):
        forecast(history(y), 24, settings=ForecastSettings(growth="logistic", cap=0.0))


def company(settings: dict[str, str], calendar: pd.DataFrame | None = None) -> Snapshot:
    months = pd.DatetimeIndex(FIRST[:36].astype("datetime64[us]"))
    tables = {
        "sales": pd.DataFrame({"month": months, "product": "A", "quantity": 10.0}),
        "settings": pd.DataFrame({"setting": list(settings), "value": list(settings.values())}),
    }
    if calendar is not None:
        tables["calendar"] = calendar
    return Snapshot.from_tables(tables)


def test_the_company_says_whether_working_days_count():
    assert forecast_settings(company({})) == ForecastSettings()
    assert forecast_settings(company({"holiday_country": "it"})) == ForecastSettings()
    calendar = pd.DataFrame(
        {
            "month": pd.to_datetime(["2026-02-01", "2026-01-01", "2026-01-01"]),
            "site": ["All", "All", "Milan"],
            "working_days": [19.0, 18.0, 5.0],
        }
    )
    told = forecast_settings(company({"forecast_working_days": "true", "holiday_country": "it"}, calendar))
    assert told == ForecastSettings(
        working_days=True, country="IT", calendar=(("2026-01", 18.0), ("2026-02", 19.0))
    )
    with pytest.raises(ForecastError, match="Setting holiday_country: There is no holiday calendar"):
        forecast_settings(company({"holiday_country": "Atlantis"}))
