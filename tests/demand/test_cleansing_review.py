"""Corrections gathered into decisions: what a line is, what its rule reaches, how decisions are told."""

from __future__ import annotations

import numpy as np
import pytest

from sop_core.demand.cleansing import NO_VERDICTS, Rule, Verdict, Verdicts
from sop_core.demand.cleansing_review import (
    Line,
    by_kind,
    decide_all,
    decided_by,
    effect_sentence,
    review_lines,
    rule_sentence,
)
from sop_core.demand.history import Correction, History
from tests.demand.test_cleansing import build, everything


def one(
    kind: str, item: str, region: str, month: str, before: float, after: float, cause: str = ""
) -> Correction:
    return Correction(np.datetime64(month, "M"), item, region, "Web", kind, before, after, "why", True, cause)


SOME = (
    Correction(np.datetime64("2025-01"), "All", "All", "All", "partial month", 40.0, 0.0, "cut"),
    one("promotion", "A", "North", "2025-05", 150.0, 100.0, "May sale"),
    one("promotion", "A", "South", "2025-05", 75.0, 50.0, "May sale"),
    one("promotion", "A", "North", "2025-06", 90.0, 100.0, "May sale"),
    one("promotion", "B", "North", "2025-05", 30.0, 20.0, "May sale"),
    one("missing channel", "A", "North", "2025-03", 0.0, 60.0),
    one("missing channel", "B", "South", "2025-03", 0.0, 10.0),
    one("outlier", "B", "South", "2025-08", 500.0, 80.0),
)


def of(lines: tuple[Line, ...], kind: str) -> list[Line]:
    return [line for line in lines if line.kind == kind]


def test_lines_are_the_things_people_decide_on() -> None:
    lines = review_lines(SOME)
    assert [line.kind for line in lines][:2] == ["outlier", "promotion"]
    a, b = of(lines, "promotion")
    assert (a.item, a.when, a.before, a.after, a.size, a.corrections) == ("A", "May-Jun 25", 315, 250, 85, 3)
    assert a.rule == Rule("promotion", item="A", cause="May sale")
    assert (b.region, b.segment) == ("North", "Web")
    (gap,) = of(lines, "missing channel")
    assert (gap.item, gap.after) == ("All", 70.0)
    assert gap.rule == Rule("missing channel", segment="Web", month="2025-03")
    (cut,) = of(lines, "partial month")
    assert cut.rule == Rule("partial month", month="2025-01")


def test_a_filtered_view_shows_and_decides_its_part_alone() -> None:
    lines = review_lines(SOME, items={"A"}, region="North")
    assert {line.kind for line in lines} == {"promotion", "missing channel", "partial month"}
    (sale,) = of(lines, "promotion")
    assert (sale.before, sale.rule) == (240.0, Rule("promotion", item="A", region="North", cause="May sale"))
    (gap,) = of(lines, "missing channel")
    assert gap.rule == Rule("missing channel", item="A", region="North", segment="Web", month="2025-03")


def test_no_corrections_no_lines() -> None:
    assert review_lines(()) == ()
    assert by_kind((), NO_VERDICTS) == ()


@pytest.mark.parametrize("accept", [True, False])
def test_deciding_on_every_line_decides_on_every_correction(accept: bool) -> None:
    """The rules of the lines reach all that was proposed and nothing else."""
    proposed = review_lines(build(everything()).corrections)
    history: History = build(everything(), *[(line.rule, accept) for line in proposed])
    assert {c.accepted for c in history.corrections} == {accept}
    if not accept:
        assert (history.cleaned == history.actual).all()


def test_sums_tell_what_waits() -> None:
    lines = review_lines(build(everything()).corrections)
    sums = {s.kind: s for s in by_kind(lines, NO_VERDICTS)}
    assert sums["outlier"].open == 1
    assert sums["promotion"].open == 0
    assert sums["promotion"].acting == sums["promotion"].corrections
    assert sums["promotion"].net < 0
    decided = Verdicts((Verdict(Rule("outlier"), False),), 1)
    assert {s.kind: s.open for s in by_kind(lines, decided)}["outlier"] == 0
    (outlier,) = of(lines, "outlier")
    assert decided_by(outlier, decided) == Rule("outlier")
    assert decided_by(outlier, NO_VERDICTS) is None


def test_all_of_a_kind_overrules_single_decisions_against_it() -> None:
    single = Rule("promotion", item="A", cause="May sale")
    agrees = Rule("promotion", item="B")
    verdicts = Verdicts((Verdict(single, True), Verdict(agrees, False), Verdict(Rule("returns"), True)), 3)
    assert decide_all("promotion", False, verdicts) == [(single, None), (Rule("promotion"), False)]
    north = decide_all("promotion", False, verdicts, items={"A", "C"}, region="North")
    assert north == [
        (Rule("promotion", item="A", region="North"), False),
        (Rule("promotion", item="C", region="North"), False),
    ]
    assert decide_all("partial month", False, verdicts, items={"A"}, region="North") == [
        (Rule("partial month"), False)
    ]


def test_decisions_read_like_minutes() -> None:
    rule = Rule("promotion", item="P1", region="North", cause="May sale")
    assert rule_sentence(rule, False, {"P1": "Anvil"}) == "Promotion, May sale, Anvil, North: rejected"
    assert rule_sentence(Rule("outlier", month="2025-08"), True) == "Outlier, Aug 25: accepted"
    assert rule_sentence(Rule("returns"), None) == "Returns, all: decision taken back"


def test_the_effect_is_told_largest_first() -> None:
    before = {"Mowers": 1000.0, "Grills": 4000.0, "Hoses": 100.0, "Rakes": 0.0}
    after = {"Mowers": 1031.0, "Grills": 3984.0, "Hoses": 100.0, "Rakes": 0.0}
    said = effect_sentence(before, after, 12)
    assert (
        said
        == "Forecast of the next 12 months: Mowers +3.1 %, Grills \N{MINUS SIGN}0.4 %; all together +0.3 %."
    )
    assert effect_sentence(before, before, 6) == "The forecast of the next 6 months stays as it was."
    assert effect_sentence({}, {}, 12) == "The forecast of the next 12 months stays as it was."
