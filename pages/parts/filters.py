"""What the user looks at: which items, regions and segments, at which level, in units or money.

`Selection` and the functions on it are pure; `filter_bar` draws the widgets, bound to the URL so that a link
shows the same view and the choice follows from page to page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sop_core.inputs import Bools, Floats, Inputs

LEVELS = ("company", "category", "family", "product")


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters and level. An empty text means all."""

    level: str = "company"
    measure: str = "units"
    category: str = ""
    family: str = ""
    item: str = ""
    region: str = ""
    segment: str = ""

    @property
    def place(self) -> str:
        """`Mowers, North, Retail`; `All` where nothing is filtered."""
        said = [
            name for name in (self.item or self.family or self.category, self.region, self.segment) if name
        ]
        return ", ".join(said) or "All"


@dataclass(frozen=True, slots=True)
class Group:
    """Items that are shown as one: a line of a table, a choice in a list."""

    name: str
    items: Bools


def item_mask(inputs: Inputs, selection: Selection) -> Bools:
    """[i] items that pass the filters. A name that no item has (an old link) filters nothing."""
    mask = np.ones(len(inputs.items), dtype=bool)
    for chosen, labels in (
        (selection.category, inputs.item_category),
        (selection.family, inputs.item_family),
        (selection.item, inputs.items),
    ):
        here = np.array(labels, dtype=object) == chosen
        if chosen and (here & mask).any():
            mask &= here
    return mask


def axis_mask(names: tuple[str, ...], chosen: str) -> Bools:
    """[r] or [m] the chosen name; all where none is chosen or the name is unknown."""
    mask = np.array(names, dtype=object) == chosen
    return mask if chosen and mask.any() else np.ones(len(names), dtype=bool)


def take(values: Floats, inputs: Inputs, selection: Selection, items: Bools | None = None) -> Floats:
    """Sums [i, r, m, n] over the selected items, regions and segments: [n]."""
    mask = item_mask(inputs, selection) if items is None else items
    part = values[mask][:, axis_mask(inputs.regions, selection.region)][
        :, :, axis_mask(inputs.segments, selection.segment)
    ]
    total: Floats = part.sum(axis=(0, 1, 2))
    return total


def groups(inputs: Inputs, selection: Selection) -> list[Group]:
    """The selected items gathered at the selection's level, in the order of the company."""
    mask = item_mask(inputs, selection)
    if selection.level == "company":
        return [Group(selection.item or selection.family or selection.category or "Company", mask)]
    labels = {"category": inputs.item_category, "family": inputs.item_family}.get(
        selection.level, inputs.items
    )
    names = np.array(labels, dtype=object)
    return [Group(str(name), mask & (names == name)) for name in dict.fromkeys(names[mask])]


def narrowest(inputs: Inputs, selection: Selection) -> tuple[str, str]:
    """(level, name) of the forecast series that stands for the filtered items: company, category, family or item."""
    for level, chosen, labels in (
        ("item", selection.item, inputs.items),
        ("family", selection.family, inputs.item_family),
        ("category", selection.category, inputs.item_category),
    ):
        if chosen and chosen in labels:
            return level, chosen
    return "company", "All"
