"""What screens share behind the scenes: the store, the company at its latest data, plans, working scenarios.

    store()          the open store                          cached for the process
    desk()           company, base plan and planners         cached for the process, with progress on screen
    plan(scenario)   a plan                                  cached for the process, bounded
    ways_out(...)    what would relieve a shortage           cached for the process, bounded
    work(name)       this session's working scenario         st.session_state; saved ones are in the store

What a session edits is its own until it is saved; a draft of it is kept in the store (draft_keeper.py). Errors
that the product can explain are shown by `explained()`; anything else is a defect and is left to Streamlit.
"""

from __future__ import annotations

import atexit
import gc
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.parts.desk import Desk, Office
from pages.parts.draft_keeper import DraftKeeper
from sop_core.cycle.agreement import branch_name
from sop_core.errors import DataError, SopError, StoreBusy, StoreError
from sop_core.plan import Plan
from sop_core.planner import Company
from sop_core.scenario import History, Scenario
from sop_core.store import Store, StoredScenario
from sop_core.supply.priced import WayOut

#: Name of the scenario without changes.
BASE = "Base"
#: A what-if on the base that has no name yet.
UNNAMED = "What-if"
#: Working scenarios that a session keeps; the oldest without changes go first.
MOST_WORK = 20


def store_path() -> Path:
    """The store's file: environment variable SOP_STORE, else data/sop.duckdb beside app.py."""
    return Path(os.environ.get("SOP_STORE") or Path(__file__).resolve().parents[2] / "data" / "sop.duckdb")


@dataclass(frozen=True, slots=True)
class _Back:
    """What all sessions share."""

    office: Office
    keeper: DraftKeeper

    def close(self) -> None:
        """Writes the drafts that are due, then closes the store."""
        self.keeper.flush()
        self.office.store.close()


@st.cache_resource(max_entries=1, show_spinner=False, on_release=_Back.close)
def _back(path: str) -> _Back:
    opened = Store.open(Path(path))
    back = _Back(Office(opened), DraftKeeper(opened.drafts))
    atexit.register(back.close)  # a server that is stopped leaves the file whole, without a log beside it
    return back


def _office(path: str) -> Office:
    return _back(path).office


def store() -> Store:
    """The open store. Raises StoreBusy and other StoreErrors: show them with `explained`."""
    return _office(str(store_path())).store


def keeper() -> DraftKeeper:
    """The keeper of unsaved work."""
    return _back(str(store_path())).keeper


def has_data() -> bool:
    """Whether anything was imported yet."""
    return store().latest_version() > 0


def desk(version: int | None = None, *, planned: bool = True) -> Desk:
    """The company at a data version (default: the latest), cleansed as decided last, with its planners.

    The first call for a version forecasts and, where `planned`, plans the base case, with a progress bar where
    it is called. Raises DataError where the store has no data, and any SopError of the way.
    """
    office = _office(str(store_path()))
    version = office.store.latest_version() if version is None else version
    if version == 0:
        raise DataError("The store has no data yet. Open Data and bring the company's files.")
    review = office.store.cleansing.revision()
    found = office.ready(version, review)
    if found is not None and (found.planned or not planned):
        return found
    place = st.empty()
    bar = place.progress(0.0, text="Getting the company ready")

    def tell(what: str, done: int, total: int) -> None:
        share = done / total if total else 0.0
        bar.progress(share, text=f"{what}: {done} of {total}" if total else what)

    try:
        found = office.desk(version, review, tell)
        if planned:
            tell("Planning the base case", 0, 0)
            _ = found.base
    finally:
        place.empty()
    # What lives from here on is not worth looking at in every collection.
    gc.collect()
    gc.freeze()
    return found


def company() -> tuple[Company, Plan]:
    """The company at the store's latest data version, and its base plan."""
    found = desk()
    return found.company, found.base


def plan(scenario: Scenario) -> Plan:
    """The plan of a scenario at the latest data. Raises ScenarioError, PlanError."""
    return desk().plan(scenario)


def ways_out(plan: Plan, item: int, month: int) -> tuple[WayOut, ...]:
    """Levers that would relieve that item's shortage in that month (positions), best first; from memory where
    they were worked out before. Raises PlanError."""
    return desk(plan.data_version).ways_out(plan, item, month)


def who() -> str:
    """Who is at work, for records: the name of the login where there is one."""
    user = st.user.to_dict() if st.user else {}
    name = user.get("name") or user.get("email")
    return str(name) if name else "Planner"


# -- working scenarios --


