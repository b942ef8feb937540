"""Packs that are too much of everything: long names, many families, resources, decisions, months and steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from sop_core.pack import value as v
from tests import packs

LONG = ("A very long name of something that nobody should ever have called like that but somebody did, " * 3)[
    :200
]
#: One word that no line can hold.
WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützen" * 4
#: What files and formulas stumble over.
ODD = "=1+1 <b>& \x0b\"quoted\" 'x' \u65e5\u672c\u8a9e\u306e\u540d\u524d " + LONG[:120]
_MONTHS = 26

T = TypeVar("T")


def _over(values: tuple[T, ...], count: int = _MONTHS) -> tuple[T, ...]:
    return tuple(values[at % len(values)] for at in range(count))


def _later(values: v.Monthly, count: int = _MONTHS) -> v.Monthly:
    """The series over more months; closed ones stay what they are."""
    planned = values[packs.CLOSED :]
    return values[: packs.CLOSED] + tuple(planned[at % len(planned)] for at in range(count - packs.CLOSED))


def _series(one: v.Series) -> v.Series:
    return replace(one, values=_later(one.values))


def _family(one: v.FamilyLine, at: int) -> v.FamilyLine:
    large = tuple(None if value is None else value * 1e6 for value in _later(one.stock_value))
    return replace(
        one, name=f"{(LONG, WORD, ODD)[at % 3][:150]} {at}", demand=_later(one.demand), served=_later(one.served),
        stock=_later(one.stock), stock_value=large, revenue=_later(one.revenue),
    )  # fmt: skip


def _resource(one: v.ResourceLine, at: int) -> v.ResourceLine:
    needed = tuple(None if value is None else value * (1 + at / 20) for value in _later(one.needed))
    return replace(
        one, name=f"R{at}", title=f"{at} {LONG}"[:200], needed=needed, available=_later(one.available),
        overtime=_later(one.overtime),
    )  # fmt: skip


def extreme() -> v.Pack:
    """Sixty families, forty resources, decisions, assumptions and actions, 26 months, names of 200 letters."""
    pack = packs.example()
    assert pack.risk is not None
    assert pack.year is not None
    steps = tuple(
        v.Step(
            LONG if at % 2 else f"Step {at}", (-1.0) ** at * 5e5 * (at + 1), (True, False, None)[at % 3], LONG
        )
        for at in range(20)
    )
    end = 1e6 + sum(step.amount for step in steps)
    bridge = v.Bridge(LONG, "money", LONG, 1e6, WORD, end, steps, LONG, LONG)
    periods = tuple(f"FY {27 + at // 5}{f' Q{at % 5 + 1}' if at % 5 < 4 else ''}" for at in range(15))
    rows = tuple(
        replace(
            row, title=LONG[:60], plan=_over(row.plan, 15), budget=_over(row.budget, 15), last=(-1.5e11,) * 15
        )
        for row in pack.year.rows
    )
    return replace(
        pack,
        company=LONG,
        title=ODD,
        proposal=f"{pack.proposal} {LONG} {WORD}",
        sentences=(LONG, ODD, WORD) * 4,
        months=tuple(f"{2026 + (8 + at) // 12}-{(8 + at) % 12 + 1:02d}" for at in range(_MONTHS)),
        kpis=tuple(
            replace(line, title=LONG if at % 2 else line.title, value=(line.value or 0.0) * 1e9,
                    by_month=_later(line.by_month), against=tuple(replace(one, note=LONG) for one in line.against))
            for at, line in enumerate(pack.kpis * 3)
        ),
        pictures=tuple(
            replace(one, sentence=LONG + one.sentence, series=tuple(map(_series, one.series))) for one in pack.pictures
        ),
        families=tuple(_family(pack.families[at % 3], at) for at in range(60)),
        resources=tuple(_resource(pack.resources[0], at) for at in range(40)),
        scenarios=tuple(
            replace(one, name=(LONG, ODD, WORD, LONG)[at], changes=(LONG, ODD, WORD) * 10, sentence=LONG)
            for at, one in enumerate(pack.scenarios)
        ) + pack.scenarios[2:],
        risk=replace(
            pack.risk, sentence=LONG, holds=LONG, carriers=((WORD, 0.5), (LONG, 0.3)),
            lines=tuple(replace(one, title=LONG, p10=-1.5e12) for one in pack.risk.lines) * 4,
        ),
        threats=tuple(replace(one, title=WORD, sentence=LONG + LONG) for one in pack.threats) * 3,
        decisions=tuple(
            replace(pack.decisions[at % 3], id=at, title=(LONG, ODD, WORD)[at % 3], owner=LONG, recommendation=WORD,
                    waiting_amount=1.2e12)
            for at in range(40)
        ),
        bridge=bridge,
        year=replace(
            pack.year, periods=periods, whole=(False,) * 15, years=tuple(at % 5 == 4 for at in range(15)),
            closed=(0,) * 15, rows=rows, main=periods[4], sentence=LONG, variance=bridge,
        ),
        assumptions=tuple(replace(one, sentence=LONG, owner=WORD, status=LONG[:40]) for one in pack.assumptions) * 20,
        actions=tuple(replace(one, what=ODD, owner=LONG, source=LONG[:50]) for one in pack.actions) * 20,
        shortages=((LONG, 1e12), (WORD, 5.0), (ODD, 0.0)) * 10,
        definitions=tuple(v.Definition(f"{LONG[:60]} {at}", LONG[:40], LONG) for at in range(60)),
        basis=replace(
            pack.basis, scenario=LONG, agreement=LONG, engine=WORD, defaults=(LONG,) * 20, status=LONG[:50], gap=0.0123,
            packages={f"package-{at}": "1.0" for at in range(80)},
        ),
    )  # fmt: skip


def empty() -> v.Pack:
    """Next to nothing: no month is planned, nothing is known."""
    return packs.bare(
        kpis=(),
        pictures=(),
        families=(),
        scenarios=(),
        sentences=(),
        definitions=(),
        months=("2026-09", "2026-10"),
    )
