"""From plan A to plan B: what moved a KPI, by driver and by Change, adding up exactly.

    by_driver(a, b, "margin")            volume, mix, price, rates, hours, ... from the two plans alone
    attribute(start, end, measure, ...)  what each Change, or group of Changes, brings

docs/bridge.md tells the rules.
"""

from sop_core.bridge.change_effects import (
    LATE,
    RULES,
    Attribution,
    Measure,
    Part,
    Rule,
    attribute,
    replans,
    values,
)
from sop_core.bridge.drivers import BY_DRIVER, by_driver
from sop_core.bridge.margin_drivers import Step
from sop_core.bridge.route import MOST_GROUPS, Edit, Group, Route, groupings, route, subject
from sop_core.bridge.words import amount, change_sentence, step_sentence, whole_sentence

__all__ = [
    "BY_DRIVER",
    "LATE",
    "MOST_GROUPS",
    "RULES",
    "Attribution",
    "Edit",
    "Group",
    "Measure",
    "Part",
    "Route",
    "Rule",
    "Step",
    "amount",
    "attribute",
    "by_driver",
    "change_sentence",
    "groupings",
    "replans",
    "route",
    "step_sentence",
    "subject",
    "values",
    "whole_sentence",
]
