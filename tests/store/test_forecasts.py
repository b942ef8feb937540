"""The forecast cache: by key, bounded by size and age."""

from __future__ import annotations

import datetime as dt

import duckdb

from sop_core.store import Store


def test_what_was_put_comes_back_and_nothing_else(store: Store) -> None:
    cache = store.forecasts
    assert cache.get_many([]) == {}
    cache.put_many({"a": b"1", "b": b"\0\xff" * 100})
    assert cache.get_many(["b", "a", "c", "a"]) == {"a": b"1", "b": b"\0\xff" * 100}
    cache.put_many({"a": b"2"})
    cache.put_many({})
    assert cache.get_many(["a"]) == {"a": b"2"}
    assert len(cache) == 2


def test_the_oldest_go_first_when_it_is_full(store: Store) -> None:
    cache = store.forecast_cache(max_bytes=250)
    for n in range(5):
        cache.put_many({f"k{n}": bytes(100)})
    assert set(cache.get_many([f"k{n}" for n in range(5)])) == {"k3", "k4"}
    cache.put_many({"huge": bytes(1000)})
    assert len(cache) == 0


def test_expired_entries_are_not_served_and_go_at_the_next_write(store: Store) -> None:
    store.forecasts.put_many({"old": b"x"})
    path = store.path
    store.close()
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE forecast SET made_at = made_at - INTERVAL 30 DAY")
    with Store.open(path) as again:
        cache = again.forecast_cache(max_age=dt.timedelta(days=10))
        assert cache.get_many(["old"]) == {}
        cache.put_many({"new": b"y"})
        assert len(cache) == 1
        cache.clear()
        assert len(cache) == 0


def test_forecasts_do_not_touch_data_versions(store: Store) -> None:
    store.forecasts.put_many({"a": b"1"})
    assert store.latest_version() == 0
