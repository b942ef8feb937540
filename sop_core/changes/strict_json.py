"""JSON as it is read from files and the store: nothing doubled, nothing that is no number, nothing that is no text."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from sop_core.errors import SopError


def read(text: str, what: str, error: type[SopError]) -> Any:
    """The value of a JSON text. Raises `error`, naming `what` it is ("scenario"), where a field stands twice in one
    object, a number is none (NaN, Infinity), a text cannot be written, or it is no JSON at all."""

    def no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        doubled = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        if doubled:
            raise error(f"The field '{doubled[0]}' stands twice in one object: keep one of them.")
        return dict(pairs)

    def no_constant(name: str) -> NoReturn:
        raise error(f"{name} is not a number that this {what} may hold: give a plain number.")

    try:
        value = json.loads(text, object_pairs_hook=no_doubles, parse_constant=no_constant)
    except json.JSONDecodeError as found:
        raise error(
            f"The {what} is not valid JSON: {found.msg} in line {found.lineno}, column {found.colno}."
        ) from found
    except RecursionError as found:
        raise error(f"The {what} is not valid: it is nested too deeply.") from found
    except ValueError as found:  # a whole number of thousands of digits
        raise error(f"The {what} is not valid JSON: {found}.") from found
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as found:
        raise error(f"The {what} holds characters that are no text (half of a pair): remove them.") from found
    return value
