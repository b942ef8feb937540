"""Changes of policy: workforce, objective, end of the horizon, who is served first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np

from sop_core.changes import fields, text
from sop_core.changes.base import Change, Group, need, register
from sop_core.changes.capacity import chosen_resources
from sop_core.errors import ScenarioError
from sop_core.inputs import Bools, Inputs

#: policy: (may hire, may release, words)
_WORKFORCE: Final = {
    "free": (True, True, "hiring and releasing allowed"),
    "no_release": (True, False, "nobody is released"),
    "no_hire": (False, True, "nobody is hired"),
    "level": (False, False, "level headcount, nobody hired or released"),
}


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class WorkforcePolicy(Change):
    """Whether the plan may hire and release, and how many heads there may be."""

    kind: ClassVar[str] = "workforce"
    group: ClassVar[Group] = "Supply"
    title: ClassVar[str] = "Workforce"
    axes: ClassVar[tuple[str, ...]] = ("resources", "sites", "months")
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "workforce", "scope": {"sites": ["Milan"]}, "policy": "no_release", "max_headcount": 42.0}
    )

    policy: str = fields.choice(
        "Policy", tuple(_WORKFORCE), "free, no_release, no_hire or level", default="free"
    )
    max_headcount: float | None = fields.new_value(
        "Most heads", "heads", "of each resource; blank = as it is", neutral=fields.NO_NEUTRAL
    )

    def _rows(self, inputs: Inputs) -> Bools:
        return self.scope.resource_mask(inputs) & inputs.resource.people

    def _check(self, inputs: Inputs) -> None:
        chosen_resources(self.scope, inputs)
        rows, resource = self._rows(inputs), inputs.resource
        need(
            rows,
            f"no people stand behind {self.scope.place('any resource', inputs)}: bring the table "
            "`workforce`.",
        )
        if self.max_headcount is None:
            return
        block = np.ix_(rows, self.scope.months(inputs))
        fewest = float(resource.min_headcount[block].max())
        if self.max_headcount < fewest:
            raise ScenarioError(
                f"`max_headcount` ({self.max_headcount:g}) is below the fewest heads wanted ({fewest:g}): "
                "raise it, or lower `min_headcount` in the table `workforce`."
            )
        today = float(resource.headcount[rows].max())
        if self.max_headcount < today and not _WORKFORCE[self.policy][1]:
            raise ScenarioError(
                f"`max_headcount` ({self.max_headcount:g}) is below the {today:g} heads at the start, and "
                f"nobody may be released: raise it to {today:g}, or choose the policy free or no_hire."
            )

    def apply(self, inputs: Inputs) -> None:
        hire, release, _ = _WORKFORCE[self.policy]
        block = np.ix_(self._rows(inputs), self.scope.months(inputs))
        inputs.resource.can_hire[block] = hire
        inputs.resource.can_release[block] = release
        if self.max_headcount is not None:
            inputs.resource.max_headcount[block] = self.max_headcount

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All resources", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        most = f", at most {text.count(self.max_headcount, 'head')}" if self.max_headcount is not None else ""
        return f"{_WORKFORCE[self.policy][2]}{most}"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class Objective(Change):
    """What the plan reaches for: the best margin, or the best service first."""

    kind: ClassVar[str] = "objective"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Objective"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType({"kind": "objective", "objective": "service"})

    objective: str = fields.choice(
        "Objective",
        ("margin", "service"),
        "margin = best margin; service = serve first, then the best margin",
    )

    def apply(self, inputs: Inputs) -> None:
        inputs.policy.objective = self.objective

    def _subject(self, inputs: Inputs | None) -> str:
        return "Objective"

    def _what(self, inputs: Inputs | None) -> str:
        return "best margin" if self.objective == "margin" else "service first, then margin"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class EndBacklog(Change):
    """Whether orders may still wait when the horizon ends."""

    kind: ClassVar[str] = "end_backlog"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Backlog at the end"
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "end_backlog", "end_backlog": "forbidden"}
    )

    end_backlog: str = fields.choice(
        "Backlog at the end",
        ("lost", "forbidden"),
        "lost = what waits then counts as lost; forbidden = none may wait",
    )

    def apply(self, inputs: Inputs) -> None:
        inputs.policy.end_backlog = self.end_backlog

    def _subject(self, inputs: Inputs | None) -> str:
        return "Backlog at the end of the plan"

    def _what(self, inputs: Inputs | None) -> str:
        return "counts as lost" if self.end_backlog == "lost" else "not allowed"


@register
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPriority(Change):
    """Which customers are served first where there is not enough."""

    kind: ClassVar[str] = "segment_priority"
    group: ClassVar[Group] = "Money & policy"
    title: ClassVar[str] = "Segment priority"
    axes: ClassVar[tuple[str, ...]] = ("segments",)
    example: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"kind": "segment_priority", "scope": {"segments": ["Key accounts"]}, "priority": 1}
    )

    priority: int = fields.integer("Priority", "", "1 = served first", lowest=1, highest=99, min=1, max=5)

    def apply(self, inputs: Inputs) -> None:
        inputs.segment_priority[self.scope.segment_mask(inputs)] = self.priority

    def _subject(self, inputs: Inputs | None) -> str:
        return self.scope.place("All segments", inputs)

    def _what(self, inputs: Inputs | None) -> str:
        return f"served with priority {self.priority}"
