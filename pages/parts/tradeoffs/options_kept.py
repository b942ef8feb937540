"""What a question about options is asked of, its answers kept, and taking an answer into a scenario."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import format as fmt
from pages.parts import jobs, state
from pages.parts.context import View
from pages.parts.scenario_menu import lock_of
from pages.parts.tradeoffs.pace import warm_seconds
from sop_core.changes import Change
from sop_core.errors import SopError
from sop_core.kpis import KPIS
from sop_core.options import Rules, pains, with_changes
from sop_core.options.finder import targets_of
from sop_core.options.option import missed
from sop_core.options.pains import sentence
from sop_core.plan import Plan
from sop_core.planner import Planner
from sop_core.scenario import LONGEST_NAME, Scenario

Answer = TypeVar("Answer")
#: What the core asks for: a planner, the scenario, rules, progress, stop.
Work = Callable[[Planner, Callable[[str, int, int], None], Callable[[], bool]], Answer]

#: Answers kept in a session, and for all of them; the oldest go first.
KEPT, SHARED = 8, 32
#: Plans that a search makes, and seconds of computing up to which it starts by itself.
PLANS, UNASKED = 100, 15.0


@dataclass(frozen=True)
class Question:
    """What is asked about: a plan, and what is left alone."""

    view: View
    plan: Plan
    leave: tuple[str, ...]
    hurts: str  #: where the plan hurts, one sentence
    message: DeltaGenerator

    @classmethod
    def of(cls, view: View, leave: tuple[str, ...], message: DeltaGenerator) -> Question:
        """The question of a view. Raises ScenarioError, PlanError where its scenario cannot be planned."""
        plan = view.plan
        said = sentence(plan, pains(plan))
        if not len(plan.shortages):
            said += " There is nothing to find for service; here is what would make the plan cheaper."
        names = [KPIS[name].title.lower() for name in missed(plan, targets_of(view.company))]
        if names:
            said += f" Targets missed: {', '.join(names)}."
        return cls(view, plan, tuple(sorted(leave)), said, message)

    @property
    def key(self) -> tuple[object, ...]:
        """What an answer depends on: data, cleansing, the scenario's Changes, what is left alone."""
        where = str(state.store_path())
        return (where, self.plan.data_version, self.plan.review, self.plan.scenario.fingerprint(), self.leave)

    @property
    def rules(self) -> Rules:
        """The rules of the finder."""
        return Rules.without(self.leave)

    def say(self, text: str) -> None:
        """The message on top of the section."""
        self.message.html(f'<p class="sop-headline">{fmt.safe(text)}</p>')


class Shared:
    """Answers for all sessions, so that a search in a meeting is made once; the oldest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> Any:
        """The answer to a question; None where there is none."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: tuple[object, ...], found: Any) -> None:
        """Keeps one."""
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > SHARED:
                self._kept.popitem(last=False)


@st.cache_resource(max_entries=1, show_spinner=False)
def shared() -> Shared:
    """The process's answers."""
    return Shared()


def seconds(question: Question) -> float:
    """About how long a search takes, seconds of computing."""
    return PLANS * warm_seconds(question.plan)


def unasked(name: str, question: Question) -> bool:
    """Whether a search starts by itself: the first time this session looks at a scenario, where it is quick.

    Only the first time: whoever edits the scenario or stops the search says when to search again.
    """
    begun = _begun()
    key = (name, question.view.scenario_name)
    first = key not in begun
    begun.add(key)
    return first and seconds(question) <= UNASKED


def _begun() -> set[tuple[str, str]]:
    """Searches (name, scenario) that do not start by themselves any more in this session."""
    begun: set[tuple[str, str]] = st.session_state.setdefault("_options_begun", set())
    return begun


