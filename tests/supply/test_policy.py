"""Stock policy against published worked examples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sop_core.supply.policy import economic_lot, kanban_size, reorder_point, safety_stock


def test_economic_lot_of_the_textbook(shared_dir: Path) -> None:
    cases = json.loads((shared_dir / "cases" / "snyder_shen_inventory.json").read_text())["cases"]
    case = next(c for c in cases if c["name"].startswith("EOQ"))
    given = case["inputs"]
    assert economic_lot(given["K"], given["h"], given["demand"]) == pytest.approx(tuple(case["expected"]))


def test_safety_stock_is_z_sigma_root_of_lead_and_review() -> None:
    # z(0.95) = 1.644854; 20 units over 3 + 1 months: 1.644854 x 20 x 2.
    found = safety_stock(np.array([20.0]), np.array([3.0]), np.array([0.95]))
    assert found == pytest.approx([65.794], abs=1e-3)


def test_safety_stock_is_never_negative() -> None:
    assert safety_stock(np.array([20.0]), np.array([3.0]), np.array([0.3])).tolist() == [0.0]


def test_reorder_point_covers_demand_over_the_lead_time() -> None:
    found = reorder_point(np.array([100.0]), np.array([20.0]), np.array([4.0]), np.array([0.5]))
    assert found == pytest.approx([400.0])


@pytest.mark.parametrize(("safety", "containers"), [(0.0, 5), (0.1, 6)])
def test_kanban_rounds_up_to_whole_containers(safety: float, containers: int) -> None:
    assert kanban_size(100.0, 0.5, safety, 10.0) == containers
