"""The Packs made by hand hang together as real ones do."""

from __future__ import annotations

import pytest

from sop_core.pack.codec import from_json, to_json
from sop_core.pack.value import PICTURES, Pack
from tests import packs


@pytest.mark.parametrize("pack", [packs.example(), packs.bare()], ids=["example", "bare"])
def test_every_line_has_a_value_a_month_and_the_text_comes_back(pack: Pack) -> None:
    months = len(pack.months)
    lines = [line.values for picture in pack.pictures for line in picture.series]
    lines += [line.by_month for line in pack.kpis] + [line.revenue for line in pack.families]
    assert all(len(line) == months for line in lines)
    assert [picture.name for picture in pack.pictures] == list(PICTURES)
    assert from_json(Pack, to_json(pack)) == pack


def test_the_example_adds_up() -> None:
    pack = packs.example()
    revenue, margin = pack.kpi("revenue"), pack.kpi("margin")
    assert revenue is not None
    assert margin is not None
    of_families = sum(x or 0.0 for family in pack.families for x in family.revenue[pack.closed :])
    assert of_families == pytest.approx(revenue.value)
    assert sum(x or 0.0 for x in margin.by_month) == pytest.approx(margin.value)
    for bridge in (pack.bridge, pack.year and pack.year.variance):
        assert bridge
        assert bridge.start_value + sum(step.amount for step in bridge.steps) == pytest.approx(
            bridge.end_value
        )
    assert pack.year
    for row in pack.year.rows:
        if row.kind == "flow":
            assert sum(x or 0.0 for x in row.plan[:4]) == pytest.approx(row.plan[4])
