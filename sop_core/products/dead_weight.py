"""Items that take more than they earn: stock, hours of a bottleneck, or money outright; each with a way out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sop_core.changes import Change, PriceChange, SafetyStockCover, Scope, SourceVolume
from sop_core.errors import ScenarioError
from sop_core.headline import money_text
from sop_core.inputs import Inputs
from sop_core.plan import Plan
from sop_core.products.portfolio import BASIS, Bottleneck, Portfolio

#: An item is named where its part of the stock or the hours exceeds its part of the margin by this much (a part of
#: the whole) and by this factor: differences below are the noise of any portfolio.
GAP: Final = 0.01
FACTOR: Final = 1.5
#: A price rise up to this much is proposed; a larger one is not a remedy but another product.
DEAREST: Final = 0.10
#: Stock that is this much of it there because of its target is brought down by the target.
BY_TARGET: Final = 0.4
#: Part of an item's busiest month to which its own production is capped.
CAP: Final = 0.8


@dataclass(frozen=True, slots=True)
class DeadWeight:
    """An item that takes more than it earns. `change`: what to try in a scenario, where one Change can say it."""

    row: int  #: position in Portfolio.frame
    name: str
    kind: str  #: loss, hours, stock
    money: float  #: a year: lost, tied up, or what its hours would earn at the average of their resource
    finding: str  #: "9 % of stock value, 1 % of margin: 210 k EUR tied up"
    remedy: str
    change: Change | None


def item_scope(inputs: Inputs, item: int) -> Scope:
    """The narrowest scope that means exactly this planning item."""
    if inputs.level == "product":
        return Scope(products=(inputs.items[item],))
    alone = inputs.item_family.count(inputs.item_family[item]) == 1
    return (
        Scope(families=(inputs.item_family[item],)) if alone else Scope(products=inputs.item_products[item])
    )


def dead_weight(portfolio: Portfolio, plan: Plan) -> tuple[DeadWeight, ...]:
    """Every item that takes more than it earns, largest in money first; at most one entry an item and kind.

    Needs a portfolio of planning items or products of this plan. Empty where nothing earns or takes anything.
    """
    limits = {b.name: b for b in portfolio.bottlenecks}
    found: list[DeadWeight] = []
    for row, line in enumerate(portfolio.frame.to_dict("records")):
        entry = pd.Series(line)
        for check in (_loss, _idle_hours, _stock):
            one = check(portfolio, plan, row, entry, limits)
            if one is not None:
                found.append(one)
    return tuple(sorted(found, key=lambda d: -d.money))


def _loss(
    portfolio: Portfolio, plan: Plan, row: int, line: pd.Series, limits: dict[str, Bottleneck]
) -> DeadWeight | None:
    if not (line["margin_unit"] < 0 and line["units"] > 0):
        return None
    currency = plan.inputs.currency
    lost = -float(line["margin"])
    rise = -float(line["margin_unit"]) / float(line["price"]) if line["price"] > 0 else math.inf
    finding = (
        f"sold {money_text(-line['margin_unit'], currency)} a unit below its cost: "
        f"{money_text(lost, currency)} lost in {portfolio.months} months"
    )
    if rise <= 3 * DEAREST:
        pct = _up(rise)
        return DeadWeight(
            row, line["title"], "loss", lost, finding, f"Raise its price by {_pc(pct)}, or take it out.",
            _fitting(plan, PriceChange, _scope(plan, line), pct=pct),
        )  # fmt: skip
    remedy = "Take it out: no price rise within reach covers its cost."
    return DeadWeight(row, line["title"], "loss", lost, finding, remedy, None)


def _idle_hours(
    portfolio: Portfolio, plan: Plan, row: int, line: pd.Series, limits: dict[str, Bottleneck]
) -> DeadWeight | None:
    limit = limits.get(line["bottleneck"])
    if portfolio.basis != "margin" or limit is None or not limit.is_full or line["margin_unit"] < 0:
        return None
    taken, earned = float(line["hours_share"]), float(line["hours_margin_share"])
    if taken - earned < GAP or taken < FACTOR * earned or not line["hours"] > 0:
        return None
    frame = portfolio.frame
    users = frame[(frame["bottleneck"] == limit.name) & (frame["hours"] > 0)]
    average = float((users["margin_hour"] * users["hours"]).sum() / users["hours"].sum())
    worth = (average - float(line["margin_hour"])) * float(line["hours"])
    if not worth > 0:
        return None
    currency = plan.inputs.currency
    finding = (
        f"{_pc(taken)} of {limit.name}'s hours, {_pc(earned)} of the margin made there: an hour earns "
        f"{money_text(line['margin_hour'], currency)}, the average {money_text(average, currency)}"
    )
    rise = (
        (average - line["margin_hour"]) * line["hours_unit"] / line["price"]
        if line["price"] > 0
        else math.inf
    )
    if rise <= DEAREST:
        pct = _up(rise)
        change = _fitting(plan, PriceChange, _scope(plan, line), pct=pct)
        remedy = f"Raise its price by {_pc(pct)}: its hours then earn the average."
        return DeadWeight(row, line["title"], "hours", worth, finding, remedy, change)
    change = _capped(plan, line)
    remedy = "Make less of it where the hours are short, or have it made outside."
    return DeadWeight(row, line["title"], "hours", worth, finding, remedy, change)


def _stock(
    portfolio: Portfolio, plan: Plan, row: int, line: pd.Series, limits: dict[str, Bottleneck]
) -> DeadWeight | None:
    taken, earned = float(line["stock_share"]), float(line["worth_share"])
    tied = float(max(line["stock"], line["stock_now"])) if line["idle"] else float(line["stock"])
    if not tied > 0 or (not line["idle"] and (taken - earned < GAP or taken < FACTOR * earned)):
        return None
    inputs = plan.inputs
    finding = (
        f"{_pc(taken)} of stock value, {_pc(earned)} of {BASIS[portfolio.basis]}: "
        f"{money_text(tied, inputs.currency)} tied up"
    )
    if line["idle"]:
        finding = f"no demand ahead: {money_text(tied, inputs.currency)} of stock that nobody asks for"
        return DeadWeight(
            row, line["title"], "stock", tied, finding, "Sell it off, or write it down; make no more.", None
        )
    item = int(line["position"])
    span = slice(0, portfolio.months)
    held = plan.solution.stock[item, :, span].sum(axis=0).mean()
    target = inputs.stock_target[item][:, span].sum(axis=0).mean()
    to_order = bool(inputs.item.make_to_order[item])
    if not to_order and held > 0 and min(target, held) / held >= BY_TARGET:
        cut = -min(0.5, max(0.1, round(20 * (1 - earned / taken)) / 20))
        change = _fitting(plan, SafetyStockCover, _scope(plan, line), pct=cut)
        remedy = f"Most of it is there to reach its target: lower the target by {_pc(-cut)}."
        return DeadWeight(row, line["title"], "stock", tied, finding, remedy, change)
    if line["slow"]:
        remedy = f"{line['cover']:.0f} months of demand are there today: sell it off, and make none until it is used up."
        return DeadWeight(row, line["title"], "stock", tied, finding, remedy, None)
    remedy = "It is built ahead of its season: start later, or get the peak from outside."
    return DeadWeight(row, line["title"], "stock", tied, finding, remedy, None)


def _scope(plan: Plan, line: pd.Series) -> Scope:
    """The product, or the whole planning item where the row stands for one."""
    if line["item"] in plan.inputs.product_share:
        return Scope(products=(str(line["item"]),))
    return item_scope(plan.inputs, int(line["position"]))


def _capped(plan: Plan, line: pd.Series) -> Change | None:
    """Own production of the item at most a part of its busiest month; None where nothing of it is made."""
    inputs, source = plan.inputs, plan.inputs.source
    own = (source.item == int(line["position"])) & (np.array(source.kind) == "make")
    busiest = float(plan.solution.started[own].max(initial=0.0)) if own.any() else 0.0
    most = float(f"{CAP * busiest:.2g}")
    if most <= 0:
        return None
    scope = item_scope(inputs, int(line["position"]))
    kinds = Scope(products=scope.products, families=scope.families, kinds=("make",))
    return _fitting(plan, SourceVolume, kinds, maximum=most)


def _fitting(plan: Plan, make: Callable[..., Change], scope: Scope, **values: float) -> Change | None:
    """The Change where the company has what it acts on, else None."""
    try:
        change = make(scope=scope, **values)
        change.check(plan.inputs)
    except ScenarioError:
        return None
    return change


def _pc(fraction: float) -> str:
    """`9 %`; `below 1 %` where rounding would say none."""
    return "below 1 %" if 0 < fraction < 0.005 else f"{100 * fraction:.0f} %"


def _up(rise: float) -> float:
    """Whole percent, rounded up."""
    return max(math.ceil(100 * rise - 1e-9), 1) / 100


def sentence(portfolio: Portfolio, weights: tuple[DeadWeight, ...], currency: str) -> str:
    """The message of the portfolio: what limits it, what an hour of that earns, and what is carried along."""
    said = [_limits(portfolio, currency)]
    tied = [w for w in weights if w.kind == "stock"]
    if tied:
        frame = portfolio.frame.iloc[[w.row for w in tied]]
        part, earned = float(frame["stock_share"].sum()), float(frame["worth_share"].sum())
        rest = f" and {len(tied) - 1} more" if len(tied) > 1 else ""
        said.append(
            f"{tied[0].name}{rest} hold {_pc(part)} of the stock value for {_pc(earned)} of the "
            f"{BASIS[portfolio.basis]}: {money_text(sum(w.money for w in tied), currency)} tied up."
        )
    lossy = [w for w in weights if w.kind == "loss"]
    if lossy:
        rest = f" and {len(lossy) - 1} more" if len(lossy) > 1 else ""
        said.append(
            f"{lossy[0].name}{rest} are sold below cost: {money_text(sum(w.money for w in lossy), currency)}."
        )
    if not weights and len(portfolio.frame):
        said.append("No item takes much more of the stock or of the scarce hours than it earns.")
    return " ".join(part for part in said if part)


def _limits(portfolio: Portfolio, currency: str) -> str:
    if not portfolio.bottlenecks:
        return "No resource limits this portfolio."
    first = portfolio.bottlenecks[0]
    if not first.is_full:
        return f"No resource is full; {first.name} is the fullest at {_pc(first.peak)}."
    frame = portfolio.frame
    users = frame[(frame["bottleneck"] == first.name) & (frame["hours"] > 0) & frame["margin_hour"].notna()]
    said = f"{first.name} is full in {first.months_full} of {first.months} months"
    if not len(users):
        return f"{said}."
    hour = users["margin_hour"].to_numpy()
    best, worst = users.iloc[int(hour.argmax())], users.iloc[int(hour.argmin())]
    if best["item"] == worst["item"]:
        return f"{said}: an hour of it earns {money_text(best['margin_hour'], currency)}."
    return (
        f"{said}: an hour of it earns {money_text(best['margin_hour'], currency)} with {best['title']}, "
        f"{money_text(worst['margin_hour'], currency)} with {worst['title']}."
    )
