"""The context bar: the same on every page, in the URL, following the user from page to page.

    view = context.bar()          draws the bar, returns what was chosen
    view.plan, view.base          the chosen scenario's plan and the base plan
    view.demand(view.plan)        [t] what was chosen of any [i, r, m, t] array, in units or money

Query parameters: scenario, show (units, money), level, item, region, segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from pages.parts import format as fmt
from pages.parts import notices, state, theme
from pages.parts.desk import Desk
from sop_core.charts.roles import Palette
from sop_core.inputs import Bools, Floats, Inputs
from sop_core.plan import Plan, Unconstrained
from sop_core.planner import Company
from sop_core.scenario import Scenario
from sop_core.store import StoredScenario

COMPANY, CATEGORY, FAMILY, ITEM = "Company", "Category", "Family", "Product"
ALL = "All"
UNITS, MONEY = "Units", "Money"


@dataclass(frozen=True)
class View:
    """What the user looks at. Item, region and segment are names, or `All`."""

    desk: Desk
    scenario: Scenario
    scenario_name: str  #: the base's or stored scenario's name; `scenario` may hold unsaved changes on it
    show: str  #: Units or Money
    level: str  #: Company, Category, Family or Product (the planning item)
    item: str  #: a name at that level
    region: str
    segment: str
    palette: Palette
    mode: str = ""  #: the page's own way of looking, where it has several

    @property
    def company(self) -> Company:
        """The company at the data version shown."""
        return self.desk.company

    @property
    def base(self) -> Plan:
        """The plan without changes."""
        return self.desk.base

    @cached_property
    def plan(self) -> Plan:
        """The plan of the scenario shown. Raises ScenarioError, PlanError."""
        return self.desk.plan(self.scenario)

    @cached_property
    def unconstrained(self) -> Unconstrained:
        """Demand of the scenario shown, before supply: fast at any size. Raises ScenarioError."""
        return self.desk.unconstrained(self.scenario)

    @cached_property
    def base_demand(self) -> Unconstrained:
        """Demand without changes, before supply."""
        return self.desk.unconstrained(Scenario.base())

    @cached_property
    def kept(self) -> dict[str, object]:
        """What a page's parts worked out of this view and several of them need, by name."""
        return {}

    @property
    def inputs(self) -> Inputs:
        """The company's base inputs: names and months."""
        return self.desk.company.inputs

    @property
    def currency(self) -> str:
        """The company's currency."""
        return self.inputs.currency

    @property
    def unit(self) -> str:
        """What the numbers are in: the currency, or the items' unit where they share one."""
        if self.show == MONEY:
            return self.currency
        units = {unit for unit, chosen in zip(self.inputs.item_unit, self.items, strict=True) if chosen}
        return units.pop() if len(units) == 1 and "unit" not in units else "units"

    @property
    def months(self) -> list[str]:
        """`Mar 26` for every month of the horizon."""
        return fmt.months(self.inputs.months)

    @cached_property
    def items(self) -> Bools:
        """[i] planning items in view."""
        return item_mask(self.inputs, self.level, self.item)

    @cached_property
    def regions(self) -> Bools:
        """[r] regions in view."""
        return _mask(self.inputs.regions, self.region)

    @cached_property
    def segments(self) -> Bools:
        """[m] segments in view."""
        return _mask(self.inputs.segments, self.segment)

    @property
    def whole(self) -> bool:
        """Whether nothing is filtered out."""
        return bool(self.items.all() and self.regions.all() and self.segments.all())

    def cells(self, values: Floats) -> Floats:
        """[i', r', m', t] of an [i, r, m, t] array: only what is in view."""
        return values[np.ix_(self.items, self.regions, self.segments)]

    def total(self, units: Floats, weight: Floats | None = None) -> Floats:
        """[t] sum of an [i, r, m, t] array in view; with `weight` (a price of the same shape) in money where
        money is shown."""
        shown = units * weight if self.show == MONEY and weight is not None else units
        total: Floats = self.cells(shown).sum(axis=(0, 1, 2))
        return total

    def demand(self, plan: Plan | Unconstrained) -> Floats:
        """[t] unconstrained demand in view, units or money at the month's price."""
        return self.total(plan.demand.total, plan.demand.price)

    def served(self, plan: Plan) -> Floats:
        """[t] what is delivered in view, units or the month's price."""
        return self.total(plan.solution.served, plan.demand.price)

    def stock(self, plan: Plan) -> Floats:
        """[t] stock at month end of the items in view, all sites, units or money at standard cost."""
        return self._stock(plan, plan.solution.stock)

    def stock_target(self, plan: Plan) -> Floats:
        """[t] stock targets of the items in view, in the same measure as `stock`."""
        return self._stock(plan, plan.inputs.stock_target)

    def _stock(self, plan: Plan, units: Floats) -> Floats:
        cost = (
            plan.inputs.item.unit_cost[self.items] if self.show == MONEY else np.ones(int(self.items.sum()))
        )
        total: Floats = np.einsum("i,ist->t", cost, units[self.items])
        return total


