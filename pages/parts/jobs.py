"""Work that takes longer than a glance: it runs beside the screen, says how far it is, and can be stopped.

    job = jobs.start("options", key, lambda tell, stopped: find_options(..., progress=tell, stop=stopped))
    jobs.watch(job)          # progress and a stop button; the page runs again when the job has ended
    job.result               # None while it runs, or where it failed (`job.error` says why)

A job belongs to a session (it is kept in `st.session_state`), works on frozen values and a planner of its own,
and never touches Streamlit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import streamlit as st

from sop_core.errors import SopError

Answer = TypeVar("Answer")
#: What a job may call: what it does, how many steps are done, of how many (0 = unknown).
Tell = Callable[[str, int, int], None]
#: What a job asks between steps: whether it shall stop and give what it has.
Stopped = Callable[[], bool]

#: Seconds between two looks at a running job.
EVERY = 0.4


@dataclass
class Job(Generic[Answer]):
    """One piece of work in a thread. `key` tells what it is about: another key is another job."""

    name: str
    key: object
    said: str = "Starting"
    done: int = 0
    total: int = 0
    result: Answer | None = None
    error: str = ""
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return not self._ended.is_set()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop; it then gives what it has found by then."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Tells it to stop after its present step."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for its end; whether it has ended."""
        return self._ended.wait(seconds)

    def tell(self, what: str, done: int, total: int) -> None:
        """How far it is; called from the work itself."""
        self.said, self.done, self.total = what, done, total

    def run(self, work: Callable[[Tell, Stopped], Answer]) -> None:
        """Does the work in this thread. What the product can explain becomes `error`; a defect is named and raised."""
        try:
            self.result = work(self.tell, self._stop.is_set)
        except SopError as error:
            self.error = str(error)
        except BaseException as defect:
            self.error = f"A defect in the program stopped this ({type(defect).__name__}: {defect})."
            raise
        finally:
            self._ended.set()


def start(name: str, key: object, work: Callable[[Tell, Stopped], Answer]) -> Job[Answer]:
    """Starts this session's job of that name, or gives the one at hand where it is about the same key.

    A job of the same name about something else is stopped and forgotten.
    """
    known: Job[Answer] | None = current(name)
    if known is not None:
        if known.key == key and not known.stopped:
            return known
        known.stop()
    job: Job[Answer] = Job(name, key)
    _jobs()[name] = job
    threading.Thread(target=job.run, args=(work,), name=f"job {name}", daemon=True).start()
    return job


def current(name: str) -> Job[Answer] | None:
    """This session's last job of that name; None where there was none."""
    return _jobs().get(name)


def _jobs() -> dict[str, Job]:
    jobs: dict[str, Job] = st.session_state.setdefault("_jobs", {})
    return jobs


def watch(job: Job[Answer]) -> None:
    """Progress and a stop button while the job runs; when it has ended, the whole page runs once more."""
    if job.running:
        _watch(job)


@st.fragment(run_every=EVERY)
def _watch(job: Job[Answer]) -> None:
    if not job.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"job_{job.name}"):
        share = min(job.done / job.total, 1.0) if job.total else 0.0
        st.progress(share, text=f"{job.said}: {job.done} of {job.total}" if job.total else job.said)
        st.button(
            "Stop", key=f"job_stop_{job.name}", icon=":material/stop_circle:", on_click=job.stop,
            disabled=job.stopped, help="Stops after the present step and shows what was found by then",
        )  # fmt: skip
