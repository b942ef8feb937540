"""Changes of launches: another month, probability, volume, ramp or cannibalisation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from sop_core.changes import fields, text
from sop_core.changes.base import Change, options, register
from sop_core.errors import ScenarioError
from sop_core.inputs import Inputs


def _with(product: str, inputs: Inputs, **values: float) -> None:
    """Gives the launch of a product, in every region, other values."""
    inputs.demand.launches = [
        dataclasses.replace(launch, **values) if launch.name == product else launch  # type: ignore[arg-type]
        for launch in inputs.demand.launches
    ]


def _known_launch(product: str, inputs: Inputs) -> None:
    known = options(inputs, "launch")
    if product not in known:
        remedy = "Choose another product, or bring its launch in the table `launches`."
        raise ScenarioError(text.not_found("launch of", "launches", product, known, remedy))


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchMove(Change):
    """A product is launched earlier or later, with the same ramp."""

    kind: ClassVar[str] = "launch_move"
    title: ClassVar[str] = "Move launch"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "launch_move", "product": "Trail 900", "months": 2, "note": "tooling late"}
    )

    product: str = fields.launch()
    months: int = fields.integer(
        "Months",
        "months",
        "months later; negative = earlier",
        neutral=0,
        lowest=-60,
        highest=60,
        min=-6,
        max=12,
    )

    def _check(self, inputs: Inputs) -> None:
        _known_launch(self.product, inputs)

    def apply(self, inputs: Inputs) -> None:
        inputs.demand.launches = [
            dataclasses.replace(launch, month=launch.month.astype("datetime64[M]") + self.months)
            if launch.name == self.product
            else launch
            for launch in inputs.demand.launches
        ]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.product

    def _what(self, inputs: Inputs | None) -> str:
        return f"launch {text.shift(self.months)}" if self.months else "launch not moved"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchProbability(Change):
    """How likely a launch is; its demand counts by that part."""

    kind: ClassVar[str] = "launch_probability"
    title: ClassVar[str] = "Launch probability"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "launch_probability", "product": "Trail 900", "probability": 0.6}
    )

    product: str = fields.launch()
    probability: float = fields.part("Probability", "0 = it does not come, 1 = it comes for certain")

    def _check(self, inputs: Inputs) -> None:
        _known_launch(self.product, inputs)

    def apply(self, inputs: Inputs) -> None:
        _with(self.product, inputs, probability=self.probability)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.product

    def _what(self, inputs: Inputs | None) -> str:
        return f"launch counts at {text.percent(self.probability, signed=False)}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchVolume(Change):
    """How much a launch sells at full ramp, as a part of its like product's demand."""

    kind: ClassVar[str] = "launch_volume"
    title: ClassVar[str] = "Launch volume"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "launch_volume", "product": "Trail 900", "scale": 0.4, "note": "two dealers fewer"}
    )

    product: str = fields.launch()
    scale: float = fields.percent(
        "Scale",
        "demand at full ramp as a part of the like product's; 1 = as much as it",
        default=fields.REQUIRED,
        neutral=fields.NO_NEUTRAL,
        lowest=0.0,
        highest=100.0,
        min=0.0,
        max=2.0,
        step=0.05,
    )

    def _check(self, inputs: Inputs) -> None:
        _known_launch(self.product, inputs)

    def apply(self, inputs: Inputs) -> None:
        _with(self.product, inputs, scale=self.scale)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.product

    def _what(self, inputs: Inputs | None) -> str:
        return f"launch sells {text.percent(self.scale, signed=False)} of its like product at full ramp"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRamp(Change):
    """Months until a launch sells its full volume."""

    kind: ClassVar[str] = "launch_ramp"
    title: ClassVar[str] = "Launch ramp"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "launch_ramp", "product": "Trail 900", "months": 8}
    )

    product: str = fields.launch()
    months: int = fields.integer(
        "Ramp",
        "months",
        "months from the launch to full demand; 0 and 1 = full at once",
        lowest=0,
        highest=60,
        min=0,
        max=18,
    )

    def _check(self, inputs: Inputs) -> None:
        _known_launch(self.product, inputs)

    def apply(self, inputs: Inputs) -> None:
        _with(self.product, inputs, ramp_months=self.months)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.product

    def _what(self, inputs: Inputs | None) -> str:
        return f"launch at full demand after {text.count(self.months, 'month')}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchCannibalisation(Change):
    """Units that the product which a launch takes from loses for each unit of the launch."""

    kind: ClassVar[str] = "launch_cannibalisation"
    title: ClassVar[str] = "Cannibalisation"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "launch_cannibalisation", "product": "Trail 900", "rate": 0.5}
    )

    product: str = fields.launch()
    rate: float = fields.percent(
        "Rate",
        "units lost there for each unit sold here; 0 = none",
        default=fields.REQUIRED,
        neutral=fields.NO_NEUTRAL,
        lowest=0.0,
        highest=10.0,
        min=0.0,
        max=1.0,
        step=0.05,
    )

    def _check(self, inputs: Inputs) -> None:
        _known_launch(self.product, inputs)
        own = [launch for launch in inputs.demand.launches if launch.name == self.product]
        if all(launch.cannibalised < 0 for launch in own):
            raise ScenarioError(
                f"the launch of '{self.product}' takes from no product: bring `cannibalises` in the table "
                "`launches`."
            )

    def apply(self, inputs: Inputs) -> None:
        _with(self.product, inputs, cannibal_rate=self.rate)

    def _subject(self, inputs: Inputs | None) -> str:
        return self.product

    def _what(self, inputs: Inputs | None) -> str:
        return f"each 100 units launched take {text.number(100 * self.rate)} from what they cannibalise"
