"""Scenarios: the live what-if, the studio where they are worked on, and saved scenarios side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pages.parts import context
from pages.parts.context import View
from pages.parts.scenarios import compare, studio, what_if

#: The ways of looking, in the order in which they are used; the switch stands in the context bar.
MODES: Mapping[str, Callable[[View], None]] = MappingProxyType(
    {
        "What-if": what_if.render,
        "Studio": studio.render,
        "Compare": compare.render,
    }
)


def _page() -> None:
    view = context.bar(modes=tuple(MODES))
    MODES[view.mode or "What-if"](view)


_page()
