"""The store on disk. `Store` is the way in; the rest are the values it gives back."""

from __future__ import annotations

from sop_core.store.database import Store
from sop_core.store.forecasts import StoredForecasts
from sop_core.store.importer import Upload
from sop_core.store.raw import Limits
from sop_core.store.report import FileRead, Finding, ImportReport, TableReport, findings_frame
from sop_core.store.scenarios import Revision, StoredScenario
from sop_core.store.versions import DataVersion

__all__ = [
    "DataVersion",
    "FileRead",
    "Finding",
    "ImportReport",
    "Limits",
    "Revision",
    "Store",
    "StoredForecasts",
    "StoredScenario",
    "TableReport",
    "Upload",
    "findings_frame",
]
