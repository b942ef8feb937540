"""Every latest estimate that was kept: by cycle, step by step. Estimates are added, never changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from sop_core.calendar import iso_month, months_from
from sop_core.cycle.estimate import STEPS, Estimate, EstimateHead
from sop_core.errors import StoreError
from sop_core.store.connection import Connection
from sop_core.store.ddl import as_utc, first_row

_HEAD = "id, cycle, kind, owner, who, made_at, data_version, review_revision, scenario, note"
_AXES = ("item", "region", "segment", "t")


class Estimates:
    """Estimates kept, newest first. A cycle may have several; none is ever overwritten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, estimate: Estimate) -> int:
        """Stores an estimate and returns its id."""
        with self._connection.write() as cursor:
            return insert(cursor, estimate)

    def keep_opening(self, estimate: Estimate) -> int | None:
        """Stores an estimate of kind `opened` unless one of its cycle, data version and review revision is there
        already (then None).
        """
        with self._connection.write() as cursor:
            if _opened(cursor, estimate.cycle, estimate.data_version, estimate.review_revision):
                return None
            return insert(cursor, estimate)

    def has_opening(self, cycle: np.datetime64, data_version: int, review_revision: int) -> bool:
        """Whether the opening estimate of that cycle, data version and review revision is kept."""
        with self._connection.cursor() as cursor:
            return _opened(cursor, cycle, data_version, review_revision)

    def list(self) -> tuple[EstimateHead, ...]:
        """All estimates kept, newest first, without their numbers."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(f"SELECT {_HEAD} FROM estimate ORDER BY made_at DESC, id DESC").fetchall()
        return tuple(_head(row) for row in rows)

    def load(self, id: int) -> Estimate:
        """An estimate with its numbers. Raises StoreError where there is none of that id."""
        with self._connection.cursor() as cursor:
            row = first_row(cursor, f"SELECT {_HEAD}, axes FROM estimate WHERE id = ?", [id])
            if row is None:
                raise StoreError(
                    f"There is no latest estimate number {id}. Choose one of those that are kept."
                )
            columns = ", ".join((*_AXES, *STEPS, "price"))
            cells = cursor.execute(f"SELECT {columns} FROM estimate_value WHERE id = ?", [id]).fetchnumpy()
        return _estimate(_head(row[:-1]), json.loads(row[-1]), cells)

    def newest(self) -> int:
        """The id of the estimate kept last; 0 where there is none. It moves on whenever one is kept."""
        return self._connection.remembered("newest estimate", _newest)


def _newest(cursor: duckdb.DuckDBPyConnection) -> int:
    row = first_row(cursor, "SELECT coalesce(max(id), 0) FROM estimate")
    assert row is not None
    return int(row[0])


def insert(cursor: duckdb.DuckDBPyConnection, estimate: Estimate) -> int:
    """Writes an estimate inside the caller's transaction and returns its id. Cells that are zero in every step
    are left out.
    """
    row = first_row(cursor, "SELECT nextval('estimate_id')")
    assert row is not None
    number = int(row[0])
    known = [step for step in STEPS if step in estimate.steps]
    axes = {
        "items": estimate.items,
        "regions": estimate.regions,
        "segments": estimate.segments,
        "months": len(estimate.months),
        "steps": known,
        "priced": estimate.price is not None,
    }
    head = [
        number, iso_month(estimate.cycle), estimate.kind, estimate.owner, estimate.who, _naive_utc(estimate.at),
        estimate.data_version, estimate.review_revision, estimate.scenario, estimate.note,
        json.dumps(axes, ensure_ascii=False),
    ]  # fmt: skip
    cursor.execute(f"INSERT INTO estimate VALUES ({', '.join('?' * len(head))})", head)
    some = np.any([estimate.steps[step] != 0.0 for step in known], axis=0)
    at = np.nonzero(some)
    frame = pd.DataFrame({name: places.astype(np.int32) for name, places in zip(_AXES, at, strict=True)})
    for step in STEPS:
        frame[step] = estimate.steps[step][at] if step in estimate.steps else np.nan
    frame["price"] = np.nan if estimate.price is None else estimate.price[at]
    cursor.register("incoming_estimate", frame)
    columns = ", ".join((*_AXES, *STEPS, "price"))
    cursor.execute(f"INSERT INTO estimate_value SELECT ?, {columns} FROM incoming_estimate", [number])
    cursor.unregister("incoming_estimate")
    return number


def _opened(
    cursor: duckdb.DuckDBPyConnection, cycle: np.datetime64, data_version: int, review_revision: int
) -> bool:
    row = first_row(
        cursor,
        "SELECT 1 FROM estimate WHERE kind = 'opened' AND cycle = ? AND data_version = ? AND review_revision = ?"
        " LIMIT 1",
        [iso_month(cycle), data_version, review_revision],
    )
    return row is not None


def _head(row: Sequence[object]) -> EstimateHead:
    number, cycle, kind, owner, who, at, version, review, scenario, note = row
    assert isinstance(number, int)
    assert isinstance(at, dt.datetime)
    assert isinstance(version, int)
    assert isinstance(review, int)
    return EstimateHead(
        id=number,
        cycle=np.datetime64(str(cycle)[:7], "M"),
        kind=str(kind),
        owner=str(owner),
        who=str(who),
        at=as_utc(at),
        data_version=version,
        review_revision=review,
        scenario=str(scenario),
        note=str(note),
    )


def _estimate(head: EstimateHead, axes: dict[str, object], cells: Mapping[str, Any]) -> Estimate:
    items, regions, segments, steps = (_names(axes[key]) for key in ("items", "regions", "segments", "steps"))
    count = axes["months"]
    assert isinstance(count, int)
    shape = (len(items), len(regions), len(segments), count)
    at = tuple(np.asarray(cells[name], dtype=np.int64) for name in _AXES)

    def filled(column: str) -> np.ndarray:
        out = np.zeros(shape)
        out[at] = np.asarray(cells[column], dtype=np.float64)
        return out

    return Estimate(
        cycle=head.cycle,
        months=months_from(head.cycle, count),
        items=items,
        regions=regions,
        segments=segments,
        steps=MappingProxyType({step: filled(step) for step in steps}),
        price=filled("price") if axes["priced"] else None,
        kind=head.kind,
        owner=head.owner,
        who=head.who,
        at=head.at,
        data_version=head.data_version,
        review_revision=head.review_revision,
        scenario=head.scenario,
        note=head.note,
        id=head.id,
    )


def _names(value: object) -> tuple[str, ...]:
    assert isinstance(value, list)
    return tuple(str(name) for name in value)


def _naive_utc(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(tzinfo=None)
