"""The parts of the proposal that are read, not pressed, as HTML: pure functions of a Pack, data escaped.

Numbers are written by their unit alone, so that a Pack signed in an earlier release, with a KPI that is gone, still
draws.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pages.parts import format as fmt
from sop_core.calendar import month_label
from sop_core.pack import value as v

#: What is compared between scenarios, in the order in which the first that are known are taken.
_COMPARED = (
    "margin", "service_level", "stock_value", "cash", "revenue", "working_capital", "peak_utilisation", "days_of_supply",
)  # fmt: skip
#: KPIs with a card of their own: what is earned, promised, tied up and paid. Others follow where one is not known.
_CARDS = ("revenue", "margin", "service_level", "stock_value", "working_capital", "cash")
_MOST = 6
#: Columns of numbers in the scenarios' table.
_COLUMNS = 4
#: Defaults named on the page; the rest is counted.
_DEFAULTS = 3
#: Said where nobody agreed on the demand, in the words of the pack.
_NOT_AGREED = "Demand of this cycle is not agreed."


def amount(value: float | None, unit: str, currency: str) -> str:
    """A value with its unit: `1.24 M EUR`, `96.4 %`, `31 days`; unknown as an en dash."""
    if unit == "fraction":
        return fmt.percent(value)
    text = fmt.short(value)
    label = fmt.unit_label(unit, currency)
    return f"{text} {label}" if label and text != fmt.DASH else text


def bare_amount(value: float | None, unit: str) -> str:
    """The same without its unit, which stands in a header; fractions in percent."""
    if unit == "fraction":
        return fmt.percent(value).removesuffix(" %")
    return fmt.short(value)


def gap(difference: float, unit: str, good: bool | None, *, word: bool = True) -> str:
    """A difference as HTML: arrow, sign and, unless told not to, the word; what rounds to nothing is equal."""
    text = fmt.short(difference, signed=True)
    if unit == "fraction":
        text = fmt.exact(difference * 100, 1, signed=True)
        text = text if text == fmt.DASH else f"{text} pp"
    if text == fmt.DASH:
        return "equal"
    arrow = "▲" if difference > 0 else "▼"
    if good is None:
        return f"{arrow} {text}"
    look, said = ("sop-good", " favourable") if good else ("sop-bad", " unfavourable")
    return f'<span class="{look}">{arrow} {text}{said if word else ""}</span>'


def day(text: str) -> str:
    """`15 Dec 2026` for `2026-12-15`; anything else as it is."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.day} {found:%b %Y}"


# -- the top ------------------------------------------------------------------------------------------------


def head(pack: v.Pack) -> str:
    """Company, cycle and title, the proposal in one sentence, its Changes and what else must be said first."""
    who = f"{fmt.safe(pack.company)} · " if pack.company else ""
    more = "".join(f"<li>{fmt.safe(line)}</li>" for line in pack.sentences[: pack.foremost])
    listed = f'<ul class="ex-more">{more}</ul>' if more else ""
    return (
        f'<div class="ex"><p class="ex-top">{who}Executive review of {month_label(pack.cycle)} · '
        f'{fmt.safe(pack.title)}</p><p class="ex-said" role="heading" aria-level="1">{fmt.safe(pack.proposal)}</p>'
        f"{listed}</div>"
    )


def kpis(pack: v.Pack) -> str:
    """A card for each of six KPIs: value, and what it is held against with the gap in words; below them what else has a
    target, and what the yardsticks rest on."""
    shown = carded(pack)
    cards = "".join(_kpi(line, pack.currency) for line in shown)
    count = max(len(shown), 1)
    half = count if count <= 4 else (count + 1) // 2
    return (
        f'<div class="ex"><div class="ex-kpis" role="list" style="--all:{count};--half:{half}">{cards}</div>'
        f"{_targets(pack, shown)}"
        f'<p class="quiet" style="margin-top:.25em">{_yardsticks(pack)}</p></div>'
    )


def carded(pack: v.Pack) -> list[v.KpiLine]:
    """The KPIs that have a card."""
    found = [line for name in _CARDS if (line := pack.kpi(name)) is not None and line.value is not None]
    held = sorted(
        (line for line in pack.kpis if line not in found and line.value is not None),
        key=lambda line: not any(one.kind in (v.TARGET, v.BUDGET) for one in line.against),
    )
    return [*found, *held][:_MOST]


def _targets(pack: v.Pack, shown: Sequence[v.KpiLine]) -> str:
    """The KPIs without a card that have a target, in a line."""
    said = []
    for line in pack.kpis:
        aim = next((one for one in line.against if one.kind == v.TARGET), None)
        if line in shown or aim is None or line.value is None:
            continue
        kept = {
            True: '<span class="sop-good">✓ met</span>',
            False: '<span class="sop-bad">✗ missed</span>',
        }
        word = f" {kept[aim.good]}" if aim.good is not None else ""
        said.append(
            f"{fmt.safe(line.title)} <b>{fmt.safe(amount(line.value, line.unit, pack.currency))}</b> "
            f"(target {fmt.safe(amount(aim.amount, line.unit, pack.currency))}){word}"
        )
    return f'<p class="ex-targets">Also held against a target: {"; ".join(said)}.</p>' if said else ""


