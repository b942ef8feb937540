"""Small companies for tests of the screens: what a newcomer may bring."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pandas as pd

from sop_core.planner import prepare
from sop_core.snapshot import Snapshot
from sop_core.store import Store

#: Rows of sales from which on the store comes with its forecasts, so that each copy need not fit them again.
MANY = 1_000
_WAYS = ["make Anvil", "make Order"]
_FORGE = {"resource": "Forge", "site": "Works", "hours": 70.0, "overtime_hours": 10.0, "hour_cost": 1.0}


def sales_only(months: int = 30) -> dict[str, pd.DataFrame]:
    """Two products, nothing but sales: month, product, quantity."""
    stamps = pd.date_range("2024-01-01", periods=months, freq="MS")
    season = 1.0 + 0.3 * np.sin(2 * np.pi * (stamps.month.to_numpy() - 1) / 12)
    rows = [
        {"month": stamp, "product": product, "quantity": float(round(level * factor))}
        for product, level in (("Anvil", 100.0), ("Bellows", 40.0))
        for stamp, factor in zip(stamps, season, strict=True)
    ]
    return {"sales": pd.DataFrame(rows)}


def demand_plan_only() -> dict[str, pd.DataFrame]:
    """No history: six months of the company's own demand plan."""
    stamps = pd.date_range("2026-01-01", periods=6, freq="MS")
    rows = [
        {"month": stamp, "product": "Anvil", "quantity": 100.0 + 10 * n} for n, stamp in enumerate(stamps)
    ]
    settings = pd.DataFrame({"setting": ["horizon_months"], "value": ["6"]})
    return {"demand_plan": pd.DataFrame(rows), "settings": settings}


def full_line() -> dict[str, pd.DataFrame]:
    """One line of 100 hours a month, made to stock and to order, short in spring; stock, budget, a past."""
    past = pd.date_range("2025-01-01", periods=12, freq="MS")
    ahead = pd.date_range("2026-01-01", periods=6, freq="MS")
    need = {"Anvil": [60.0, 60.0, 140.0, 60.0, 60.0, 60.0], "Order": [5.0, 5.0, 5.0, 5.0, 5.0, 5.0]}
    sales = [
        {"month": m, "product": p, "quantity": q, "revenue": q * 10}
        for m in past
        for p, q in (("Anvil", 50.0), ("Order", 5.0))
    ]
    plan = [
        {"month": m, "product": p, "quantity": q}
        for p, values in need.items()
        for m, q in zip(ahead, values, strict=True)
    ]
    stock = [{"month": m, "product": "Anvil", "site": "Works", "quantity": 20.0} for m in past]
    made = [
        {"month": m, "product": "Anvil", "site": "Works", "quantity": 52.0, "planned_quantity": 55.0}
        for m in past
    ]
    budget = [{"month": m, "revenue": 700.0, "quantity": 65.0, "family": "Iron"} for m in [*past, *ahead]]
    return {
        "products": pd.DataFrame(
            {
                "product": ["Anvil", "Order"],
                "name": ["Anvil 10 kg", "=HYPERLINK(1)"],
                "family": ["Iron", "Iron"],
                "category": ["Metal", "Metal"],
                "unit": ["piece", "piece"],
                "price": [10.0, 10.0],
                "unit_cost": [4.0, 4.0],
                "policy": ["MTS", "MTO"],
            }
        ),
        "sales": pd.DataFrame(sales),
        "demand_plan": pd.DataFrame(plan),
        "inventory": pd.DataFrame(stock),
        "production": pd.DataFrame(made),
        "budget": pd.DataFrame(budget),
        "resources": pd.DataFrame([_FORGE]),
        "sources": pd.DataFrame({"source": _WAYS, "product": ["Anvil", "Order"], "site": ["Works", "Works"]}),
        "routings": pd.DataFrame({"source": _WAYS, "resource": ["Forge", "Forge"], "hours_per_unit": [1.0, 1.0]}),
        "targets": pd.DataFrame({"kpi": ["service_level"], "target": [0.99], "direction": ["up"]}),
        "settings": pd.DataFrame(
            {
                "setting": ["plan_start", "horizon_months", "demand", "frozen_months"],
                "value": ["2026-01-01", "6", "demand_plan", "0"],
            }
        ),
    }  # fmt: skip


#: Stores made so far, by their content: most tests begin with the same few, and a copy costs nothing.
_MADE: dict[str, bytes] = {}


def build(path: Path, tables: dict[str, pd.DataFrame]) -> Path:
    """A store with these tables as its first data version."""
    key = hashlib.sha256(pickle.dumps(sorted(tables.items()))).hexdigest()
    if key not in _MADE:
        with Store.open(path) as store:
            if tables:
                store.import_tables(tables, "test")
                if len(tables.get("sales", ())) > MANY:
                    prepare(Snapshot.from_tables(store.tables(), 1), cache=store.forecasts)
        _MADE[key] = path.read_bytes()
    path.write_bytes(_MADE[key])
    return path
