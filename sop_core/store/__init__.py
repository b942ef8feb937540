"""The store on disk. `Store` is the way in; the rest are the values it gives back."""

from __future__ import annotations

from pathlib import Path

from sop_core.store.database import Store
from sop_core.store.forecasts import StoredForecasts
from sop_core.store.look import ColumnReading, FileReading
from sop_core.store.raw import Limits
from sop_core.store.reader import Upload
from sop_core.store.report import FileRead, Finding, ImportReport, TableReport, findings_frame
from sop_core.store.scenarios import LockRecord, Revision, StoredScenario
from sop_core.store.understand import Hint
from sop_core.store.versions import DataVersion

__all__ = [
    "ColumnReading",
    "DataVersion",
    "FileRead",
    "FileReading",
    "Finding",
    "Hint",
    "ImportReport",
    "Limits",
    "LockRecord",
    "Revision",
    "Store",
    "StoredForecasts",
    "StoredScenario",
    "TableReport",
    "Upload",
    "findings_frame",
    "open_store",
]


def open_store(path: str | Path, create: bool = True) -> Store:
    """The same as `Store.open`."""
    return Store.open(path, create)
