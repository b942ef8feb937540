"""What the command line reads: stores, scenarios, mappings, series."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from sop_core.errors import DataError, ScenarioError, SopError
from sop_core.scenario import Scenario
from sop_core.snapshot import Snapshot
from sop_core.store import Store


class NewOrOpen:
    """An open store that is removed again when it was made for a job that failed."""

    def __init__(self, path: Path) -> None:
        self._path, self._made = path, not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store = Store.open(path)

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        empty = self._store.latest_version() == 0
        self._store.close()
        if self._made and kind is not None and empty:
            self._path.unlink(missing_ok=True)
            self._path.with_name(self._path.name + ".wal").unlink(missing_ok=True)


def existing(path: Path) -> Store:
    """Opens a store that must be there."""
    return Store.open(path, create=False)


def snapshot_of(store: Store, version: int | None) -> Snapshot:
    """The company at a data version (None: the latest). Raises SopError where there is none."""
    number = store.latest_version() if version is None else version
    if number == 0:
        raise SopError(
            f"{store.path} has no data yet. Bring some: python -m sop_core load FOLDER --store {store.path}"
        )
    return Snapshot.from_tables(store.tables(number), version=number)


def defaults_used(store: Store) -> tuple[list[str], str]:
    """The defaults that a plan would rest on; or why there cannot be one yet."""
    try:
        return [used.sentence() for used in snapshot_of(store, None).defaults_used], ""
    except DataError as error:
        return [], str(error)


def scenario_of(store: Store, named: str | None) -> Scenario:
    """A scenario from a file, or by its name in the store; the base where none is named."""
    if named is None or named == Scenario.base().name:
        return Scenario.base()
    path = Path(named)
    if path.is_file():
        try:
            return Scenario.from_json(read_text(path, "scenario"))
        except ScenarioError as error:
            raise ScenarioError(f"{path}: {error}") from error
    names = [stored.name for stored in store.scenarios()]
    if named in names:
        return Scenario.from_json(store.load_scenario(named).json)
    have = (
        f"The store has {', '.join(repr(name) for name in names[:20])}." if names else "The store has none."
    )
    raise SopError(f"There is neither a file nor a scenario in the store called '{named}'. {have}")


def read_text(path: Path, what: str) -> str:
    """The text of a UTF-8 file. Raises SopError."""
    if not path.is_file():
        raise SopError(f"There is no {what} file {path}. Check the path.")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SopError(f"{path} is not a text file in UTF-8, so it cannot be the {what}.") from None


def read_json(path: Path, what: str) -> Any:
    """The JSON object in a file. Raises SopError."""
    try:
        found = json.loads(read_text(path, what))
    except json.JSONDecodeError as error:
        raise SopError(
            f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if not isinstance(found, dict):
        raise SopError(
            f'{path}: the {what} must be a JSON object, such as {{"sales": {{"Artikel": "product"}}}}.'
        )
    return found


#: What stands for "no value" in a file of series. A series may be called NA, so names are left as they are.
_NOTHING = ("", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None")


def read_series(path: Path) -> pd.DataFrame:
    """Long series (unique_id, ds, y) from CSV or Parquet; separated by commas, semicolons, tabs or bars, and with
    semicolons also with decimal commas. Raises SopError."""
    if not path.is_file():
        raise SopError(f"There is no file {path}. Check the path.")
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        header = pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
        separator = next((mark for mark in ";\t|" if mark in header[0]), ",") if len(header) == 1 else ","
        return pd.read_csv(
            path,
            sep=separator,
            decimal="," if separator == ";" else ".",
            dtype={"unique_id": "str"},
            keep_default_na=False,
            na_values={"unique_id": [""], "ds": _NOTHING, "y": _NOTHING},
            encoding="utf-8-sig",
        )
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).splitlines()[0]
        raise SopError(
            f"{path} cannot be read as a table ({reason}). Bring CSV or Parquet with unique_id, ds, y."
        ) from error
