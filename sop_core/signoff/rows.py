"""Frames as lines of text and back: what a sign-off keeps of a plan, to the last bit.

A frame is its header (column names with their types) and one JSON array a row. Numbers are written as `repr` gives
them, so that every float comes back as it was; days as ISO text; what is blank as null.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from sop_core.errors import ReviewError

#: How infinity stands in a column of numbers: JSON has no word for it.
_ENDLESS: Final[Mapping[str, float]] = MappingProxyType({"inf": math.inf, "-inf": -math.inf})
_MOMENT: Final = "datetime64[us]"


def lines_of(frame: pd.DataFrame) -> list[str]:
    """The header, then a line a row. Raises ReviewError for a column of a type that is not known here."""
    header = [[str(name), _kind(frame[name])] for name in frame.columns]
    columns = [_written(frame[name], kind) for name, kind in header]
    return [_text(header), *(_text(row) for row in zip(*columns, strict=True))]


def frame_of(lines: Iterable[str]) -> pd.DataFrame:
    """The inverse of `lines_of`. Raises ReviewError where a line does not fit the header."""
    try:
        header, *rows = (json.loads(line) for line in lines)
        names = [name for name, _ in header]
        columns = list(zip(*rows, strict=True)) if rows else [() for _ in header]
        data = {name: _read(values, kind) for (name, kind), values in zip(header, columns, strict=True)}
    except (ValueError, TypeError, KeyError) as error:
        raise ReviewError(f"The rows as signed cannot be read: {error}.") from None
    return pd.DataFrame(data, columns=pd.Index(names, dtype="str"))


def lines_digest(lines: Iterable[str]) -> str:
    """SHA-256 over a frame's lines, header included."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode())
        found.update(b"\n")
    return found.hexdigest()


def _text(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _kind(values: pd.Series) -> str:
    name = str(values.dtype)
    if name in _WRITE:
        return name
    if name.startswith("datetime64[") and "," not in name:
        return name
    raise ReviewError(f"Column '{values.name}' is of type {name}, which a sign-off cannot keep.")


def _written(values: pd.Series, kind: str) -> list[Any]:
    return (_WRITE.get(kind) or _moments)(values)


def _numbers(values: pd.Series) -> list[Any]:
    array = values.to_numpy(dtype="float64")
    out: list[Any] = array.tolist()
    for at in np.flatnonzero(~np.isfinite(array)):
        out[at] = None if np.isnan(array[at]) else "inf" if array[at] > 0 else "-inf"
    return out


def _texts(values: pd.Series) -> list[Any]:
    blank = values.isna().to_numpy()
    return [None if empty else str(value) for value, empty in zip(values, blank, strict=True)]


def _moments(values: pd.Series) -> list[Any]:
    blank = values.isna().to_numpy()
    said = np.datetime_as_string(values.to_numpy()).tolist()
    return [None if empty else text for text, empty in zip(said, blank, strict=True)]


def _plain(values: pd.Series) -> list[Any]:
    found: list[Any] = values.to_numpy().tolist()
    return found


def _objects(values: pd.Series) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if value is None or isinstance(value, str | bool):
            out.append(value)
        elif isinstance(value, int):
            out.append({"int": value})
        elif isinstance(value, float):
            out.append({"float": _numbers(pd.Series([value]))[0]})
        else:
            raise ReviewError(f"Column '{values.name}' holds {value!r:.60}, which a sign-off cannot keep.")
    return out


_WRITE: Final[Mapping[str, Callable[[pd.Series], list[Any]]]] = MappingProxyType(
    {"float64": _numbers, "str": _texts, "int64": _plain, "bool": _plain, "object": _objects}
)


def _read(values: Iterable[Any], kind: str) -> pd.Series:
    if kind == "float64":
        return pd.Series([_number(value) for value in values], dtype="float64")
    if kind == "object":
        return pd.Series([_object(value) for value in values], dtype="object")
    if kind.startswith("datetime64["):
        stamps = np.array(["NaT" if value is None else value for value in values], dtype=kind)
        return pd.Series(stamps, dtype=kind)
    if kind not in _WRITE:
        raise ReviewError(f"The rows as signed name a type that is not known: {kind!r:.40}.")
    return pd.Series(list(values), dtype=kind)


def _number(value: Any) -> float:
    return math.nan if value is None else _ENDLESS[value] if isinstance(value, str) else float(value)


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    return int(inner) if kind == "int" else _number(inner)
