"""A small company with three signed plans, each superseding the one before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from sop_core.changes import DemandGrowth, OvertimeChange, Scope
from sop_core.cycle.assumption import Assumption
from sop_core.cycle.decision import APPROVED, Decision, OptionConsidered
from sop_core.demand.cleansing import Rule
from sop_core.pack.build import build
from sop_core.pack.gather import gather
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.signoff import Signoff
from sop_core.signoff.freeze import draw_up
from sop_core.snapshot import Snapshot
from sop_core.store import Store
from tests.pages import companies

OVERTIME = OvertimeChange(scope=Scope(resources=("Forge",)), hours=30.0)
SCENARIOS = (
    Scenario("Overtime").add(OVERTIME),
    Scenario("Growth").add(DemandGrowth(pct=0.1)),
    Scenario("Growth and overtime").add(DemandGrowth(pct=0.1)).add(OVERTIME),
)


def tables() -> dict[str, pd.DataFrame]:
    """The full line of the screens' tests, forecast from two years of sales."""
    found = companies.full_line()
    del found["demand_plan"]
    past = pd.date_range("2024-01-01", periods=24, freq="MS")
    found["sales"] = pd.DataFrame(
        [
            {
                "month": m,
                "product": p,
                "quantity": q * (1.3 if m.month in (4, 5, 6) else 1.0),
                "revenue": q * 10,
            }
            for m in past
            for p, q in (("Anvil", 75.0), ("Order", 5.0))
        ]
    )
    settings = found["settings"]
    found["settings"] = settings[settings["setting"] != "demand"].reset_index(drop=True)
    return found


def make(path: Path) -> None:
    """A store with a verdict, two decisions, an assumption and three sign-offs."""
    with Store.open(path) as store:
        store.import_tables(tables(), "Dana", "first")
        store.cleansing.decide([(Rule("outlier", item="Anvil"), False)], "Dana", "as sold")
        for scenario in SCENARIOS:
            store.save_scenario(scenario.name, scenario.to_json(), "Paul", 0)
        option = OptionConsidered("Overtime", "Overtime", (OVERTIME,))
        store.decisions.add(
            Decision("Work overtime in the forge", "Anvils are late.", "Paul", dt.date(2026, 2, 1), "Overtime",
                     (OVERTIME,), (option,), "Overtime", state=APPROVED, comment="Until June."),
            "Ada",
        )  # fmt: skip
        store.decisions.add(Decision("Hire a smith", "The forge is full.", "Ada", state=APPROVED), "Ada")
        store.assumptions.add(
            Assumption(
                "Railway orders", "growth", 0.03, 0.01, 0.05, dt.date(2026, 1, 1), dt.date(2026, 6, 30)
            ),
            "Dana",
        )
        for scenario in SCENARIOS:
            sign(store, scenario)


def sign(store: Store, scenario: Scenario) -> Signoff:
    """Signs a stored scenario on the newest data, superseding whatever is signed."""
    version, verdicts = store.latest_version(), store.cleansing.verdicts()
    snapshot = Snapshot.from_tables(store.tables(version), version=version)
    planner = Planner(prepare(snapshot, verdicts=verdicts, cache=store.forecasts))
    pack = build(gather(store, planner, scenario.name, paths=0))
    last = store.signoffs.latest()
    return store.signoffs.sign(
        draw_up(store, planner.plan(scenario), pack), "Eve", "CEO", "As discussed.",
        supersedes=None if last is None else last.number, reason="" if last is None else "New facts.",
    )  # fmt: skip
