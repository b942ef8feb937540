"""Corrections of the history as a planner decides on them: gathered by item and month, one rule a line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sop_core.calendar import month_label, span_label
from sop_core.demand.cleansing import ACT_BY_THEMSELVES, FIXED, KINDS, Rule, Verdicts
from sop_core.demand.corrections import Correction
from sop_core.schema import ALL

#: Kinds whose corrections belong to a whole month of the company, to a segment's month, to a promotion.
_COMPANY = ("partial month", "partial last month")
_SEGMENT = ("missing channel",)
_CAUSE = ("promotion",)
#: Changes smaller than this part of what it was are not told.
_TOLD = 0.0005


@dataclass(frozen=True, slots=True)
class Line:
    """Corrections that are decided together. Quantities are units over all of its series and months."""

    kind: str
    item: str  #: `All` where it is about the whole company
    region: str  #: a name where all of it is in one, else blank
    segment: str
    cause: str
    months: tuple[np.datetime64, ...]
    before: float
    after: float  #: with the correction, whether or not it acts
    size: float  #: units moved up plus units moved down
    acting: int  #: corrections that act
    corrections: int
    reason: str  #: of the correction that moves most
    rule: Rule  #: what a decision on this line is about
    sample: Rule  #: names of the correction that moves most, to ask who decided

    @property
    def fixed(self) -> bool:
        """Whether another setting decides."""
        return self.kind in FIXED

    @property
    def acts(self) -> str:
        """Yes, No or In part."""
        if not self.acting:
            return "No"
        return "Yes" if self.acting == self.corrections else "In part"

    @property
    def when(self) -> str:
        """`Sep 25`, `Jun-Aug 25`."""
        return span_label(self.months[0], self.months[-1])


@dataclass(slots=True)
class _Sum:
    item: str
    first: Correction
    months: set[np.datetime64]
    regions: set[str]
    segments: set[str]
    before: float = 0.0
    after: float = 0.0
    size: float = 0.0
    acting: int = 0
    count: int = 0


def review_lines(
    corrections: Sequence[Correction],
    items: Collection[str] | None = None,
    region: str = ALL,
    segment: str = ALL,
) -> tuple[Line, ...]:
    """Lines of what is in view, the largest first. `items`: names in view (None: all).

    A line is an item and month, a promotion of an item, a segment's month, or a month of the company; where
    one region or segment is in view, its rule is about that one alone. Corrections of the whole company are
    always in view.
    """
    found: dict[tuple[str, str, str, str], _Sum] = {}
    for c in corrections:
        whole = c.kind in _COMPANY
        if not whole:
            if items is not None and c.item not in items:
                continue
            if region not in (ALL, c.region) or segment not in (ALL, c.segment):
                continue
        # A channel's gap is decided for all items at once, unless only some are in view.
        item = ALL if whole or (c.kind in _SEGMENT and items is None) else c.item
        key = (
            c.kind,
            item,
            c.cause if c.kind in _CAUSE else str(c.month),
            c.segment if c.kind in _SEGMENT else "",
        )
        entry = found.get(key)
        if entry is None:
            entry = found[key] = _Sum(item, c, set(), set(), set())
        moved = abs(c.after - c.before)
        if moved > abs(entry.first.after - entry.first.before):
            entry.first = c
        entry.months.add(c.month)
        entry.regions.add(c.region)
        entry.segments.add(c.segment)
        entry.before += c.before
        entry.after += c.after
        entry.size += moved
        entry.acting += c.accepted
        entry.count += 1
    lines = [_line(entry, region, segment) for entry in found.values()]
    return tuple(sorted(lines, key=lambda line: (-line.size, line.kind, line.item, line.months)))


def _line(entry: _Sum, region: str, segment: str) -> Line:
    c = entry.first
    whole = c.kind in _COMPANY
    months = tuple(sorted(entry.months))
    rule = Rule(
        c.kind,
        item="" if entry.item == ALL else entry.item,
        region="" if whole or region == ALL else region,
        segment="" if whole else c.segment if c.kind in _SEGMENT else "" if segment == ALL else segment,
        month="" if c.kind in _CAUSE else str(c.month.astype("datetime64[M]")),
        cause=c.cause if c.kind in _CAUSE else "",
    )
    return Line(
        kind=c.kind,
        item=entry.item,
        region=next(iter(entry.regions)) if len(entry.regions) == 1 and not whole else "",
        segment=next(iter(entry.segments)) if len(entry.segments) == 1 and not whole else "",
        cause=c.cause,
        months=months,
        before=entry.before,
        after=entry.after,
        size=entry.size,
        acting=entry.acting,
        corrections=entry.count,
        reason=c.reason,
        rule=rule,
        sample=Rule(c.kind, c.item, c.region, c.segment, str(c.month.astype("datetime64[M]")), c.cause),
    )


@dataclass(frozen=True, slots=True)
class KindSum:
    """What was proposed of one kind: lines to decide on, units moved net and in all, and how much of it acts."""

    kind: str
    lines: int
    net: float
    size: float
    acting: int
    corrections: int
    open: int  #: lines that nobody decided on and that do not act by themselves


def by_kind(lines: Sequence[Line], verdicts: Verdicts) -> tuple[KindSum, ...]:
    """One line a kind that was proposed, in the order of the steps."""
    out = []
    for kind in KINDS:
        mine = [line for line in lines if line.kind == kind]
        if mine:
            waiting = 0 if kind in ACT_BY_THEMSELVES else sum(decided_by(x, verdicts) is None for x in mine)
            out.append(
                KindSum(
                    kind,
                    len(mine),
                    sum(line.after - line.before for line in mine),
                    sum(line.size for line in mine),
                    sum(line.acting for line in mine),
                    sum(line.corrections for line in mine),
                    waiting,
                )
            )
    return tuple(out)


def decided_by(line: Line, verdicts: Verdicts) -> Rule | None:
    """The rule in force that decides on the line (on its largest correction); None where nobody decided."""
    at = line.sample
    found = verdicts.deciding(at.kind, at.item, at.region, at.segment, at.month, at.cause)
    return None if found is None else found.rule


def decide_all(
    kind: str,
    accept: bool,
    verdicts: Verdicts,
    items: Collection[str] | None = None,
    region: str = ALL,
    segment: str = ALL,
) -> list[tuple[Rule, bool | None]]:
    """The decision on all of a kind in view: one rule (or one an item in view), and narrower decisions that
    would stand against it taken back."""
    names = [""] if items is None or kind in _COMPANY else sorted(items)
    where = ("", "") if kind in _COMPANY else tuple("" if n == ALL else n for n in (region, segment))
    rules = [Rule(kind, item=name, region=where[0], segment=where[1]) for name in names]
    changes: list[tuple[Rule, bool | None]] = []
    for verdict in verdicts.all:
        old = verdict.rule
        if old.kind != kind or verdict.accept == accept or old in rules:
            continue
        if any(_within(old, rule) for rule in rules):
            changes.append((old, None))
    return changes + [(rule, accept) for rule in rules]


def _within(narrow: Rule, wide: Rule) -> bool:
    """Whether all that the one rule means is meant by the other."""
    pairs = (
        (wide.item, narrow.item),
        (wide.region, narrow.region),
        (wide.segment, narrow.segment),
        (wide.month, narrow.month),
        (wide.cause, narrow.cause),
    )
    return all(not wanted or wanted == has for wanted, has in pairs)


def rule_sentence(rule: Rule, verdict: bool | None, titles: Mapping[str, str] | None = None) -> str:
    """As in minutes: `Promotion Mower Weeks 2025, MOW-37: rejected`."""
    names = [rule.cause, (titles or {}).get(rule.item, rule.item), rule.region, rule.segment]
    if rule.month:
        names.append(month_label(rule.month))
    named = ", ".join(name for name in names if name)
    said = {True: "accepted", False: "rejected", None: "decision taken back"}[verdict]
    what = rule.kind[:1].upper() + rule.kind[1:]
    return f"{what}{', ' if named else ', all'}{named}: {said}"


def effect_sentence(before: Mapping[str, float], after: Mapping[str, float], months: int) -> str:
    """What a decision did to the forecast, by name (family), largest first: `Forecast of the next 12 months:
    Mowers +3.1 %, Grills -0.4 %; all together +0.8 %.`"""
    changes = {
        name: after.get(name, 0.0) / units - 1.0
        for name, units in before.items()
        if units > 0 and abs(after.get(name, 0.0) / units - 1.0) >= _TOLD
    }
    if not changes:
        return f"The forecast of the next {months} months stays as it was."
    ranked = sorted(changes, key=lambda name: -abs(after.get(name, 0.0) - before[name]))
    said = ", ".join(f"{name} {changes[name] * 100:+.1f} %" for name in ranked[:3])
    if len(ranked) > 3:
        said += f" and {len(ranked) - 3} more"
    if len(before) > 1:
        total = sum(after.values()) / sum(before.values()) - 1.0
        said += f"; all together {total * 100:+.1f} %"
    return f"Forecast of the next {months} months: {said}.".replace("-", "\N{MINUS SIGN}")
