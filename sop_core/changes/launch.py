"""Changes of launches: another month, another probability."""

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
        inputs.demand.launches = [
            dataclasses.replace(launch, probability=self.probability)
            if launch.name == self.product
            else launch
            for launch in inputs.demand.launches
        ]

    def _subject(self, inputs: Inputs | None) -> str:
        return self.product

    def _what(self, inputs: Inputs | None) -> str:
        return f"launch counts at {text.percent(self.probability, signed=False)}"
