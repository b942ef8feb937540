"""Changes of promotions: one more, one fewer, one moved, one on other terms."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, options, register
from sop_core.changes.demand import in_scope
from sop_core.changes.scope import DEMAND_AXES
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs, Promotion


def _known_promotion(name: str, inputs: Inputs) -> None:
    known = options(inputs, "promotion")
    if name not in known:
        remedy = "Choose another, or bring it in the table `promotions`; past promotions cannot be changed."
        raise ScenarioError(text.not_found("promotion", "promotions", name, known, remedy))


def move_day(day: np.datetime64, months: int) -> np.datetime64:
    """The same day `months` later; a month's last day stays the last, and the 31st becomes the last."""
    month = day.astype("datetime64[M]")
    target = month + months
    last = (target + 1).astype("datetime64[D]") - 1
    if day.astype("datetime64[D]") == (month + 1).astype("datetime64[D]") - 1:
        return np.datetime64(last, "D")
    moved = target.astype("datetime64[D]") + (day.astype("datetime64[D]") - month.astype("datetime64[D]"))
    return np.datetime64(min(moved, last), "D")


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionAdd(Change):
    """One more promotion."""

    kind: ClassVar[str] = "promotion_add"
    title: ClassVar[str] = "Add promotion"
    axes: ClassVar[tuple[str, ...]] = DEMAND_AXES
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "promotion_add",
            "scope": {"families": ["Road"], "segments": ["Retail"]},
            "name": "Summer sale",
            "start": "2027-06-10",
            "end": "2027-07-05",
            "uplift": 0.2,
            "pull_forward": 0.1,
            "pull_months": 2,
            "price_change": -0.1,
            "cost": 12000.0,
        }
    )

    name: str = fields.text("Name", "name of the new promotion", key=True)
    start: dt.date = fields.date("First day")  # noqa: RUF009 - a field, not a day
    end: dt.date = fields.date("Last day")  # noqa: RUF009 - a field, not a day
    uplift: float = fields.percent(
        "Uplift", "more demand while it runs", neutral=fields.NO_NEUTRAL, min=0.0, max=1.0
    )
    pull_forward: float = fields.part(
        "Pulled forward", "part of the following months' demand that is bought early", default=0.0
    )
    pull_months: int = fields.integer(
        "Months drawn on",
        "months",
        "months after the end that it draws on",
        default=1,
        lowest=0,
        highest=24,
        min=0,
        max=6,
    )
    price_change: float = fields.percent(
        "Price", "change of price while it runs", neutral=fields.NO_NEUTRAL, highest=1.0
    )
    cost: float = fields.number(
        "Cost",
        "money",
        "cost of running it, booked in its first month",
        neutral=fields.NO_NEUTRAL,
        lowest=0.0,
    )

    def _validate(self) -> None:
        if self.end < self.start:
            raise ScenarioError(f"{self.title}: `end` ({self.end}) lies before `start` ({self.start}).")

    def _check(self, inputs: Inputs) -> None:
        in_scope(self.scope, inputs)
        if self.name in options(inputs, "promotion"):
            raise ScenarioError(f"there is a promotion '{self.name}' already: give the new one another name.")
        first, last = (
            inputs.months[0].astype("datetime64[D]"),
            (inputs.months[-1] + 1).astype("datetime64[D]"),
        )
        if np.datetime64(self.start, "D") < first or np.datetime64(self.start, "D") >= last:
            raise ScenarioError(
                f"'{self.name}' starts on {self.start}, outside the plan: choose a day from {first} "
                f"to {last - 1}."
            )

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.promotions.append(
            Promotion(
                name=self.name,
                share=self.scope.item_share(inputs),
                regions=self.scope.region_mask(inputs),
                segments=self.scope.segment_mask(inputs),
                start=np.datetime64(self.start, "D"),
                end=np.datetime64(self.end, "D"),
                uplift=self.uplift,
                pull_forward=self.pull_forward,
                pull_months=self.pull_months,
                price_change=self.price_change,
                cost=self.cost,
            )
        )

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All products", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        parts = [
            f"promotion {self.name}",
            text.dates(self.start, self.end),
            f"demand {text.percent(self.uplift)}",
        ]
        if self.pull_forward and self.pull_months:
            following = text.count(self.pull_months, "following month")
            parts.append(f"{text.percent(self.pull_forward, signed=False)} of {following} pulled forward")
        if self.price_change:
            parts.append(f"price {text.percent(self.price_change)}")
        if self.cost:
            currency = f" {inputs.currency}" if inputs is not None else ""
            parts.append(f"cost {text.number(self.cost)}{currency}")
        return ", ".join(parts)


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionCancel(Change):
    """A planned promotion does not take place, and its cost is saved."""

    kind: ClassVar[str] = "promotion_cancel"
    title: ClassVar[str] = "Cancel promotion"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "promotion_cancel", "promotion": "Spring push"}
    )

    promotion: str = fields.promotion()

    def _check(self, inputs: Inputs) -> None:
        _known_promotion(self.promotion, inputs)

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.promotions = [p for p in inputs.demand.promotions if p.name != self.promotion]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.promotion

    def _what(self, inputs: Inputs | None) -> str:
        return "promotion cancelled"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionMove(Change):
    """A planned promotion takes place earlier or later, unchanged otherwise."""

    kind: ClassVar[str] = "promotion_move"
    title: ClassVar[str] = "Move promotion"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "promotion_move", "promotion": "Spring push", "months": -2, "note": "line is full in April"}
    )

    promotion: str = fields.promotion()
    months: int = fields.integer(
        "Months",
        "months",
        "months later; negative = earlier",
        neutral=0,
        lowest=-60,
        highest=60,
        min=-6,
        max=6,
    )

    def _check(self, inputs: Inputs) -> None:
        _known_promotion(self.promotion, inputs)

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.promotions = [
            dataclasses.replace(p, start=move_day(p.start, self.months), end=move_day(p.end, self.months))
            if p.name == self.promotion
            else p
            for p in inputs.demand.promotions
        ]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.promotion

    def _what(self, inputs: Inputs | None) -> str:
        return f"promotion {text.shift(self.months)}" if self.months else "promotion not moved"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionTerms(Change):
    """A planned promotion on other terms: uplift, forward buying, price or cost. What is blank stays."""

    kind: ClassVar[str] = "promotion_terms"
    title: ClassVar[str] = "Promotion terms"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "kind": "promotion_terms",
            "promotion": "Spring push",
            "uplift": 0.24,
            "note": "as measured last year",
        }
    )

    promotion: str = fields.promotion()
    uplift: float | None = fields.percent(
        "Uplift", "more demand while it runs", default=None, neutral=None, optional=True, min=0.0, max=1.0
    )
    pull_forward: float | None = fields.part(
        "Pulled forward",
        "part of the following months' demand that is bought early",
        default=None,
        neutral=None,
        optional=True,
    )
    price_change: float | None = fields.percent(
        "Price", "change of price while it runs", default=None, neutral=None, optional=True, highest=1.0
    )
    cost: float | None = fields.new_value("Cost", "money", "cost of running it, booked in its first month")

    def _check(self, inputs: Inputs) -> None:
        _known_promotion(self.promotion, inputs)

    def apply(self, inputs: Inputs) -> None:
        given = {
            name: value
            for name in ("uplift", "pull_forward", "price_change")
            if (value := getattr(self, name)) is not None
        }
        rows = [p for p in inputs.demand.promotions if p.name == self.promotion]
        total = sum(p.cost for p in rows)

        def cost(own: Promotion) -> float:
            """The promotion's cost over its rows, in the parts that they had."""
            if self.cost is None:
                return own.cost
            return self.cost * (own.cost / total if total > 0 else 1.0 / len(rows))

        inputs.demand.promotions = [
            dataclasses.replace(p, cost=cost(p), **given) if p.name == self.promotion else p
            for p in inputs.demand.promotions
        ]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.promotion

    def _what(self, inputs: Inputs | None) -> str:
        parts = []
        if self.uplift is not None:
            parts.append(f"demand {text.percent(self.uplift)}")
        if self.pull_forward is not None:
            parts.append(
                f"{text.percent(self.pull_forward, signed=False)} of the following months pulled forward"
            )
        if self.price_change is not None:
            parts.append(f"price {text.percent(self.price_change)}")
        if self.cost is not None:
            currency = f" {inputs.currency}" if inputs is not None else ""
            parts.append(f"cost {text.number(self.cost)}{currency}")
        return f"promotion planned with {', '.join(parts)}" if parts else "promotion on its own terms"
