"""How what is there now differs from what was signed, in words: tables, frames, decisions, the pack, KPIs, packages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from sop_core.kpis import KPIS
from sop_core.pack.basis import code_version, packages
from sop_core.signoff import replay
from sop_core.signoff.marks import compare, first_of, table_digest
from sop_core.signoff.record import Signoff
from sop_core.signoff.rows import lines_digest
from sop_core.wording import kpi_exact


def tables_differ(
    signed: Signoff, tables: Mapping[str, pd.DataFrame], marks: Mapping[str, bytes]
) -> list[str]:
    """Tables and rows that are not as signed, by name as far as the row marks tell."""
    found: list[str] = []
    for name, frame in tables.items():
        then = signed.tables.get(name)
        if (then is None and not len(frame)) or (then is not None and table_digest(name, frame) == then):
            continue
        named = compare(name, marks.get(name, b""), frame) if name in marks or then is None else []
        found += named or [f"{name}: its rows are not those that were signed."]
    return found


def frame_differs(
    signed: Signoff, frame: str, now: Sequence[str], again: Mapping[str, Sequence[str]] | None
) -> list[str]:
    """Rows of a frame that were changed after signing, by name where the plan made again tells what was signed."""
    if not now:
        return [f"{frame}: all of its rows are missing."]
    then = () if again is None else again.get(frame, ())
    if not then:
        return [f"{frame}: its rows are not those that were signed."]
    rows = replay.rows_differ(
        frame, then, now, 0.0 if lines_digest(then) == signed.frames[frame] else replay.CLOSE
    )
    return first_of(rows) or [f"{frame}: its rows are not those that were signed."]


def members_differ(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """`why reads “...” where “...” was signed`."""
    around = [(name, then.get(name), now.get(name)) for name in ("who", "at")]
    inside = [
        (name, then["value"].get(name), now["value"].get(name)) for name in {**then["value"], **now["value"]}
    ]
    parts = [
        f"{name.replace('_', ' ')} reads {_quoted(is_now)} where {_quoted(was)} was signed"
        for name, was, is_now in (*inside, *around)
        if was != is_now
    ]
    return f"{'; '.join(parts) or 'it is written otherwise than when signed'}."


def _quoted(value: Any, most: int = 80) -> str:
    if value in (None, "", [], ()):
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"“{text[:most]}…”" if len(text) > most else f"“{text}”"


def pack_hint(signed: Signoff, text: str) -> str:
    """What in an edited pack contradicts the record, as far as the record knows it."""
    try:
        pack = json.loads(text)
        shown = {line["name"]: line["value"] for line in pack["kpis"]}
        cards = {card["id"]: card["title"] for card in pack["decisions"]}
    except (ValueError, KeyError, TypeError):
        return "it cannot be read any more."
    known = {name: value for name, value in shown.items() if name in signed.kpis}
    differ = replay.numbers_differ(known, {name: signed.kpis[name] for name in known}, replay.SAME)
    if differ:
        return f"it shows other KPIs: {kpis_named(differ)}."
    titles = {entry["id"]: entry["value"]["title"] for entry in map(json.loads, signed.decisions)}
    for which, title in titles.items():
        if cards.get(which) != title:
            return (
                f"decision {which} is called {_quoted(cards.get(which))} where {_quoted(title)} was signed."
            )
    return "its text has another fingerprint than the one that was signed; KPIs and decisions' titles agree."


def kpis_named(differ: Mapping[str, tuple[float | None, float | None]], most: int = 4) -> str:
    """KPIs that differ, (now, then), in words."""
    parts = [
        f"{KPIS[name].title if name in KPIS else name} {_number(name, now, then)} where "
        f"{_number(name, then, now)} was signed"
        for name, (now, then) in differ.items()
    ]
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return f"{', '.join(parts[:most])}{more}"


def _number(name: str, value: float | None, beside: float | None) -> str:
    """A KPI's value as screens write it in full; with every digit where it would read like the one beside it."""
    if value is None:
        return "no value"
    if name not in KPIS:
        return repr(value)
    full = kpi_exact(name, value)
    return repr(value) if beside is not None and kpi_exact(name, beside) == full else full


def environment(signed: Signoff, engine: str) -> list[tuple[str, str, str]]:
    """(what, then, now) of everything that a plan's digits depend on and that is not as when it was signed."""
    now = packages()
    found = [
        (name, f"{name} {signed.packages.get(name, 'none')}", f"{name} {now.get(name, 'none')}")
        for name in sorted({*signed.packages, *now})
        if signed.packages.get(name) != now.get(name)
    ]
    if signed.code_version != code_version():
        found.append(("code", f"release {signed.code_version}", f"release {code_version()}"))
    if signed.engine != engine:
        found.append(("engine", f"engine {signed.engine}", f"engine {engine}"))
    return found


def listing(words: Iterable[str]) -> str:
    """Words in a row."""
    return ", ".join(words)
