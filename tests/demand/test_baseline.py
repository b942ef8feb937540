"""The forecaster from the outside: frames in, frames out."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.demand.baseline import (
    ForecastSettings,
    forecast,
    forecast_with_diagnostics,
)
from sop_core.errors import ForecastError


def months(count: int, start: str = "2020-01-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="MS")


def series(name: str, values, start: str = "2020-01-01") -> pd.DataFrame:
    return pd.DataFrame(
        {"unique_id": name, "ds": months(len(values), start), "y": np.asarray(values, dtype=float)}
    )


def seasonal(
    count: int, seed: int = 0, level: float = 100.0, growth: float = 0.5, noise: float = 5.0
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    return (level + growth * t) * (1 + 0.3 * np.sin(2 * np.pi * t / 12)) + rng.normal(0, noise, count)


def odd_histories() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    gaps = seasonal(48, 3)
    gaps[[7, 20, 21]] = np.nan
    late = np.r_[np.zeros(30), seasonal(24, 4)]
    shifted = np.r_[seasonal(40, 6, level=20, growth=0), seasonal(14, 7, level=200, growth=0)]
    return {
        "regular": seasonal(60),
        "two years": seasonal(24),
        "short": seasonal(18),
        "four points": np.array([4.0, 6, 5, 7]),
        "one point": np.array([12.0]),
        "one zero": np.array([0.0]),
        "all zero": np.zeros(40),
        "dead": np.r_[seasonal(36), np.zeros(14)],
        "constant": np.full(30, 8.0),
        "constant negative": np.full(30, -8.0),
        "intermittent": (rng.random(48) < 0.3) * rng.poisson(5, 48).astype(float),
        "nearly never": np.r_[np.zeros(20), 7.0, np.zeros(9), 3.0, 0.0],
        "gaps": gaps,
        "mostly gaps": np.where(rng.random(60) < 0.7, np.nan, 9.0 + rng.random(60)),
        "late start": late,
        "returns": seasonal(48, 8, level=5, growth=0, noise=6),
        "all negative": -seasonal(48, 9),
        "twenty years": seasonal(240, 10),
        "level shift": shifted,
        "huge": seasonal(48, 11) * 1e12,
        "tiny": seasonal(48, 12) * 1e-9,
        "exact season": np.tile(np.arange(1.0, 13.0), 4),
        "straight line": np.arange(1.0, 49.0),
        "one spike": np.r_[np.full(40, 3.0), 5000.0, np.full(7, 3.0)],
        "ends in zeros": np.r_[seasonal(48, 13), np.zeros(5)],
    }


@pytest.fixture(scope="module")
def odd() -> pd.DataFrame:
    return pd.concat([series(name, y) for name, y in odd_histories().items()], ignore_index=True)


@pytest.fixture(scope="module")
def odd_found(odd) -> pd.DataFrame:
    return forecast(odd, 18)


def test_every_kind_of_history_gets_a_forecast_with_its_method_named(odd_found):
    found = odd_found
    assert list(found.columns) == ["unique_id", "ds", "yhat", "lo", "hi", "method"]
    assert set(found["unique_id"]) == set(odd_histories())
    assert (found.groupby("unique_id").size() == 18).all()
    assert np.isfinite(found[["yhat", "lo", "hi"]].to_numpy()).all()
    assert (found["lo"] <= found["yhat"]).all()
    assert (found["yhat"] <= found["hi"]).all()
    assert (found["method"].str.len() > 0).all()


def test_the_forecast_starts_the_month_after_each_history_ends(odd, odd_found):
    found = odd_found
    last = odd.dropna(subset="y").groupby("unique_id")["ds"].max()
    first = found.groupby("unique_id")["ds"].min()
    assert (first == (last + pd.offsets.MonthBegin(1))).all()
    assert found["ds"].dt.day.eq(1).all()


def test_what_was_never_negative_is_not_forecast_negative(odd, odd_found):
    lowest = odd.groupby("unique_id")["y"].min()
    found = odd_found.groupby("unique_id")[["yhat", "lo"]].min()
    assert (found.loc[lowest[lowest >= 0].index] >= 0).all(axis=None)
    assert found.loc["all negative", "yhat"] < 0


def test_methods_fit_the_kind_of_history(odd_found):
    method = odd_found.groupby("unique_id")["method"].first()
    assert method["regular"] == "Prophet + Theta + damped Holt-Winters"
    assert method["short"].endswith("(no season)")
    assert method["four points"] == method["one point"] == "level (short history)"
    assert method["all zero"] == method["dead"] == "zero (no demand)"
    assert method["constant"] == "constant"
    assert method["intermittent"] == "TSB + Croston-SBA"


def test_simple_histories_go_on_as_anyone_would_draw_them(odd_found):
    found = odd_found.groupby("unique_id").head(12).set_index("unique_id")["yhat"]
    assert found["constant"].to_numpy() == pytest.approx(np.full(12, 8.0))
    assert found["dead"].to_numpy() == pytest.approx(np.zeros(12))
    assert found["one point"].to_numpy() == pytest.approx(np.full(12, 12.0))
    assert found["four points"].to_numpy() == pytest.approx(np.full(12, 5.5))
    assert found["exact season"].to_numpy() == pytest.approx(np.arange(1.0, 13.0), rel=0.05)
    assert found["straight line"].to_numpy() == pytest.approx(np.arange(49.0, 61.0), rel=0.05)


def test_an_intermittent_item_is_forecast_at_its_mean_rate():
    rng = np.random.default_rng(2)
    y = (rng.random(96) < 0.25) * rng.poisson(8, 96).astype(float)
    y[0] = 8.0
    assert forecast(series("a", y), 6)["yhat"].mean() == pytest.approx(y.mean(), rel=0.35)


def test_twice_the_history_is_twice_the_forecast(odd, odd_found):
    """Units must not matter: pieces or dozens."""
    twice = odd.assign(y=odd["y"] * 2.0)
    one, two = odd_found, forecast(twice, 18)
    for column in ("yhat", "lo", "hi"):
        np.testing.assert_allclose(two[column], 2.0 * one[column], rtol=1e-6, atol=1e-15)


def test_seasonality_is_carried_forward():
    found = forecast(series("a", seasonal(60)), 12)["yhat"].to_numpy()
    expected = (100 + 0.5 * np.arange(60, 72)) * (1 + 0.3 * np.sin(2 * np.pi * np.arange(60, 72) / 12))
    naive = forecast_with_diagnostics(series("a", seasonal(60)), 12).diagnostics["naive_mae"].item()
    assert np.abs(found - expected).mean() < naive
    assert np.corrcoef(found, expected)[0, 1] > 0.98


def test_a_level_shift_is_followed():
    y = np.r_[seasonal(40, 6, level=20, growth=0, noise=1), seasonal(14, 7, level=200, growth=0, noise=5)]
    found = forecast(series("a", y), 6)["yhat"]
    assert 120 < found.mean() < 320


def test_missing_months_are_said_and_filled():
    y = seasonal(48, 3)
    holes = y.copy()
    holes[[7, 20]] = np.nan
    full, gapped = forecast(series("a", y), 12), forecast_with_diagnostics(series("a", holes), 12)
    assert "2 periods missing and filled" in gapped.diagnostics["reason"].iloc[0]
    assert np.abs(gapped.frame["yhat"] / full["yhat"] - 1).max() < 0.1


def test_absent_rows_and_empty_quantities_mean_the_same():
    holes = series("a", seasonal(48, 3))
    holes.loc[[7, 20], "y"] = np.nan
    pd.testing.assert_frame_equal(forecast(holes, 6), forecast(holes.dropna(), 6))


def test_gaps_can_mean_that_nothing_was_asked_for():
    holes = series("a", seasonal(48, 3))
    holes.loc[[30, 33, 37, 41], "y"] = np.nan
    filled = forecast(holes, 6)["yhat"].sum()
    zeros = forecast(holes, 6, settings=ForecastSettings(gaps="zero"))["yhat"].sum()
    assert zeros < filled


def test_the_order_of_rows_and_columns_changes_nothing(odd, odd_found):
    shuffled = odd.sample(frac=1.0, random_state=1)[["y", "ds", "unique_id"]]
    pd.testing.assert_frame_equal(odd_found, forecast(shuffled, 18))


def test_intervals_widen_with_the_horizon_and_with_the_level():
    fleet = pd.concat([series(f"s{i}", seasonal(60, i)) for i in range(12)])
    narrow, wide = forecast(fleet, 12, level=60), forecast(fleet, 12, level=95)
    width = (narrow["hi"] - narrow["lo"]).to_numpy().reshape(12, 12)
    assert (np.diff(width, axis=1) >= -1e-9).all()
    assert ((wide["hi"] - wide["lo"]) > (narrow["hi"] - narrow["lo"])).all()


def test_intervals_hold_about_eighty_percent_of_what_comes():
    fleet = {f"s{i}": seasonal(84, i, noise=10.0) for i in range(60)}
    past = pd.concat([series(name, y[:72]) for name, y in fleet.items()])
    found = forecast(past, 12)
    actual = np.concatenate([fleet[name][72:] for name in found["unique_id"].unique()])
    inside = ((found["lo"] <= actual) & (actual <= found["hi"])).mean()
    assert 0.70 < inside < 0.95


def test_a_series_alone_has_an_interval_too():
    found = forecast(series("a", seasonal(60)), 12)
    width = (found["hi"] - found["lo"]).to_numpy()
    assert (width > 2.0).all()
    assert (np.diff(width) > 0).all()


def test_diagnostics_say_why():
    found = forecast_with_diagnostics(pd.concat([series("a", seasonal(60)), series("b", np.zeros(30))]), 12)
    a, b = found.diagnostics.to_dict("records")
    assert sum(a["weights"].values()) == pytest.approx(1.0)
    assert a["champion"] == min(a["member_mae"], key=a["member_mae"].get)
    assert a["mae"] < a["naive_mae"]
    assert a["reason"].endswith("60 periods of history.")
    assert "its past errors were" in a["reason"]
    assert "% smaller than those of repeating the past" in a["reason"]
    assert b["reason"] == "Zero: no demand at all so far."


def test_quarters_and_weeks_are_forecast_with_their_own_season():
    quarters = pd.DataFrame(
        {
            "unique_id": "q",
            "ds": pd.date_range("2015-01-01", periods=32, freq="QS"),
            "y": np.tile([10.0, 20, 30, 15], 8) + np.arange(32) * 0.1,
        }
    )
    assert forecast(quarters, 4, "QS")["yhat"].to_numpy() == pytest.approx([13, 23, 33, 18], rel=0.12)
    weeks = pd.DataFrame(
        {
            "unique_id": "w",
            "ds": pd.date_range("2021-01-04", periods=160, freq="W-MON"),
            "y": 50 + 20 * np.sin(2 * np.pi * np.arange(160) / 52),
        }
    )
    found = forecast(weeks, 8, "W-MON")
    assert found["method"].iloc[0] == "Theta + damped Holt-Winters"
    assert found["yhat"].to_numpy() == pytest.approx(
        50 + 20 * np.sin(2 * np.pi * np.arange(160, 168) / 52), rel=0.2
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns=["y", "ds"]), "lacks the columns ds, y"),
        (lambda f: pd.concat([f, f.iloc[[3]]]), "more than one row for a on 2020-04-01"),
        (lambda f: f.assign(ds=f["ds"] + pd.Timedelta(days=4)), "does not begin a month"),
        (lambda f: f.assign(y=np.nan), "no quantity at all for a"),
        (lambda f: f.assign(y=np.inf), "infinite quantities"),
        (lambda f: f.assign(y="many"), "cannot be read"),
        (lambda f: f.assign(ds=pd.NaT), "rows without a date"),
        (lambda f: f.assign(unique_id=None), "rows without unique_id"),
    ],
)
def test_a_frame_that_cannot_be_forecast_is_refused_with_what_to_do(change, says):
    with pytest.raises(ForecastError, match=says) as refused:
        forecast(change(series("a", seasonal(30))), 6)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"horizon": 0}, "horizon of 0"),
        ({"horizon": 61}, "horizon of 61"),
        ({"horizon": 6, "freq": "D"}, "Frequency 'D'"),
        ({"horizon": 6, "level": 100}, "interval of 100 %"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(arguments, says):
    with pytest.raises(ForecastError, match=says):
        forecast(series("a", seasonal(30)), **arguments)


def test_an_empty_frame_has_an_empty_forecast():
    found = forecast(series("a", [1.0]).iloc[:0], 6)
    assert found.empty
    assert list(found.columns) == ["unique_id", "ds", "yhat", "lo", "hi", "method"]


@pytest.mark.slow
def test_the_prophet_package_can_stand_in_for_its_estimate(caplog):
    """Same ensemble, Prophet fitted by Stan: the forecasts agree, and nothing is printed or logged."""
    frame = pd.concat([series(f"s{i}", seasonal(48, i)) for i in range(3)])
    quick = ForecastSettings(origins=0)
    with caplog.at_level(logging.INFO):
        slow = forecast(frame, 12, settings=ForecastSettings(origins=0, prophet="reference"))
    fast = forecast(frame, 12, settings=quick)
    assert not caplog.records
    assert np.abs(slow["yhat"] - fast["yhat"]).max() < 0.005 * frame["y"].max()


def test_prophet_itself_runs_silently():
    """In a program of its own: pytest's log handlers would hide what a user sees."""
    program = """
import numpy as np
from sop_core.demand.baseline import prophet_reference
from sop_core.demand.prophet_map import ProphetSpec
days = 16000.0 + 30.0 * np.arange(50)
print(prophet_reference(days[:48], 5.0 + np.sin(days[:48] / 58.0), days[48:], ProphetSpec()).shape)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "(2,)\n"


def test_bias_is_positive_where_the_past_was_over_forecast() -> None:
    stamps = pd.date_range("2020-01-01", periods=60, freq="MS")
    falling = np.concatenate([np.full(48, 100.0), np.full(12, 60.0)])
    rising = np.concatenate([np.full(48, 100.0), np.full(12, 140.0)])
    wobble = np.random.default_rng(3).normal(0, 1, 60)
    frame = pd.concat(
        [
            pd.DataFrame({"unique_id": n, "ds": stamps, "y": y + wobble})
            for n, y in (("down", falling), ("up", rising))
        ]
    )
    bias = forecast_with_diagnostics(frame, 12).diagnostics.set_index("unique_id")["bias"]
    assert bias["down"] > 0.05
    assert bias["up"] < -0.05
