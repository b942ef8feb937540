"""Many series: cache, executors, progress, and the same digits whoever computes them."""

import logging
import multiprocessing
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sop_core.demand import fleet
from sop_core.demand.baseline import forecast
from sop_core.demand.fleet import MemoryCache, fit_fleet, task_key
from sop_core.demand.forecast_series import ForecastSettings, SeriesTask, fit_chunk
from sop_core.errors import ForecastError

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ForecastSettings()


def task(seed: int, count: int = 40, horizon: int = 6) -> SeriesTask:
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2020-01-01", periods=count + horizon, freq="MS").to_numpy()
    days = (dates - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
    t = np.arange(count)
    return SeriesTask(days, 100 + 20 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 8, count))


def mixed(count: int) -> list[SeriesTask]:
    """Regular, short, intermittent, dead and constant histories of different lengths."""
    tasks = [task(i, (24, 40, 61, 9, 3)[i % 5]) for i in range(count)]
    tasks.append(SeriesTask(task(0).days, np.where(np.arange(40) % 4 == 1, 5.0, 0.0)))
    tasks.append(SeriesTask(task(0).days, np.zeros(40)))
    tasks.append(SeriesTask(task(0).days, np.full(40, 2.0)))
    return tasks


def same(one, two) -> None:
    assert len(one) == len(two)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.yhat, b.yhat)
        np.testing.assert_array_equal(a.errors, b.errors)
        assert (a.method, a.kind, a.weights, a.member_mae, a.scale, a.reason, a.naive_mae) == (
            b.method,
            b.kind,
            b.weights,
            b.member_mae,
            b.scale,
            b.reason,
            b.naive_mae,
        )


class Counting(Executor):
    """Runs at once, in this thread, and counts the series it was given."""

    def __init__(self, fail: Exception | None = None) -> None:
        self.series = 0
        self.fail = fail

    def submit(self, fn, /, *args, **kwargs):
        self.series += len(args[0])
        future: Future = Future()
        if self.fail:
            future.set_exception(self.fail)
        else:
            future.set_result(fn(*args, **kwargs))
        return future


