"""From the view's level and names to the groups of items that tables show line by line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pages.parts.context import ALL, CATEGORY, COMPANY, FAMILY, ITEM, MONEY, View
from pages.parts.grid import unit_of
from sop_core.inputs import Bools, Inputs


@dataclass(frozen=True, slots=True)
class Group:
    """Items that are shown as one: a line of a table, a choice in a list. `items` is a mask [i]."""

    name: str
    items: Bools


def split(inputs: Inputs, level: str, within: Bools) -> list[Group]:
    """The items of the mask `within`, gathered at a level, in planning order."""
    if level == COMPANY:
        return [Group("Company", within)]
    if level == ITEM:
        own = np.arange(len(inputs.items))
        return [Group(inputs.title(int(i)), own == i) for i in np.flatnonzero(within)]
    labels = {CATEGORY: inputs.item_category, FAMILY: inputs.item_family}[level]
    names = np.array(labels, dtype=object)
    return [Group(str(name), within & (names == name)) for name in dict.fromkeys(names[within])]


def groups(view: View) -> list[Group]:
    """What is in view, gathered at its level. One chosen name is opened one level further down."""
    return split(view.inputs, finer(view), view.items)


def finer(view: View) -> str:
    """The level at which lines are told apart: the chosen one, or the next below a chosen name."""
    if view.item == ALL:
        return view.level
    return {CATEGORY: FAMILY, FAMILY: ITEM}.get(view.level, view.level)


def title(view: View) -> str:
    """`Mowers, North, Retail`; the company where nothing is filtered."""
    said = [name for name in (view.item, view.region, view.segment) if name != ALL]
    return ", ".join(said) or "Company"


def everywhere(view: View) -> str:
    """What to say where a picture cannot follow the filters: stock and supply belong to no region or segment."""
    if view.regions.all() and view.segments.all():
        return ""
    return "Supply and stock are shared by all regions and segments: shown for all of them."


def unit(view: View) -> str:
    """What the numbers in view are in: the currency, or the unit that the items share."""
    return view.currency if view.show == MONEY else unit_of(view.inputs.item_unit, view.items)
