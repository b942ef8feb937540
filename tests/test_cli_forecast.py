"""`forecast --series FILE --horizon H --out FILE`: files as people and benchmarks bring them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.cli import main

MONTHS = pd.date_range("2018-01-01", periods=48, freq="MS")


def history(ds, count: int = 48, name: object = 7, period: int = 12) -> pd.DataFrame:
    t = np.arange(count)
    y = 100 + t + 20 * np.sin(2 * np.pi * t / period)
    return pd.DataFrame({"note": "x", "y": y, "unique_id": name, "ds": ds})


def forecast(tmp_path: Path, frame: pd.DataFrame, *more: str, suffix: str = ".csv") -> pd.DataFrame:
    source, out = tmp_path / f"series{suffix}", tmp_path / "out.csv"
    frame.to_csv(source, index=False) if suffix == ".csv" else frame.to_parquet(source, index=False)
    assert main(["forecast", "--series", str(source), "--horizon", "4", "--out", str(out), *more]) == 0
    found = pd.read_csv(out, dtype={"unique_id": "str"}, keep_default_na=False)
    assert list(found.columns) == ["unique_id", "ds", "yhat", "lo", "hi", "method"]
    assert np.isfinite(found[["yhat", "lo", "hi"]].to_numpy()).all()
    assert ((found["lo"] <= found["yhat"]) & (found["yhat"] <= found["hi"])).all()
    return found


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_numbered_series_shuffled_rows_and_other_columns(tmp_path, suffix):
    frame = pd.concat([history(MONTHS), history(MONTHS[8:], 40, 12)]).sample(frac=1.0, random_state=3)
    found = forecast(tmp_path, frame, suffix=suffix)
    # Parquet knows that the names are numbers; a text file does not.
    order = ["12", "7"] if suffix == ".csv" else ["7", "12"]
    assert found["unique_id"].tolist() == [name for name in order for _ in range(4)]
    assert found["ds"].tolist() == ["2022-01-01", "2022-02-01", "2022-03-01", "2022-04-01"] * 2


@pytest.mark.parametrize(
    ("ds", "ahead"),
    [
        (MONTHS + pd.offsets.MonthEnd(0), ["2022-01-31", "2022-02-28", "2022-03-31", "2022-04-30"]),
        (MONTHS.strftime("%Y-%m"), ["2022-01-01", "2022-02-01", "2022-03-01", "2022-04-01"]),
        (MONTHS.strftime("%Y-%m-%d 00:00:00"), ["2022-01-01", "2022-02-01", "2022-03-01", "2022-04-01"]),
        (np.arange(1, 49), [49, 50, 51, 52]),
        (MONTHS.year * 100 + MONTHS.month, [202201, 202202, 202203, 202204]),
    ],
)
def test_dates_come_back_in_the_habit_they_came_in(tmp_path, ds, ahead):
    assert forecast(tmp_path, history(ds))["ds"].tolist() == ahead


def test_quarters_and_weeks(tmp_path):
    quarters = history(pd.date_range("2012-03-31", periods=40, freq="QE"), 40, period=4)
    assert forecast(tmp_path, quarters, "--freq", "QS")["ds"].tolist()[:2] == ["2022-03-31", "2022-06-30"]
    weeks = history(pd.date_range("2021-01-04", periods=120, freq="W-MON"), 120, period=52)
    assert forecast(tmp_path, weeks, "--freq", "W-MON")["ds"].iloc[0] == "2023-04-24"


def test_histories_that_say_little_get_a_forecast_with_its_method(tmp_path):
    parts = {
        "one": [5.0],
        "two": [5.0, 7.0],
        "zeros": [0.0] * 30,
        "none": [np.nan] * 6,
        "dead": [4.0] * 20 + [0.0] * 14,
        "gap": [3.0, 4.0, *[np.nan] * 20, 5.0, 4.0, 3.0, 4.0],
        "rare": [0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0] * 3,
        "returns": [5.0, -2.0, 3.0, 4.0, -1.0, 6.0] * 5,
    }
    frame = pd.concat([history(MONTHS[: len(y)], len(y), name).assign(y=y) for name, y in parts.items()])
    found = forecast(tmp_path, frame).groupby("unique_id")["method"].first()
    assert set(found.index) == set(parts)
    assert (found.str.len() > 3).all()
    assert found["none"] == "none (no history)"


def test_a_wrong_date_is_named(tmp_path, capsys):
    source = tmp_path / "series.csv"
    history([*MONTHS[:47], "2021-12-17"]).to_csv(source, index=False)
    assert main(["forecast", "--series", str(source), "--horizon", "4"]) == 1
    assert "Series 7 has a date, 2021-12-17" in capsys.readouterr().err


def test_the_forecast_is_written_as_the_name_of_the_file_says(tmp_path):
    source, out = tmp_path / "series.parquet", tmp_path / "out.parquet"
    history(MONTHS).assign(unique_id="7").to_parquet(source, index=False)
    command = ["forecast", "--series", str(source), "--horizon", "4", "--out"]
    assert main([*command, str(out)]) == 0
    assert main([*command, str(tmp_path / "out.csv")]) == 0
    found = pd.read_parquet(out)
    read = pd.read_csv(tmp_path / "out.csv", dtype={"unique_id": "str"}, parse_dates=["ds"])
    pd.testing.assert_frame_equal(found, read, check_dtype=False)


def test_semicolons_with_decimal_commas_and_tabs_are_read(tmp_path):
    frame = history(MONTHS)
    frame["y"] = frame["y"].round(2)
    plain = forecast(tmp_path, frame)
    for separator, decimal in ((";", ","), (";", "."), ("\t", ".")):
        source, out = tmp_path / "other.csv", tmp_path / "out.csv"
        frame.to_csv(source, index=False, sep=separator, decimal=decimal)
        assert main(["forecast", "--series", str(source), "--horizon", "4", "--out", str(out)]) == 0
        pd.testing.assert_frame_equal(pd.read_csv(out, dtype={"unique_id": "str"}), plain)


def test_a_series_may_be_called_na_and_a_blank_quantity_is_none(tmp_path):
    frame = pd.concat([history(MONTHS, name=name) for name in ("NA", "None", "007")])
    frame.loc[frame["ds"] == MONTHS[3], "y"] = np.nan
    assert set(forecast(tmp_path, frame)["unique_id"]) == {"NA", "None", "007"}
