"""Frozen dataclasses to JSON and back, by their declared types: nothing about a value is said twice.

The text is canonical: members sorted, no blanks, numbers as `repr` gives them (every float comes back to the last
bit), nan and infinity as null; equal values give equal text, so a digest of it stands for the value.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from sop_core.errors import ReviewError

Value = TypeVar("Value")


def to_json(value: Any) -> str:
    """A value's canonical JSON text."""
    return canonical(plain(value))


def canonical(data: Any) -> str:
    """Plain data as canonical JSON text."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(value: Any) -> Any:
    """A value as dicts, lists, texts and numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    number = float(value)
    return number + 0.0 if math.isfinite(number) else None  # + 0.0: minus zero is zero


def from_json(kind: type[Value], text: str) -> Value:
    """The value of that type. Raises ReviewError, naming the member that does not fit."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ReviewError(f"This is no JSON text: {error}.") from None
    found: Value = _read(kind, data, kind.__name__)
    return found


def _read(kind: Any, data: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
        return _read(kind, data, where)
    if dataclasses.is_dataclass(kind):
        if not isinstance(data, dict):
            raise ReviewError(f"{where} must be an object, not {data!r:.60}.")
        return _object(kind, data, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise ReviewError(f"{where} must be a list, not {data!r:.60}.")
        inner = typing.get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(inner[0], item, f"{where}[{n}]") for n, item in enumerate(data))
        if len(inner) != len(data):
            raise ReviewError(f"{where} must have {len(inner)} entries, not {len(data)}.")
        return tuple(_read(one, item, where) for one, item in zip(inner, data, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise ReviewError(f"{where} must be an object, not {data!r:.60}.")
        return {key: _read(typing.get_args(kind)[1], item, f"{where}.{key}") for key, item in data.items()}
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (kind is not bool and isinstance(data, bool)):
        raise ReviewError(f"{where} must be of type {kind.__name__}, not {data!r:.60}.")
    return data


def _object(kind: Any, data: Mapping[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}
    strange = sorted(set(data) - known)
    if strange:
        raise ReviewError(f"{where} has members that are not known: {', '.join(strange)}.")
    missing = sorted(
        field.name
        for field in dataclasses.fields(kind)
        if field.name not in data
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )
    if missing:
        raise ReviewError(f"{where} lacks {', '.join(missing)}.")
    return kind(**{name: _read(hints[name], item, f"{where}.{name}") for name, item in data.items()})
