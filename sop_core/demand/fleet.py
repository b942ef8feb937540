"""Forecasting many series: what is already known comes from the cache, the rest runs in chunks on an
Executor.

The default executor is a pool of processes started afresh ("spawn"), without re-running the program's main
script in each of them; small fleets are done in this process, where a pool would cost more than it saves. Any
`concurrent.futures.Executor` will do instead, such as a cluster's.
"""

from __future__ import annotations

import functools
import hashlib
import json
import multiprocessing
import multiprocessing.context
import multiprocessing.spawn
import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import scipy

from sop_core.demand.forecast_season import Array
from sop_core.demand.forecast_series import ForecastSettings, SeriesFit, SeriesTask, fit_chunk
from sop_core.errors import ForecastError

Progress = Callable[[int, int], None]

CHUNK = 40
# Below this many series to fit, one process is done before a pool of two has imported numpy.
POOL_FROM = 150
#: Seconds of work that a kill may cost: fits go to the cache that often. A transaction of the store takes some 25 ms.
KEEP_EVERY = 1.0
_CODE = (
    "fleet.py",
    "forecast_calendar.py",
    "forecast_profile.py",
    "forecast_prophet.py",
    "forecast_season.py",
    "forecast_series.py",
    "methods.py",
    "prophet_map.py",
)


class ForecastCache(Protocol):
    """Where fitted series are kept: bytes by content key. The store has one; see also MemoryCache."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The items known under `keys`; unknown keys are left out."""
        ...

    def put_many(self, items: Mapping[str, bytes]) -> None:
        """Keep `items`, replacing those of the same key."""
        ...


class MemoryCache:
    """ForecastCache in memory: at most `max_items`, the least recently used go first. Safe for threads."""

    def __init__(self, max_items: int = 20_000) -> None:
        self._items: OrderedDict[str, bytes] = OrderedDict()
        self._max_items = max_items
        self._lock = threading.Lock()

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        with self._lock:
            found = {key: self._items[key] for key in keys if key in self._items}
            for key in found:
                self._items.move_to_end(key)
            return found

    def put_many(self, items: Mapping[str, bytes]) -> None:
        with self._lock:
            for key, value in items.items():
                self._items[key] = value
                self._items.move_to_end(key)
            while len(self._items) > self._max_items:
                self._items.popitem(last=False)

    def __len__(self) -> int:
        return len(self._items)


def fit_fleet(
    tasks: Sequence[SeriesTask],
    period: int,
    settings: ForecastSettings,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    cache: ForecastCache | None = None,
    progress: Progress | None = None,
) -> list[SeriesFit]:
    """Fit every task, in the order given; only those unknown to `cache` are computed.

    workers: processes of the default pool; 1 = this process only; None = one per processor, and this
    process only for fewer than POOL_FROM series. Ignored when `executor` is given, which is left open.
    progress: called in this thread with (series done, series in all).
    Raises ForecastError if a worker process dies.
    """
    keys = task_keys(tasks, period, settings)
    known = cache.get_many(list(dict.fromkeys(keys))) if cache is not None and keys else {}
    fits: dict[str, SeriesFit] = {key: _from_bytes(item) for key, item in known.items()}
    # Same content, same key, one fit. Same dates side by side: those are fitted together.
    todo = {key: task for key, task in zip(keys, tasks, strict=True) if key not in fits}
    ordered = sorted(todo, key=lambda key: (todo[key].days.tobytes(), key))
    chunks = [ordered[i : i + CHUNK] for i in range(0, len(ordered), CHUNK)]
    waiting = sum(1 for key in keys if key in todo)
    done = len(tasks) - waiting
    times = Counter(keys)
    if progress is not None:
        progress(done, len(tasks))
    with _keeping(cache) as keep:
        for chunk, found in _run(chunks, todo, period, settings, executor, workers):
            fits.update(zip(chunk, found, strict=True))
            keep(chunk, found)
            done += sum(times[key] for key in chunk)
            if progress is not None:
                progress(done, len(tasks))
    return [fits[key] for key in keys]


@contextmanager
def _keeping(cache: ForecastCache | None) -> Iterator[Callable[[Sequence[str], Sequence[SeriesFit]], None]]:
    """Gives what takes fits into the cache: once every KEEP_EVERY seconds, and the rest at the end, also where the
    fleet is stopped by an error. A cache on disk is asked for few transactions, and a kill costs a second's work."""
    waiting: dict[str, bytes] = {}
    kept_at = time.monotonic()

    def keep(keys: Sequence[str], fits: Sequence[SeriesFit]) -> None:
        nonlocal kept_at
        if cache is None:
            return
        waiting.update((key, _to_bytes(fit)) for key, fit in zip(keys, fits, strict=True))
        if time.monotonic() - kept_at >= KEEP_EVERY:
            cache.put_many(waiting)
            waiting.clear()
            kept_at = time.monotonic()

    try:
        yield keep
    finally:
        if cache is not None and waiting:
            cache.put_many(waiting)