def _kpi(line: v.KpiLine, currency: str) -> str:
    against = "".join(_against(line, one, currency) for one in line.against)
    rows = f"<dl>{against}</dl>" if against else ""
    unit = f" ({fmt.unit_label(line.unit, currency)})" if line.unit == "money" else ""
    tip = f"{line.title} = {line.formula}{unit}"
    return (
        f'<div class="ex-kpi" role="listitem" title="{fmt.safe(tip)}"><b>{fmt.safe(line.title)}</b>'
        f"<strong>{fmt.safe(amount(line.value, line.unit, currency))}</strong>{rows}</div>"
    )


def _against(line: v.KpiLine, one: v.Against, currency: str) -> str:
    title = v.YARDSTICKS.get(one.kind, one.kind)
    shown = amount(one.amount, line.unit, currency)
    said = gap(one.gap, line.unit, one.good)
    if one.kind == v.TARGET and one.good and line.direction in ("up", "down"):
        by_sign = one.gap == 0 or (one.gap > 0) == (line.direction == "up")
        said = said if by_sign else said.replace("favourable", "within tolerance")
    return f"<div><dt>{fmt.safe(title)} <em>{fmt.safe(shown)}</em></dt><dd>{said}</dd></div>"


def _yardsticks(pack: v.Pack) -> str:
    """What the yardsticks rest on, over which months, and which of them are missing and where to bring them."""
    said: list[str] = []
    first, last = month_label(pack.months[pack.closed]), month_label(pack.months[-1])
    said.append(f"Values are of {first} to {last}.")
    for kind, title in v.YARDSTICKS.items():
        found = [one for line in pack.kpis for one in line.against if one.kind == kind]
        # A target's note is its tolerance, which the words beside it have taken into account.
        notes = list(dict.fromkeys(one.note for one in found if one.note and kind != v.TARGET))
        spans = list(dict.fromkeys(one.months for one in found if one.months))
        if notes or spans:
            over = f" over {' and '.join(spans)}, beside the plan of the same months" if spans else ""
            said.append(f"{title}{': ' if notes else ''}{'; '.join(notes)}{over}.")
    missing = [
        f"{title} ({how})"
        for kind, title, how in (
            (v.TARGET, "targets", "file <b>targets</b>"),
            (v.BUDGET, "a budget", "file <b>budget</b>"),
            (v.LAST, "a last LE", "sign a plan, or keep an estimate, each month"),
        )
        if not any(one.kind == kind for line in pack.kpis for one in line.against)
    ]
    text = " ".join(fmt.safe(line) for line in said)
    if missing:
        text += f" There is nothing yet to hold it against for {', '.join(missing)}."
    return text


# -- scenarios ----------------------------------------------------------------------------------------------


def scenarios(pack: v.Pack) -> str:
    """Up to four scenarios side by side, the recommended one marked, with the chance to miss the first target."""
    known = {line.name: line for line in pack.kpis}
    order = [name for name in _COMPARED if name in known]
    order += [name for name in known if name not in order]
    shown = [
        name for name in order if any(one.kpis.get(name) is not None for one in pack.scenarios)
    ][:_COLUMNS]  # fmt: skip
    missed = _missed(pack)
    heads = "".join(
        f"<th>{fmt.safe(known[name].title)}, {fmt.safe(_unit(known[name].unit, pack.currency))}</th>"
        for name in shown
    )
    if missed is not None:
        heads += f"<th>{fmt.safe(missed.title)} missed, %</th>"
    rows = "".join(_scenario(one, shown, known, missed) for one in pack.scenarios[:4])
    alone = ""
    if len(pack.scenarios) < 2:
        alone = (
            '<p class="quiet">There is nothing beside it: save a what-if in Scenarios, or take a way out from '
            "Trade-offs, and it is compared here.</p>"
        )
    return (
        '<div class="ex ex-block"><h3>Scenarios considered</h3><table><thead><tr><th>Scenario</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table>{alone}</div>"
    )


def _unit(unit: str, currency: str) -> str:
    return fmt.unit_label(unit, currency)


def _missed(pack: v.Pack) -> v.RiskLine | None:
    """The first line of the risk whose chance the scenarios know."""
    lines = pack.risk.lines if pack.risk is not None else ()
    return next(
        (line for line in lines if any(one.misses.get(line.name) is not None for one in pack.scenarios)), None
    )


def _scenario(
    one: v.ScenarioLine, shown: Sequence[str], known: dict[str, v.KpiLine], missed: v.RiskLine | None
) -> str:
    mark = ' <span class="ex-chip pick">✓ recommended</span>' if one.recommended else ""
    said = " ".join(text for text in (one.sentence, one.note) if text)
    cells = "".join(f"<td>{bare_amount(one.kpis.get(name), known[name].unit)}</td>" for name in shown)
    if missed is not None:
        cells += f"<td>{_chance(one.misses.get(missed.name), sign=False)}</td>"
    look = ' class="chosen"' if one.recommended else ""
    row = f"<tr{look}><td>{fmt.safe(one.name)}{mark}</td>{cells}</tr>"
    if not said:
        return row
    wide = 1 + len(shown) + (missed is not None)
    tone = " chosen" if one.recommended else ""
    return f'{row}<tr class="said{tone}"><td colspan="{wide}">{fmt.safe(said)}</td></tr>'