def answer(name: str, key: tuple[object, ...], question: Question, work: Work, start: bool) -> Any:
    """The answer to a question: from memory, or worked out beside the screen after `start`; None while there is none.

    Shows progress, or why it failed, where it is called.
    """
    kept: OrderedDict[tuple[object, ...], Any] = st.session_state.setdefault("_options", OrderedDict())
    known = kept.get((name, *key))
    if known is None:
        known = shared().get((name, *key))
        if known is not None:
            _keep(kept, (name, *key), known)
    if start and (known is None or getattr(known, "stopped", False)):
        kept.pop((name, *key), None)
        known = None
        desk = question.view.desk
        jobs.start(name, key, lambda tell, stopped: work(desk.planner(), tell, stopped))
    if known is not None:
        return known
    job: jobs.Job[Any] | None = jobs.current(name)
    if job is None or job.key != key:
        return None
    if job.running:
        jobs.watch(job)
        return None
    if job.error:
        st.error(job.error)
        return None
    _keep(kept, (name, *key), job.result)
    if not getattr(job.result, "stopped", False):
        shared().put((name, *key), job.result)
    return job.result


def _keep(kept: OrderedDict[tuple[object, ...], Any], key: tuple[object, ...], found: Any) -> None:
    kept[key] = found
    while len(kept) > KEPT:
        kept.popitem(last=False)


def under_way(name: str, key: tuple[object, ...]) -> bool:
    """Whether that question is being worked out right now."""
    job: jobs.Job[Any] | None = jobs.current(name)
    return job is not None and job.key == key and job.running


def earlier(name: str, question: Question) -> Any:
    """The newest answer of that name to another question; None where there is none."""
    kept: OrderedDict[tuple[object, ...], Any] = st.session_state.get("_options", OrderedDict())
    return next((found for key, found in reversed(kept.items()) if key[0] == name), None)


# -- taking --


def take(view: View, changes: Sequence[Change], key: str, title: str) -> None:
    """The Changes as sentences, into the working scenario (undoable) or saved as a new one."""
    if not changes:
        return
    lines = "".join(f"<li>{fmt.safe(change.sentence(view.inputs))}</li>" for change in changes)
    st.html(f'<div class="sop-short"><ol>{lines}</ol></div>')
    work = state.work(view.scenario_name)
    has = [change.acting() for change in work.scenario.active]
    taken = all(change.acting() in has for change in changes)
    lock = lock_of(view.scenario_name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(
            "In the scenario" if taken else "Take into the scenario", type="primary", key=f"{key}_take",
            icon=":material/check:" if taken else ":material/add:", disabled=taken,
            help="Adds these changes to the scenario you work on; Undo takes them back."
            + (" It is locked: they become a what-if of their own." if lock is not None else ""),
        ):  # fmt: skip
            work.history = work.history.push(with_changes(work.history.present, changes))
            st.toast(f"Taken into {work.scenario.name}. Undo takes it back.")
            st.rerun()
        st.button(
            "Undo", icon=":material/undo:", key=f"{key}_undo", type="tertiary", disabled=not work.history.can_undo,
            on_click=_undo, args=(work,), help="Takes back the last edit of the scenario",
        )  # fmt: skip
        with st.popover("Save as a new scenario", icon=":material/save:"):
            _save(view, changes, key, title)


def _undo(work: state.Work) -> None:
    work.history = work.history.undo()


def _save(view: View, changes: Sequence[Change], key: str, title: str) -> None:
    name = st.text_input(
        "Name", value=title[:LONGEST_NAME], key=f"{key}_name", max_chars=LONGEST_NAME,
        help="The new scenario holds the changes of the one shown, and these behind them",
    )  # fmt: skip
    if not st.button("Save", key=f"{key}_save", type="primary", disabled=not name.strip()):
        return
    try:
        parent = view.scenario_name if view.scenario_name != state.BASE else ""
        made: Scenario = dataclasses.replace(
            with_changes(view.scenario, changes), name=name, owner=state.who(), parent=parent
        )
        state.store().save_scenario(made.name, made.to_json(), state.who(), 0)
    except SopError as error:
        st.error(str(error))
        return
    # What was found stays on the screen: the scenario made of it is searched when asked.
    _begun().update((search, made.name) for search in ("options", "frontier"))
    state.go_to(made.name)
    st.rerun()