@dataclass(slots=True)
class Work:
    """A scenario under this session's hands: undo and redo, and what the store has of it.

    `revision` is the stored revision it comes from, 0 where it is not stored (the base).
    """

    history: History
    saved: Scenario
    revision: int = 0
    locked: bool = False
    archived: bool = False
    #: Is told of every edit, once there is one; keeps the draft.
    watch: Callable[[Work], None] | None = None

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in ("history", "saved", "revision"):
            watch = getattr(self, "watch", None)
            if watch is not None:
                watch(self)

    @property
    def scenario(self) -> Scenario:
        """As it stands now. Changes on the base, or on a locked scenario, are a what-if with a name of its own
        until they are saved under one."""
        present = self.history.present
        if present.name == BASE and present.steps:
            return present.rename(UNNAMED)
        return present.rename(branch_name(present.name)) if self.locked and self.changed else present

    @property
    def changed(self) -> bool:
        """Whether it differs from what the store has."""
        return self.history.present != self.saved


def scenario_names(*, archived: bool = False) -> list[str]:
    """The base and all stored scenarios, by name; archived ones only where they are asked for."""
    found = store().scenarios()
    return [BASE, *(one.name for one in found if one.name != BASE and (archived or one.archived is None))]


def stored(name: str) -> StoredScenario | None:
    """The store's record of a scenario; None where there is none."""
    return next((found for found in store().scenarios() if found.name == name), None)


def work(name: str = BASE, record: StoredScenario | None = None) -> Work:
    """This session's working copy of the base or of a stored scenario. Raises StoreError for unknown names.

    Where the store has a newer revision and nothing was changed here, the newer one is taken. `record`: what the
    store has, where it was read just now.
    """
    kept: dict[str, Work] = st.session_state.setdefault("_work", {})
    mine = kept.get(name)
    if name == BASE:
        if mine is None:
            mine = kept[name] = Work(History(Scenario.base()), Scenario.base())
        mine.watch = mine.watch or _watch(name)
        return mine
    record = record or stored(name)
    if record is None:
        raise StoreError(f"There is no scenario '{name}' any more. Choose another one.")
    if mine is None or (record.revision != mine.revision and not mine.changed):
        scenario = Scenario.from_json(record.json)
        mine = kept[name] = Work(History(scenario), scenario, record.revision)
    mine.locked, mine.archived = record.locked is not None, record.archived is not None
    mine.watch = mine.watch or _watch(name)
    for old in [key for key, entry in kept.items() if not entry.changed and key not in (name, BASE)]:
        if len(kept) <= MOST_WORK:
            break
        del kept[old]
    return mine


def adopt(name: str, mine: Work) -> None:
    """Takes up a working copy under a name."""
    st.session_state.setdefault("_work", {})[name] = mine
    mine.watch = _watch(name)
    mine.watch(mine)


def forget(name: str) -> None:
    """Drops this session's working copy and its draft: the next `work` takes what the store has."""
    st.session_state.setdefault("_work", {}).pop(name, None)
    keeper().drop(draft_token(), name)


def working() -> dict[str, Work]:
    """This session's working copies by scenario name; those of scenarios that are gone too."""
    kept: dict[str, Work] = st.session_state.setdefault("_work", {})
    return kept


def go_to(name: str) -> None:
    """Makes that scenario the chosen one from the next run on (the context bar owns the widget)."""
    st.session_state["_go_to"] = name


# -- drafts of unsaved work --

#: The address's parameter that tells whose drafts a session may take up.
DRAFT = "draft"


def draft_token() -> str:
    """What tells this session's drafts from all others: drawn once, never taken over from an address."""
    token: str = st.session_state.setdefault("_draft_token", secrets.token_urlsafe(9))
    return token


def _watch(name: str) -> Callable[[Work], None]:
    """Keeps the draft of a working copy. Runs inside the levers' own path, so it only remembers."""
    token, me, held = draft_token(), who(), keeper()

    def edited(work: Work) -> None:
        if work.changed:
            held.note(token, name, me, work.revision, work.saved, work.history.present)
            if st.query_params.get(DRAFT) != token:
                st.query_params[DRAFT] = token
        else:
            held.drop(token, name)

    return edited


# -- errors --


@contextmanager
def explained() -> Iterator[None]:
    """Shows an error of the product as a sentence with its remedy in place of what it interrupts."""
    try:
        yield
    except StoreBusy as error:
        st.error(f"**The store is in use elsewhere.** {error}", icon=":material/lock:")
        st.button("Try again", icon=":material/refresh:")
    except DataError as error:
        st.error(f"**The data do not allow this.** {error}", icon=":material/table_view:")
    except SopError as error:
        st.error(str(error), icon=":material/error:")