class Written(MemoryCache):
    """Counts how often it is written to."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def put_many(self, items):
        self.times += 1
        super().put_many(items)


def test_fits_go_to_the_cache_in_few_writes(monkeypatch):
    tasks = mixed(14)
    monkeypatch.setattr(fleet, "CHUNK", 3)
    monkeypatch.setattr(fleet, "KEEP_EVERY", 3600.0)
    cache = Written()
    fit_fleet(tasks, 12, SETTINGS, executor=Counting(), cache=cache)
    assert (len(cache), cache.times) == (len(tasks), 1)
    monkeypatch.setattr(fleet, "KEEP_EVERY", 0.0)
    often = Written()
    fit_fleet(tasks, 12, SETTINGS, executor=Counting(), cache=often)
    assert (len(often), often.times) == (len(tasks), 6)


def test_what_was_fitted_before_a_failure_is_kept(monkeypatch):
    chunks = []

    def fit_two_chunks(tasks, period, settings):
        chunks.append(len(tasks))
        if len(chunks) > 2:
            raise MemoryError
        return fit_chunk(tasks, period, settings)

    monkeypatch.setattr(fleet, "CHUNK", 3)
    monkeypatch.setattr(fleet, "fit_chunk", fit_two_chunks)
    cache = MemoryCache()
    with pytest.raises(MemoryError):
        fit_fleet(mixed(7), 12, SETTINGS, workers=1, cache=cache)
    assert len(cache) == 6


def test_any_chunking_gives_the_same_digits(monkeypatch):
    tasks = mixed(14)
    alone = [fit_chunk([t], 12, SETTINGS)[0] for t in tasks]
    same(alone, fit_chunk(tasks, 12, SETTINGS))
    same(alone, fit_chunk(tasks[::-1], 12, SETTINGS)[::-1])
    monkeypatch.setattr(fleet, "CHUNK", 3)
    same(alone, fit_fleet(tasks, 12, SETTINGS, executor=Counting()))
    with ThreadPoolExecutor(2) as pool:
        same(alone, fit_fleet(tasks, 12, SETTINGS, executor=pool))


@pytest.mark.slow
def test_a_pool_of_processes_gives_the_same_digits(monkeypatch):
    tasks = mixed(14)
    monkeypatch.setattr(fleet, "CHUNK", 5)
    same(fit_fleet(tasks, 12, SETTINGS, workers=1), fit_fleet(tasks, 12, SETTINGS, workers=2))


@pytest.mark.slow
def test_an_executor_of_processes_gives_the_same_digits(monkeypatch):
    """One that the caller opened, in the way Python starts processes here, and keeps."""
    tasks = mixed(9)
    monkeypatch.setattr(fleet, "CHUNK", 5)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        same(fit_fleet(tasks, 12, SETTINGS), fit_fleet(tasks, 12, SETTINGS, executor=pool))
        assert pool.submit(abs, -1).result() == 1


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_digits(monkeypatch, tmp_path):
    """Two processes of a local cluster, through the executor that Dask's client offers; with all that a task may
    carry. Dask is for tests only: where it is not installed there is nothing to test."""
    distributed = pytest.importorskip("distributed", reason="Dask is optional and not installed here")
    calendar = ForecastSettings(working_days=True, country="DE")
    dates = pd.date_range("2019-01-01", periods=60, freq="MS")
    frame = pd.concat(
        [
            pd.DataFrame({"unique_id": f"s{i:02d}", "ds": dates[: len(one.y)], "y": one.y[:60]})
            for i, one in enumerate(mixed(9))
        ]
    )
    parents = {"s03": "s02", "s04": "s03"}
    here = forecast(frame, 6, settings=calendar, parents=parents)
    monkeypatch.setattr(fleet, "CHUNK", 3)
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path),
        silence_logs=logging.ERROR,
    )
    told: list[tuple[int, int]] = []
    with cluster, distributed.Client(cluster) as client:
        executor = client.get_executor()
        there = forecast(
            frame,
            6,
            settings=calendar,
            parents=parents,
            executor=executor,
            progress=lambda *now: told.append(now),
        )
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    assert told[-1] == (12, 12)


@pytest.mark.slow
def test_workers_do_not_run_the_main_script_again(tmp_path):
    """A script without a guard, as Streamlit's pages are: it must run once, not once per worker."""
    script = tmp_path / "page.py"
    script.write_text(
        f"""import sys
sys.path.insert(0, {str(ROOT)!r})
print("page runs")
import os
import numpy as np, pandas as pd
from sop_core.demand import fleet
fleet.CHUNK = 2
from sop_core.demand.baseline import forecast
ds = pd.date_range("2020-01-01", periods=20, freq="MS")
frame = pd.concat([pd.DataFrame({{"unique_id": f"s{{i}}", "ds": ds, "y": np.arange(20.0) + i}})
                   for i in range(4)])
print(len(forecast(frame, 3, workers=2)), "OPENBLAS_NUM_THREADS" in os.environ)
"""
    )
    environment = {"PATH": "", "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["page runs", "12 False"]


def test_the_second_run_computes_nothing_and_one_changed_series_refits_one():
    tasks, cache = mixed(8), MemoryCache()
    first = Counting()
    before = fit_fleet(tasks, 12, SETTINGS, executor=first, cache=cache)
    assert first.series == len(tasks)
    again = Counting()
    same(before, fit_fleet(tasks, 12, SETTINGS, executor=again, cache=cache))
    assert again.series == 0
    values = tasks[2].y.copy()
    values[-1] += 1.0
    changed = [*tasks[:2], SeriesTask(tasks[2].days, values), *tasks[3:]]
    third = Counting()
    after = fit_fleet(changed, 12, SETTINGS, executor=third, cache=cache)
    assert third.series == 1
    assert not np.array_equal(after[2].yhat, before[2].yhat)
    same(before[:2] + before[3:], after[:2] + after[3:])


def test_twins_are_fitted_once():
    counting = Counting()
    fits = fit_fleet([task(1), task(2), task(1)], 12, SETTINGS, executor=counting)
    assert counting.series == 2
    same(fits[:1], fits[2:])


def test_the_key_follows_the_content():
    base = task(1)
    key = task_key(base, 12, SETTINGS)
    assert key == task_key(SeriesTask(base.days.copy(), base.y.copy()), 12, SETTINGS)
    values = base.y.copy()
    values[3] = np.nan
    others = [
        task_key(task(1, horizon=7), 12, SETTINGS),
        task_key(SeriesTask(base.days + 31.0, base.y), 12, SETTINGS),
        task_key(SeriesTask(base.days, values), 12, SETTINGS),
        task_key(base, 4, SETTINGS),
        task_key(base, 12, ForecastSettings(origins=2)),
        task_key(base, 12, ForecastSettings(gaps="zero")),
    ]
    assert len({key, *others}) == 7


def test_the_key_follows_the_code(monkeypatch):
    before = task_key(task(1), 12, SETTINGS)
    monkeypatch.setattr(fleet, "code_version", lambda: "another release")
    assert task_key(task(1), 12, SETTINGS) != before


def test_every_module_that_computes_is_part_of_the_code_version():
    folder = ROOT / "sop_core" / "demand"
    # frames are read before the cache, into what it is asked for; intervals are made after it, from what it returns
    computing = {path.name for path in folder.glob("forecast_*.py")} - {
        "forecast_intervals.py",
        "forecast_frame.py",
    }
    assert computing | {"fleet.py", "methods.py", "prophet_map.py"} <= set(fleet._CODE)
    assert all((folder / name).exists() for name in fleet._CODE)


def test_intervals_follow_the_level_without_refitting():
    frame = pd.concat(
        [
            pd.DataFrame(
                {"unique_id": f"s{i}", "ds": pd.date_range("2020-01-01", periods=40, freq="MS"), "y": y}
            )
            for i, y in enumerate(task(i).y for i in range(3))
        ]
    )
    cache, again = MemoryCache(), Counting()
    narrow = forecast(frame, 6, level=60, cache=cache)
    wide = forecast(frame, 6, level=95, cache=cache, executor=again)
    assert again.series == 0
    np.testing.assert_array_equal(narrow["yhat"], wide["yhat"])
    assert (wide["hi"] > narrow["hi"]).all()


def test_progress_is_told_from_what_is_known_to_the_end(monkeypatch):
    monkeypatch.setattr(fleet, "CHUNK", 2)
    tasks, cache = [task(i) for i in range(6)], MemoryCache()
    fit_fleet(tasks[:2], 12, SETTINGS, cache=cache)
    told: list[tuple[int, int]] = []
    fit_fleet([*tasks, tasks[5]], 12, SETTINGS, cache=cache, progress=lambda *now: told.append(now))
    assert told[0] == (2, 7)
    assert told[-1] == (7, 7)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_dead_worker_is_explained():
    with pytest.raises(ForecastError, match="ran out of memory"):
        fit_fleet([task(1)], 12, SETTINGS, executor=Counting(BrokenProcessPool("gone")))


def test_an_error_in_a_worker_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        fit_fleet([task(1)], 12, SETTINGS, executor=Counting(ZeroDivisionError()))


def test_the_memory_cache_is_bounded_and_drops_the_least_used():
    cache = MemoryCache(max_items=3)
    cache.put_many({"a": b"1", "b": b"2", "c": b"3"})
    assert cache.get_many(["a", "x"]) == {"a": b"1"}
    cache.put_many({"d": b"4"})
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": b"1", "c": b"3", "d": b"4"}
    assert len(cache) == 3


def test_the_memory_cache_takes_many_threads():
    cache = MemoryCache(max_items=50)

    def work(start: int) -> None:
        for i in range(300):
            cache.put_many({f"{start + i}": b"x"})
            cache.get_many([f"{start}", f"{i}"])

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache) == 50


def test_no_series_no_fits():
    assert fit_fleet([], 12, SETTINGS, cache=MemoryCache()) == []