def _mask(names: tuple[str, ...], chosen: str) -> Bools:
    if chosen == ALL or chosen not in names:
        return np.ones(len(names), dtype=bool)
    return np.asarray(names, dtype=str) == chosen


def item_mask(inputs: Inputs, level: str, name: str) -> Bools:
    """[i] planning items of a category, family or product; all where nothing of that name exists."""
    names = {CATEGORY: inputs.item_category, FAMILY: inputs.item_family, ITEM: inputs.items}.get(level)
    return np.ones(len(inputs.items), dtype=bool) if names is None else _mask(names, name)


def names_at(inputs: Inputs, level: str) -> list[str]:
    """The names to choose from at a level, in planning order."""
    names = {CATEGORY: inputs.item_category, FAMILY: inputs.item_family, ITEM: inputs.items}.get(level, ())
    return list(dict.fromkeys(names))


def levels(inputs: Inputs) -> list[str]:
    """The levels that tell a company's items apart."""
    found = [COMPANY]
    if len(set(inputs.item_category)) > 1:
        found.append(CATEGORY)
    if len(set(inputs.item_family)) > 1:
        found.append(FAMILY)
    if tuple(inputs.items) != tuple(inputs.item_family):
        found.append(ITEM)
    return found


def bar(*, scenario: bool = True, modes: tuple[str, ...] = (), planned: bool = True) -> View:
    """Draws the context bar and returns the view. Raises StoreError, DataError: call it inside `explained`.

    With `scenario=False` the page always shows the base (Demand history) and the choice is kept. `modes` are
    the page's own ways of looking; the first is where it starts, the chosen one is `view.mode`. With
    `planned=False` supply is not planned for the page: it shows demand alone.
    """
    desk = state.desk(planned=planned)
    inputs = desk.company.inputs
    _arrive()
    _company(desk.company.snapshot.settings.company)
    with st.container(key="context_bar", horizontal=True, vertical_alignment="center", gap="small"):
        mode = _mode(modes)
        records = {record.name: record for record in state.store().scenarios()}
        name = _scenario(scenario, records)
        show = _show()
        level, item = _items(desk)
        region = _choice("Region", inputs.regions, "region")
        segment = _choice("Segment", inputs.segments, "segment")
    _facts(desk)
    work = state.work(name, records.get(name))
    notices.draw(name if scenario else None, records.get(name), work)
    return View(
        desk=desk,
        scenario=work.scenario if scenario else Scenario.base(),
        scenario_name=name,
        show=show,
        level=level,
        item=item,
        region=region,
        segment=segment,
        palette=theme.colours(),
        mode=mode,
    )


def whole() -> View:
    """The view of a page on which nothing is to be chosen: the base, the whole company, no bar.

    What was chosen elsewhere, or came in the address, is kept. Raises StoreError, DataError.
    """
    desk = state.desk()
    _arrive()
    for key in ("scenario", "show", "level", "item", "region", "segment"):
        if key in st.query_params:
            _kept()[key] = st.query_params[key]
    _company(desk.company.snapshot.settings.company)
    _facts(desk)
    notices.draw(None)
    return View(desk, Scenario.base(), state.BASE, UNITS, COMPANY, ALL, ALL, ALL, theme.colours())


def _mode(modes: tuple[str, ...]) -> str:
    if not modes:
        return ""
    return st.segmented_control(
        "Look at", list(modes), default=modes[0], key="mode", bind="query-params", required=True,
        label_visibility="collapsed", width="content",
    )  # fmt: skip