def _chance(value: float | None, *, sign: bool = True) -> str:
    if value is None:
        return fmt.DASH
    text = fmt.percent(value, 0)
    return text if sign else text.removesuffix(" %")


# -- risk ---------------------------------------------------------------------------------------------------


def risk(pack: v.Pack, waiting: str = "") -> str:
    """P10 to P90 of each KPI beside plan and target, with the chance to miss it. `waiting`: what is still worked out."""
    if pack.risk is None:
        said = waiting or (
            "The risk is not known: it is simulated from how far forecasts were off in the past, so it needs at least "
            "two years of sales history."
        )
        return f'<div class="ex ex-block"><h3>Risk</h3><p class="ex-empty">{fmt.safe(said)}</p></div>'
    part = pack.risk
    rows = "".join(_risk_line(line, pack.currency) for line in part.lines)
    aimless = ""
    if not any(line.target is not None for line in part.lines):
        aimless = (
            " No target is known, so nothing can be missed: bring the file <b>targets</b> on the Data page."
        )
    return (
        f'<div class="ex ex-block"><h3>Risk <i>over {part.paths:,} paths of demand</i></h3>'
        f"<p>{fmt.safe(part.sentence)}</p><table><thead><tr><th></th><th>P10</th><th>P50</th><th>P90</th><th>Plan</th><th>Target</th>"
        f"<th>Chance to miss</th></tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="quiet">{fmt.safe(part.holds)}{aimless}</p></div>'
    )


def _risk_line(line: v.RiskLine, currency: str) -> str:
    values = "".join(
        f"<td>{bare_amount(value, line.unit)}</td>"
        for value in (line.p10, line.p50, line.p90, line.plan, line.target)
    )
    look = "" if line.miss is None else ' class="sop-bad"' if line.miss >= 0.5 else ""
    unit = fmt.safe(_unit(line.unit, currency))
    return f"<tr><td>{fmt.safe(line.title)}, {unit}</td>{values}<td{look}>{_chance(line.miss)}</td></tr>"


def threats(pack: v.Pack) -> str:
    """The three things most likely to break the plan, with what is at stake."""
    title = "<h3>What could break the plan</h3>"
    if not pack.threats:
        said = (
            "Nothing stands out: nothing is short or full, no assumption is uncertain. Write assumptions down in Demand, "
            "and bring resources and targets, so that what could break the plan can be named."
        )
        return f'<div class="ex ex-block">{title}<p class="ex-empty">{said}</p></div>'
    rows = "".join(
        f"<li>{_stake(one, pack.currency)}<b>{fmt.safe(one.title)}</b><br>{fmt.safe(one.sentence)}</li>"
        for one in pack.threats[:3]
    )
    return f'<div class="ex ex-block">{title}<ol class="ex-threats">{rows}</ol></div>'


def _stake(one: v.Threat, currency: str) -> str:
    parts = [fmt.money(one.amount, currency)] if one.amount is not None else []
    parts += [f"{_chance(one.chance)} likely"] if one.chance is not None else []
    return f"<em>{fmt.safe(', '.join(parts))}</em>" if parts else ""


# -- what it rests on -----------------------------------------------------------------------------------------


def basis(pack: v.Pack) -> str:
    """What is not known or left out, data version, agreement, engine and defaults, in quiet lines."""
    b = pack.basis
    notes = [line for line in pack.sentences[pack.foremost :] if line not in (b.agreement, _NOT_AGREED)]
    data = f"data version {b.data_version}"
    data += f" of {day(b.imported)}" if b.imported else ""
    data += f", cleansing revision {b.review}" if b.review else ""
    saved = f"revision {b.scenario_revision}" if b.scenario_revision else "not saved"
    scenario = "" if not b.scenario_revision and b.scenario == "Base" else f" ({saved})"
    agreed = b.agreement or _NOT_AGREED
    left = f", within {fmt.percent(b.gap, 2)} of the best plan in whole numbers" if b.gap else ""
    said = (
        f"Rests on {data}; scenario {b.scenario}{scenario}. {agreed} Plan {b.plan_fingerprint[:12]} by {b.engine}, "
        f"{b.status}{left}; code {b.code_version}."
    )
    if b.defaults:
        rest = len(b.defaults) - _DEFAULTS
        more = f" And {rest} more: see Data." if rest > 0 else ""
        count = f"{len(b.defaults)} default{'s' if len(b.defaults) > 1 else ''}"
        said += f" It uses {count} where data are missing: {' · '.join(b.defaults[:_DEFAULTS])}.{more}"
    else:
        said += " No default stands in for missing data."
    noted = f"<p>{fmt.safe(' '.join(notes))}</p>" if notes else ""
    return f'<div class="ex quiet">{noted}<p>{fmt.safe(said)}</p></div>'