def task_key(task: SeriesTask, period: int, settings: ForecastSettings) -> str:
    """Content key of a fit: history and dates (horizon included), what is borrowed, season, settings and code.

    The level of the intervals is not part of it: they are made from the fits afterwards. Nor is where working
    days come from: they are, in the task.
    """
    return task_keys([task], period, settings)[0]


def task_keys(tasks: Sequence[SeriesTask], period: int, settings: ForecastSettings) -> list[str]:
    """Content keys of many fits, in their order; see `task_key`."""
    plain = asdict(settings)
    del plain["working_days"], plain["country"], plain["calendar"]
    common = hashlib.sha256((code_version() + json.dumps([period, plain], sort_keys=True)).encode())
    shared: dict[int, bytes] = {}  # most series of a fleet share their dates

    def content(values: Array | None) -> bytes:
        """Size and values; NaN has many bit patterns and zero has two."""
        if values is None:
            return b"none"
        exact = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
        return len(values).to_bytes(8, "little") + exact.tobytes()

    keys = []
    for task in tasks:
        for array in (task.days, task.regressors):
            if id(array) not in shared:
                shared[id(array)] = content(array)
        digest = common.copy()
        digest.update(
            shared[id(task.days)] + content(task.y) + shared[id(task.regressors)] + content(task.family)
        )
        keys.append(digest.hexdigest())
    return keys


@functools.cache
def code_version() -> str:
    """Hash of the forecaster's source and of the versions of the libraries that do its arithmetic."""
    digest = hashlib.sha256(f"numpy {np.__version__} scipy {scipy.__version__}".encode())
    for name in _CODE:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def _run(
    chunks: Sequence[Sequence[str]],
    todo: Mapping[str, SeriesTask],
    period: int,
    settings: ForecastSettings,
    executor: Executor | None,
    workers: int | None,
) -> Iterator[tuple[Sequence[str], list[SeriesFit]]]:
    """Each chunk with its fits, as they are finished."""
    if executor is None:
        wanted = (
            workers
            if workers is not None
            else (os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()) or 1
        )
        count = min(wanted, len(chunks))
        if count <= 1 or (workers is None and len(todo) < POOL_FROM):
            for chunk in chunks:
                yield chunk, fit_chunk([todo[key] for key in chunk], period, settings)
            return
        with ProcessPoolExecutor(count, mp_context=_WorkerContext()) as pool:
            yield from _run(chunks, todo, period, settings, pool, None)
        return
    futures = {
        executor.submit(fit_chunk, [todo[key] for key in chunk], period, settings): chunk for chunk in chunks
    }
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise ForecastError(
            "A forecasting process ended unexpectedly; most often the machine ran out of memory. "
            "Close other programs, or forecast with workers=1, which needs less."
        ) from error
    finally:
        for future in futures:
            future.cancel()


def _to_bytes(fit: SeriesFit) -> bytes:
    """One line of JSON, then the forecast and the errors as little-endian doubles: quick to read, and plain enough
    to be read years from now."""
    plain = {name: value for name, value in vars(fit).items() if name not in ("yhat", "errors")}
    plain["shapes"] = [fit.yhat.size, *fit.errors.shape]
    numbers = np.concatenate([fit.yhat, fit.errors.ravel()]).astype("<f8")
    return json.dumps(plain, allow_nan=False).encode() + b"\n" + numbers.tobytes()


def _from_bytes(item: bytes) -> SeriesFit:
    end = item.index(b"\n") + 1
    plain: dict[str, Any] = json.loads(item[:end].decode())
    horizon, origins, ahead = plain.pop("shapes")
    numbers = np.frombuffer(item, dtype="<f8", offset=end)
    return SeriesFit(**plain, yhat=numbers[:horizon], errors=numbers[horizon:].reshape(origins, ahead))


_start_lock = threading.Lock()
# One thread per worker: two workers whose matrix products each start two threads are slower than one.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def _clean_start() -> Iterator[None]:
    """Processes started by this thread compute on one thread and do not run the main script again.

    multiprocessing makes a spawned process import the parent's `__main__`. Under Streamlit that is the page
    being drawn, so every worker would draw the app once more; and a plain script without the usual guard
    would start workers from workers. Ours need only this package.
    """
    original = multiprocessing.spawn.get_preparation_data
    me = threading.get_ident()

    def stripped(name: str) -> dict[str, Any]:
        data: dict[str, Any] = original(name)
        if threading.get_ident() == me:
            data.pop("init_main_from_path", None)
            data.pop("init_main_from_name", None)
        return data

    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    multiprocessing.spawn.get_preparation_data = stripped
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        multiprocessing.spawn.get_preparation_data = original
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _WorkerProcess(multiprocessing.context.SpawnProcess):
    def start(self) -> None:
        with _start_lock, _clean_start():
            super().start()


class _WorkerContext(multiprocessing.context.SpawnContext):
    Process = _WorkerProcess