def section(names: Sequence[str], key: str) -> str:
    """The part of a page that is chosen, kept in the address; the first where nothing was chosen."""
    chosen = st.segmented_control(
        "Section", list(names), default=names[0], key=key, bind="query-params", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    return chosen or names[0]


def go_to(name: str) -> None:
    """Makes that scenario the chosen one from the next run on (the bar owns the widget)."""
    state.go_to(name)


def _scenario(shown: bool, records: Mapping[str, StoredScenario]) -> str:
    """The scenario in view. Archived ones are offered only where one is asked for by name; a name that is gone is
    noted, so that the base does not stand in for it unsaid."""
    wanted = st.session_state.pop("_go_to", None)
    if wanted in records or wanted == state.BASE:
        st.session_state["scenario"] = _after("scenario", wanted, state.BASE)
    if not shown:
        kept = _kept().get("scenario", st.query_params.get("scenario", state.BASE))
        return kept if kept in records else state.BASE
    asked = _wanted("scenario", state.BASE) or state.BASE
    names = [state.BASE, *(n for n, record in records.items() if record.archived is None or n == asked)]
    if asked not in names:
        notices.note_lost(asked)
    _before("scenario", names, state.BASE)
    chosen = st.selectbox(
        "Scenario",
        names,
        key="scenario",
        label_visibility="collapsed",
        width=175,
        icon=":material/account_tree:",
        format_func=lambda name: f"{name} (archived)" if name in records and records[name].archived else name,
    )
    return _after("scenario", chosen, state.BASE)


def _show() -> str:
    _before("show", [UNITS, MONEY], UNITS)
    chosen = st.segmented_control(
        "Show", [UNITS, MONEY], key="show", required=True, label_visibility="collapsed", width="content"
    )
    return _after("show", chosen or UNITS, UNITS)


def _items(desk: Desk) -> tuple[str, str]:
    inputs = desk.company.inputs
    known = levels(inputs)
    _before("level", known, COMPANY)
    level = st.selectbox("Level", known, key="level", label_visibility="collapsed", width=110)
    _after("level", level, COMPANY)
    names = names_at(inputs, level)
    if not names:
        return level, _after("item", ALL, ALL)
    _before("item", [ALL, *names], ALL)
    item = st.selectbox(
        level, [ALL, *names], key="item", width=150, label_visibility="collapsed",
        format_func=lambda name: _all_of(level) if name == ALL else desk.label(name),
    )  # fmt: skip
    return level, _after("item", item, ALL)


def _choice(label: str, names: tuple[str, ...], key: str) -> str:
    """One of some names, or all; nothing to choose where there is one."""
    if len(names) < 2:
        return ALL
    _before(key, [ALL, *names], ALL)
    chosen = st.selectbox(
        label, [ALL, *names], key=key, width=125, label_visibility="collapsed",
        format_func=lambda name: _all_of(label) if name == ALL else name,
    )  # fmt: skip
    return _after(key, chosen, ALL)


# -- choices, the address and the pages --
#
# A widget bound to the address by Streamlit is another one on each page and starts anew there. The choices of the
# bar are one for the whole session, so they are kept here, and the address follows them.


def _kept() -> dict[str, str]:
    """What is chosen, by query parameter."""
    kept: dict[str, str] = st.session_state.setdefault("_view", {})
    return kept


def _arrive() -> None:
    """Notes whether this run is the first on another page."""
    page = st.session_state.get("_page")
    st.session_state["_arrived"] = st.session_state.get("_view_page") != page
    st.session_state["_view_page"] = page


def _before(key: str, options: Sequence[str], default: str) -> None:
    """Sets the widget where something else than the widget itself decides. Call it before the widget.

    That is: the address on the first run, on a link that names the parameter and on the way back in the
    browser's history; what was chosen before on arrival at another page.
    """
    wanted = _wanted(key, default)
    # A name that no longer exists shows everything.
    chosen = wanted if wanted in options else default
    if st.session_state.get(key) != chosen or st.session_state["_arrived"]:
        st.session_state[key] = chosen


def _wanted(key: str, default: str) -> str | None:
    """What `_before` sets the widget to, where there is such a name."""
    kept, address = _kept(), st.query_params.get(key)
    if st.session_state["_arrived"]:
        return address if address is not None else kept.get(key, default)
    if (address or default) != kept.get(key, default):
        return address or default
    value: str | None = st.session_state.get(key)
    return value


def _after(key: str, chosen: str, default: str) -> str:
    """Keeps what is chosen and writes it into the address, where the default is left out."""
    _kept()[key] = chosen
    if chosen != default and st.query_params.get(key) != chosen:
        st.query_params[key] = chosen
    elif chosen == default and key in st.query_params:
        del st.query_params[key]
    return chosen


def _all_of(label: str) -> str:
    plural = {CATEGORY: "categories", FAMILY: "families"}.get(label, f"{label.lower()}s")
    return f"All {plural}"


def _company(name: str) -> None:
    """The company's name on top of the navigation, where it is seen first."""
    with st.sidebar.container(key="company_name"):
        st.html(f'{_COMPANY_STYLE}<div class="sop-company" title="{fmt.safe(name)}">{fmt.safe(name)}</div>')


#: The sidebar's own content stands under the navigation; the name belongs into the header above it.
_COMPANY_STYLE = """<style>
.st-key-company_name{position:absolute;top:.85rem;left:1.15rem;right:2.6rem;width:auto!important;z-index:1}
.sop-company{font-weight:650;font-size:.92rem;line-height:1.2;color:var(--sop-ink);display:-webkit-box;
 -webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
</style>"""


def _facts(desk: Desk) -> None:
    settings = desk.company.snapshot.settings
    versions = state.store().versions()
    record = next((found for found in versions if found.version == desk.version), None)
    when = f", {record.at:%d %b %Y}" if record is not None else ""
    first, last = fmt.months(desk.company.inputs.months[[0, -1]])
    items = f"{len(desk.company.inputs.items)} {'families' if desk.company.inputs.level == 'family' else 'products'}"
    st.sidebar.html(
        f'<div class="sop-context">Plan <b>{fmt.safe(first)} to {fmt.safe(last)}</b>, {items}, '
        f"{fmt.safe(settings.currency)}<br>Data <b>version {desk.version}</b>{fmt.safe(when)}"
        f"<br>{fmt.safe(_agreed(desk))}</div>"
    )
    if desk.trouble:
        st.sidebar.warning(desk.trouble)


def _agreed(desk: Desk) -> str:
    """Where this cycle's demand stands: agreed by whom, or open."""
    found = state.store().agreements.current(desk.company.inputs.months[0])
    said = found.sentence() if found is not None else "demand not agreed yet"
    return said[:1].upper() + said[1:]
