"""The chain, the arithmetic and the worth of an explanation as HTML: read by eye and by screen readers."""

from __future__ import annotations

import math

from pages.parts import format as fmt
from sop_core.explain import Explanation, Link, Priced, Way

STYLES = """<style>
.sop-why{font-size:1.02rem;font-weight:600;line-height:1.4;margin:.1rem 0 .2rem;color:var(--sop-ink)}
.sop-because{font-size:.84rem;line-height:1.45;margin:.15rem 0;color:var(--sop-ink)}
.sop-chain{display:flex;flex-wrap:wrap;gap:.3rem .25rem;align-items:stretch;margin:.3rem 0}
.sop-chain>div{display:flex;align-items:center;gap:.25rem}
.sop-chain>div+div::before{content:"\\2190";color:var(--sop-muted);font-size:.95rem}
.sop-link{border:1px solid var(--sop-line);border-radius:6px;padding:.3rem .5rem;background:var(--sop-raised);
 width:8.6rem;height:100%;box-sizing:border-box}
.sop-link.binds{border:2px solid var(--sop-shortage)}
.sop-link small{display:block;font-size:.7rem;color:var(--sop-muted);line-height:1.3}
.sop-link b{display:block;font-size:.8rem;font-weight:600;line-height:1.25;overflow-wrap:anywhere}
.sop-link span{display:block;font-size:.74rem;line-height:1.3;color:var(--sop-ink)}
.sop-fill{height:5px;border-radius:3px;background:var(--sop-line);margin:.2rem 0;overflow:hidden}
.sop-fill i{display:block;height:100%;background:var(--sop-muted)}
.sop-link.binds .sop-fill i{background:var(--sop-shortage)}
.sop-two{display:grid;grid-template-columns:1fr 1fr;gap:.5rem;margin:.2rem 0}
.sop-two div{border:1px solid var(--sop-line);border-radius:6px;padding:.35rem .6rem;background:var(--sop-raised)}
.sop-two b{display:block;font-size:.76rem;font-weight:500;color:var(--sop-muted)}
.sop-two strong{display:block;font-size:1.12rem;font-weight:600;line-height:1.3}
.sop-two span{font-size:.76rem;color:var(--sop-muted)}
.sop-sum{border-collapse:collapse;font-size:.82rem;margin:.2rem 0}
.sop-sum td{padding:.1rem .6rem .1rem 0}
.sop-sum td+td{text-align:right}
.sop-sum tr:last-child td{border-top:1px solid var(--sop-muted);font-weight:600}
.sop-way{font-size:.84rem;line-height:1.35;color:var(--sop-ink)}
.sop-way small{display:block;font-size:.76rem;color:var(--sop-muted)}
.st-key-why_list button{justify-content:flex-start;text-align:left;min-height:2rem;padding:.15rem .5rem}
.st-key-why_list button p{font-size:.82rem;text-align:left;line-height:1.25}
.st-key-why_list button>div{justify-content:flex-start}
</style>"""


def chain(told: Explanation) -> str:
    """The steps in a row, from the customer back to what binds: months, how full, and what is there."""
    items = "".join(f'<div role="listitem">{_link(link)}</div>' for link in told.chain)
    return f'<div class="sop-chain" role="list" aria-label="Chain from the customer back to the limit">{items}</div>'


def _link(link: Link) -> str:
    known = math.isfinite(link.fill)
    served = link.step == "Customer"
    percent = fmt.percent(link.fill, 0) if known else "no limit"
    said = f"{percent} served on time" if served else f"{percent} used" if known else ""
    if link.step in ("Item",):
        said = f"{percent} of the load"
    if link.step in ("Stock", "Contract") and known:
        said = f"{percent} reached"
    if link.step == "Resource" and known and link.fill > 1.0005:
        said = f"{percent} of regular hours"
    bar = (
        f'<div class="sop-fill"><i style="width:{min(max(link.fill, 0.0), 1.0):.0%}"></i></div>'
        if known
        else ""
    )
    note = " · binds" if link.binding else ""
    return (
        f'<div class="sop-link{" binds" if link.binding else ""}"><small>{fmt.safe(link.step)}{note}</small>'
        f"<b>{fmt.safe(link.name)}</b><small>{fmt.safe(link.when)}{f', {said}' if said else ''}</small>{bar}"
        f"<span>{fmt.safe(link.text)}</span></div>"
    )


