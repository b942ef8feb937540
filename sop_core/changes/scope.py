"""Scope: what a Change touches - products, regions, segments, resources, sources, materials, lanes, sites, months.

An empty axis means all of it. A name stands in the axis it belongs to, because a family, a category and a
product may share one. Scopes resolve to masks and weights on `Inputs`; nothing here edits anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from sop_core.calendar import span_label, to_month
from sop_core.changes import text
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Floats, Inputs

_MONTH_TEXT = re.compile(r"\d{4}-\d{2}(-\d{2})?")


@dataclass(frozen=True, slots=True)
class Axis:
    """One selector: its field in Scope, its words, and where its names come from."""

    name: str
    one: str
    many: str
    table: str  #: table of the data contract that brings the names
    names: Callable[[Inputs], tuple[str, ...]]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def lane_names(inputs: Inputs) -> tuple[str, ...]:
    """`Lyon to North` for every lane, by position."""
    return tuple(inputs.lane_name(lane) for lane in range(len(inputs.lane.origin)))


_AXES = (
    Axis("products", "product", "products", "products", lambda x: tuple(x.product_share)),
    Axis("families", "family", "families", "products", lambda x: _unique(x.item_family)),
    Axis("categories", "category", "categories", "products", lambda x: _unique(x.item_category)),
    Axis("regions", "region", "regions", "regions", lambda x: x.regions),
    Axis("segments", "segment", "segments", "segments", lambda x: x.segments),
    Axis("resources", "resource", "resources", "resources", lambda x: x.resource_names),
    Axis("sources", "source", "sources", "sources", lambda x: x.source_names),
    Axis(
        "suppliers",
        "supplier",
        "suppliers",
        "sources",
        lambda x: _unique((*x.source.supplier, *x.material.supplier)),
    ),
    Axis("kinds", "kind of source", "kinds of source", "sources", lambda x: _unique(x.source.kind)),
    Axis("materials", "material", "materials", "materials", lambda x: x.material_names),
    Axis("lanes", "lane", "lanes", "lanes", lambda x: _unique(lane_names(x))),
    Axis("sites", "site", "sites", "sites", lambda x: x.site_names),
)

AXES: Final[Mapping[str, Axis]] = MappingProxyType({axis.name: axis for axis in _AXES})

#: What a Change may list in its `axes`: the axes above and "months" (first, last).
ITEM_AXES: Final = ("products", "families", "categories")
_KIND_WORDS: Final = {"make": "own production", "subcontract": "subcontracting", "buy": "purchases"}
DEMAND_AXES: Final = (*ITEM_AXES, "regions", "segments")
SOURCE_AXES: Final = ("sources", "suppliers", "kinds")


def _month_text(value: Any, name: str) -> str | None:
    if value is None:
        return None
    wrong = f"`{name}` must be a month such as 2027-03, not {value!r:.60}."
    if isinstance(value, str) and not _MONTH_TEXT.fullmatch(value.strip()):
        raise ScenarioError(wrong)
    try:
        if isinstance(value, str):
            value = dt.date.fromisoformat(f"{value.strip()}-01"[:10])
        return str(to_month(value))
    except (ValueError, TypeError, OverflowError) as error:
        raise ScenarioError(wrong) from error


def _names(value: Any, name: str) -> tuple[str, ...]:
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, Collection) or isinstance(listed, Mapping | bytes):
        raise ScenarioError(f"`{name}` must be a list of names, not {value!r:.60}.")
    for entry in listed:
        if not isinstance(entry, str) or not entry.strip():
            raise ScenarioError(f"`{name}` must hold names only, not {entry!r:.60}.")
    return tuple(sorted({entry.strip() for entry in listed}))


@dataclass(frozen=True, slots=True)
class Scope:
    """Names by axis, and months `first` to `last`, both included; None leaves that end open.

    A single name may be given as it is; months also as dates or datetime64. Both are kept in one canonical
    form (sorted names, `YYYY-MM`), so equal scopes compare and serialise equally. Raises ScenarioError.
    """

    products: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None

    def __post_init__(self) -> None:
        for name in AXES:
            object.__setattr__(self, name, _names(getattr(self, name), name))
        for name in ("first", "last"):
            object.__setattr__(self, name, _month_text(getattr(self, name), name))
        if self.first and self.last and self.first > self.last:
            raise ScenarioError(f"`first` ({self.first}) lies after `last` ({self.last}): swap them.")

    @classmethod
    def of(
        cls,
        *,
        product: str = "",
        family: str = "",
        category: str = "",
        region: str = "",
        segment: str = "",
        resource: str = "",
        source: str = "",
        supplier: str = "",
        material: str = "",
        lane: str = "",
        site: str = "",
        first: str | dt.date | np.datetime64 | None = None,
        last: str | dt.date | np.datetime64 | None = None,
    ) -> Scope:
        """A scope with at most one name an axis; blank = all."""
        one = {
            "products": product,
            "families": family,
            "categories": category,
            "regions": region,
            "segments": segment,
            "resources": resource,
            "sources": source,
            "suppliers": supplier,
            "materials": material,
            "lanes": lane,
            "sites": site,
        }
        chosen: dict[str, Any] = {axis: (name,) for axis, name in one.items() if name}
        return cls(**chosen, first=_month_text(first, "first"), last=_month_text(last, "last"))

    @property
    def used(self) -> tuple[str, ...]:
        """The axes in which something is chosen; "months" where a month is."""
        chosen = tuple(name for name in AXES if getattr(self, name))
        return (*chosen, "months") if self.first or self.last else chosen

    def to_dict(self) -> dict[str, Any]:
        """What is chosen, as plain JSON values."""
        chosen: dict[str, Any] = {name: list(getattr(self, name)) for name in AXES if getattr(self, name)}
        return chosen | {name: getattr(self, name) for name in ("first", "last") if getattr(self, name)}

    @classmethod
    def from_dict(cls, data: Any) -> Scope:
        """The inverse of `to_dict`, strict. Raises ScenarioError naming field and allowed values."""
        if not isinstance(data, dict):
            wanted = 'an object such as {"families": ["..."]}'
            raise ScenarioError(f"`scope` must be {wanted}, not {data!r:.60}.")
        allowed = [field.name for field in dataclasses.fields(cls)]
        for name, value in data.items():
            if name not in allowed:
                hint = text.near(str(name), allowed)
                meant = f" Did you mean '{hint}'?" if hint else ""
                raise ScenarioError(f"`scope` has no field '{name}'.{meant} Allowed: {', '.join(allowed)}.")
            if name in AXES and not isinstance(value, list):
                raise ScenarioError(f"`scope.{name}` must be a list of names, not {value!r:.60}.")
            if name not in AXES and not isinstance(value, str | None):
                raise ScenarioError(f"`scope.{name}` must be a month such as 2027-03, not {value!r:.60}.")
        return cls(**data)

    # -- against a company -------------------------------------------------------------------------------

    def check(self, inputs: Inputs) -> None:
        """Raises ScenarioError where a name does not exist, or no chosen month lies on the horizon."""
        for name in AXES:
            chosen = getattr(self, name)
            if not chosen:
                continue
            axis = AXES[name]
            known = axis.names(inputs)
            for entry in chosen:
                if entry not in known:
                    remedy = f"Choose another {axis.one}, or bring it in the table `{axis.table}`."
                    raise ScenarioError(text.not_found(axis.one, axis.many, entry, known, remedy))
        if (self.first or self.last) and not self.months(inputs).any():
            horizon = span_label(inputs.months[0], inputs.months[-1])
            raise ScenarioError(f"'{self.when()}' lies outside the plan: choose months in {horizon}.")

    def months(self, inputs: Inputs) -> Bools:
        """[t] months in scope, clipped to the horizon."""
        inside = np.ones(inputs.horizon, dtype=bool)
        if self.first:
            inside &= inputs.months >= to_month(self.first)
        if self.last:
            inside &= inputs.months <= to_month(self.last)
        return inside

    def item_share(self, inputs: Inputs) -> Floats:
        """[i] part of each item in scope, 0..1: whole families and categories, products by their share."""
        if not (self.products or self.families or self.categories):
            return np.ones(len(inputs.items))
        share = np.zeros(len(inputs.items))
        found = [inputs.product_share[name] for name in self.products if name in inputs.product_share]
        if found:
            np.add.at(share, [position for position, _ in found], [part for _, part in found])
        # Products' shares of one item sum to 1 only up to rounding: all of them together are the item.
        share[share > 1 - 1e-9] = 1.0
        for names, chosen in ((inputs.item_family, self.families), (inputs.item_category, self.categories)):
            if chosen:
                share[_mask(names, chosen)] = 1.0
        return share

    def cells(self, inputs: Inputs) -> Floats:
        """[i, r, m, t] part of each demand cell in scope, 0..1."""
        rest = self.region_mask(inputs)[:, None, None] & self.segment_mask(inputs)[None, :, None]
        rest = rest & self.months(inputs)[None, None, :]
        return self.item_share(inputs)[:, None, None, None] * rest[None]

    def region_mask(self, inputs: Inputs) -> Bools:
        """[r] regions in scope."""
        return _mask(inputs.regions, self.regions)

    def segment_mask(self, inputs: Inputs) -> Bools:
        """[m] segments in scope."""
        return _mask(inputs.segments, self.segments)

    def resource_mask(self, inputs: Inputs) -> Bools:
        """[q] resources in scope, by name and site."""
        at_site = _mask(inputs.site_names, self.sites)
        return _mask(inputs.resource_names, self.resources) & at_site[inputs.resource.site]

    def source_weight(self, inputs: Inputs) -> Floats:
        """[k] part of each source in scope, 0..1, by name, supplier, kind, site and what it gives."""
        source = inputs.source
        chosen = _mask(inputs.source_names, self.sources)
        chosen &= _mask(source.supplier, self.suppliers) & _mask(source.kind, self.kinds)
        chosen &= _mask(inputs.site_names, self.sites)[source.site]
        return chosen * self.item_share(inputs)[source.item]

    def material_mask(self, inputs: Inputs) -> Bools:
        """[n] materials of suppliers in scope, by material and supplier."""
        material = inputs.material
        of_material = _mask(inputs.material_names, self.materials)[material.material]
        return of_material & _mask(material.supplier, self.suppliers)

    def site_mask(self, inputs: Inputs) -> Bools:
        """[s] sites in scope."""
        return _mask(inputs.site_names, self.sites)

    def lane_mask(self, inputs: Inputs) -> Bools:
        """[l] lanes in scope, by name, site of origin and region of destination."""
        lane = inputs.lane
        if not len(lane.origin):
            return np.zeros(0, dtype=bool)
        chosen = _mask(lane_names(inputs), self.lanes) & _mask(inputs.site_names, self.sites)[lane.origin]
        if self.regions:
            ends = _mask(inputs.regions, self.regions)
            chosen &= (lane.to_region >= 0) & ends[np.maximum(lane.to_region, 0)]
        return chosen

    # -- in words ----------------------------------------------------------------------------------------

    def place(self, everything: str, inputs: Inputs | None = None) -> str:
        """`Line 2, Milan`: what and where; `everything` where nothing is chosen."""
        what = [*self.products, *self.families, *self.categories]
        parts = [text.listing(what)] if what else []
        for name in AXES:
            chosen = getattr(self, name)
            if chosen and name == "kinds":
                said = text.listing([_KIND_WORDS.get(kind, kind) for kind in chosen])
                parts.append(said if parts else said[:1].upper() + said[1:])
            elif chosen and name not in ITEM_AXES:
                parts.append(text.listing(chosen))
        if self.resources and not self.sites and inputs is not None:
            parts += _home(self.resources, inputs)
        return ", ".join(parts) or everything

    def when(self) -> str:
        """`Mar-May 27`, or an empty text where all months are meant."""
        return text.span(self.first, self.last)


#: The scope that leaves nothing out.
EVERYTHING: Final = Scope()


def _mask(names: tuple[str, ...], chosen: tuple[str, ...]) -> Bools:
    if not chosen:
        return np.ones(len(names), dtype=bool)
    return np.fromiter((name in chosen for name in names), dtype=bool, count=len(names))


def _home(resources: tuple[str, ...], inputs: Inputs) -> list[str]:
    """The one site of the resources, where a company has several and their names do not tell it."""
    if len(inputs.site_names) < 2:
        return []
    positions = [i for i, name in enumerate(inputs.resource_names) if name in resources]
    homes = {inputs.site_names[inputs.resource.site[i]] for i in positions}
    if len(homes) != 1:
        return []
    home = homes.pop()
    return [] if all(home.casefold() in name.casefold() for name in resources) else [home]
