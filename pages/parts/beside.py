"""Exact plans made beside the screen, one at a time: of each session the newest wish counts.

    solves = Solves(solve, learn)              solve(scenario, stop) -> Plan, then learn(plan), called in a thread
    wish = solves.want(session, scenario)      at once; the session's older wish is dropped
    wish.plan, wish.problem, wish.ended

Who shows an estimate first wants with a head start: the work begins a moment after `wish.begin()`, or when that time is
over.

What nobody wants any more is not solved, and is stopped where it is being solved. The thread ends when there is nothing
left to do; nothing here knows a screen.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from sop_core.errors import SopError
from sop_core.plan import Plan
from sop_core.scenario import Scenario
from sop_core.supply.solve import Interrupted, Stop

#: Seconds in which a browser paints what was drawn before a plan with a head start begins.
PAINT = 0.15
#: Results of wishes that ended badly kept for those who ask again; plans are kept by the desk.
_ENDED = 16


@dataclass(eq=False)
class Wish:
    """A plan that somebody waits for."""

    scenario: Scenario
    sessions: set[str] = field(default_factory=set)
    plan: Plan | None = None
    problem: str = ""  #: why there is no plan, as a sentence
    seconds: float = 0.0  #: what the plan took, once it is there
    began: float = 0.0  #: clock when the work on it began; 0 while it waits its turn
    head_start: float = 0.0  #: seconds that the work waits for `begin` at most
    _go: threading.Event = field(default_factory=threading.Event, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to wait for: a plan, a problem, or nobody wants it any more."""
        return self._over.is_set()

    @property
    def waited(self) -> float:
        """Seconds since the work on it began."""
        return time.monotonic() - self.began if self.began else 0.0

    def begin(self) -> None:
        """The work on it may begin."""
        self._go.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for its end; whether it has ended."""
        return self._over.wait(seconds)


class Solves:
    """The wishes of all sessions, and the one thread that fulfils them."""

    def __init__(self, solve: Callable[[Scenario, Stop], Plan], learn: Callable[[Plan], None]) -> None:
        self._solve, self._learn = solve, learn
        self._wishes: OrderedDict[str, Wish] = OrderedDict()
        self._failed: OrderedDict[str, Wish] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.last_seconds = 0.0  #: what the last plan took

    def want(self, session: str, scenario: Scenario, head_start: float = 0.0) -> Wish:
        """The wish for a scenario's plan: a new one, or the one that others wait for already. `head_start`: seconds
        that the work on a new one waits for `Wish.begin` at most."""
        key = scenario.fingerprint()
        with self._lock:
            if (failed := self._failed.get(key)) is not None:
                self._leave(session, but=key)
                return failed
            wish = self._wishes.get(key)
            if wish is None:
                wish = self._wishes[key] = Wish(scenario, head_start=head_start)
            wish.sessions.add(session)
            self._leave(session, but=key)
            if self._thread is None:
                self._start()
            return wish

    def forget(self, session: str) -> None:
        """The session waits for nothing any more."""
        with self._lock:
            self._leave(session)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._thread is not None

    def _leave(self, session: str, but: str = "") -> None:
        for key, wish in list(self._wishes.items()):
            if key != but and session in wish.sessions:
                wish.sessions.discard(session)
                if not wish.sessions:
                    del self._wishes[key]
                    wish._over.set()
                    wish.begin()

    def _next(self) -> tuple[str, Wish] | None:
        """The oldest wish, so that no session waits for ever while others move levers; a session that wishes anew
        has its older wish dropped."""
        with self._lock:
            if not self._wishes:
                self._thread = None
                return None
            key = next(iter(self._wishes))
            return key, self._wishes[key]

    def _work(self) -> None:
        try:
            while (found := self._next()) is not None:
                self._fulfil(*found)
        except BaseException:
            # A defect ends this thread, loudly; who still waits gets another one.
            with self._lock:
                self._thread = None
                if self._wishes:
                    self._start()
            raise

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="plans beside the screen", daemon=True)
        self._thread.start()

    def _fulfil(self, key: str, wish: Wish) -> None:
        if wish.head_start:
            wish._go.wait(wish.head_start)
            wish._over.wait(PAINT)
        if wish.ended:
            return
        wish.began = time.monotonic()
        try:
            wish.plan = self._solve(wish.scenario, lambda: not wish.sessions)
            wish.seconds = self.last_seconds = wish.waited
        except Interrupted:
            # Dropped meanwhile; where somebody wished for it again, it is a new wish.
            if wish.sessions:
                wish.problem = "The solver stopped without being told to: ask again by moving a lever."
        except SopError as error:
            wish.problem = str(error)
        except BaseException as defect:
            wish.problem = f"A defect in the program stopped this ({type(defect).__name__}: {defect})."
            raise
        finally:
            with self._lock:
                if self._wishes.get(key) is wish:
                    del self._wishes[key]
                if wish.problem:
                    self._failed[key] = wish
                    while len(self._failed) > _ENDED:
                        self._failed.popitem(last=False)
            wish._over.set()
        if wish.plan is not None:
            self._learn(wish.plan)  # nobody has to wait for that