def arithmetic(told: Explanation) -> str:
    """The arithmetic of one unit, line by line, with its sum."""
    if not told.arithmetic:
        return ""
    rows = "".join(
        f"<tr><td>{fmt.safe(term.label)}</td><td>{_rate(term.amount)}</td></tr>" for term in told.arithmetic
    )
    total = sum(term.amount for term in told.arithmetic)
    return (
        f'<table class="sop-sum"><caption hidden>Arithmetic of one unit, {fmt.safe(told.currency)}</caption>'
        f"<tr><td>Of one unit</td><td>{fmt.safe(told.currency)}</td></tr>{rows}"
        f"<tr><td>On balance</td><td>{_rate(total)}</td></tr></table>"
    )


def _rate(amount: float) -> str:
    return fmt.exact(amount, 2, signed=True)


def worth(told: Explanation, priced: Priced) -> str:
    """One step more and one less, each with how far its value holds."""
    found, unit = priced.worth, priced.unit
    sides = []
    for title, amount, holds, served in (
        (f"One {unit} more", found.up, found.holds_up, found.served_up),
        (f"One {unit} less", -found.down, found.holds_down, -found.served_down),
    ):
        if math.isnan(amount):
            continue  # there is no such step to take
        look = "sop-good" if amount > 0.005 else "sop-bad" if amount < -0.005 else ""
        word = "favourable" if amount > 0.005 else "unfavourable" if amount < -0.005 else "no effect"
        far = f"holds for at least {holds:,.0f} {unit}s" if holds > found.step else f"seen for one {unit}"
        units = f"; {fmt.exact(served, 2, signed=True)} units served" if abs(served) >= 0.005 else ""
        sides.append(
            f'<div><b>{title}</b><strong class="{look}">{fmt.exact(amount, 2, signed=True)} '
            f"{fmt.safe(told.currency)}</strong><span>{word}, {far}{units}</span></div>"
        )
    alone = ", ".join(
        f"{fmt.safe(name)} {fmt.exact(up, 2, signed=True)} {fmt.safe(told.currency)}"
        for name, up in priced.alone
    )
    below = f'<p class="sop-quiet">One more of each alone: {alone}.</p>' if alone else ""
    return f'<div class="sop-two">{"".join(sides)}</div>{below}'


def way(found: Way, currency: str) -> str:
    """A way out with its effect on margin, service and stock."""
    text = found.text[:1].upper() + found.text[1:]
    service = fmt.kpi_delta("service_level", found.service, 0.0)
    effects = []
    for name, value in (("Margin", found.margin), ("Stock", found.stock)):
        good = (value > 0) == (name == "Margin")
        word = "favourable" if good else "unfavourable"
        look = "sop-good" if good else "sop-bad"
        if abs(value) < 0.5:
            effects.append(f"{name} {fmt.DASH}")
        else:
            effects.append(
                f'<span class="{look}" title="{value:+,.0f}, {word}">{name} '
                f"{fmt.safe(fmt.money(value, currency, signed=True))}</span>"
            )
    look = {True: "sop-good", False: "sop-bad", None: ""}[service.good]
    effects.insert(1, f'<span class="{look}" title="{service.word}">Service {service.text}</span>')
    remedy = f" {fmt.safe(found.remedy)}" if found.remedy else ""
    return f'<div class="sop-way">{fmt.safe(text)}.<small>{" · ".join(effects)}.{remedy}</small></div>'
