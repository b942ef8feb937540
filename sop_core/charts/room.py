"""Pictures for a projector: large type, few marks. ECharts options as in `live`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sop_core.charts import live
from sop_core.charts.live import Option
from sop_core.charts.roles import Palette
from sop_core.inputs import Floats

#: How much larger type is than on a planner's screen; and on a chart of so many pixels and more, which is a
#: projector's.
LARGER, LARGEST, WIDE = 1.4, 1.9, 860


def resource_load(months: Sequence[str], name: str, load: Floats, base: Floats, palette: Palette) -> Option:
    """One resource's load by month, % of regular hours: bars, vermilion above 100, the base as a thin line.

    `load`, `base` [t] as parts of regular hours; inf (load without hours) is cut at 999 %.
    """
    shown, before = (np.round(np.nan_to_num(values, nan=0.0, posinf=9.99) * 100) for values in (load, base))
    bars = [
        {
            "value": value,
            "itemStyle": {"color": palette.over if value > 100 else palette.supply},
            "label": {"show": value > 100},
        }
        for value in shown.tolist()
    ]
    option = live.stock_target(months, load, load, base, palette, "")  # its frame: title, axes, tooltip
    words = [("█", "Load", palette.supply), ("█", "over 100", palette.over), ("─", "Base", palette.base)]
    option["title"] = live._frame(f"Load of {name}, % of regular hours", words, palette)["title"]
    option["xAxis"] = option["xAxis"] | {"boundaryGap": True}
    option["series"] = [
        {
            "type": "bar",
            "name": "Load",
            "data": bars,
            "animation": False,
            "barWidth": "70%",
            "label": {"position": "top", "formatter": "{c}", "color": palette.ink, "fontSize": 10},
            "emphasis": {"disabled": True},
            "markLine": {
                "silent": True,
                "symbol": "none",
                "animation": False,
                "label": {"show": False},
                "lineStyle": {"color": palette.ink, "type": "dashed", "width": 1.5},
                "data": [{"yAxis": 100}],
            },
        },
        live._line("Base", before, palette.base, 1.2, z=3),
    ]
    return option


def enlarged(option: Option) -> Option:
    """The picture with type for a projector: larger, and larger still where the chart itself is wide."""
    written = {name: option[name] for name in ("title", "grid", "xAxis", "yAxis")}
    wide = {"query": {"minWidth": WIDE}, "option": _enlarged(written, LARGEST)}
    # Without a query: where no other fits, so that a window made smaller goes back.
    return _enlarged(option, LARGER) | {"media": [wide, {"option": _enlarged(written, LARGER)}]}


def _enlarged(option: Option, factor: float) -> Option:
    grown: Option = _grown(option, factor)
    grown["title"] = [title | {"top": round(title["top"] * factor)} for title in grown["title"]]
    # Below, larger labels hang over what the small ones needed.
    label = grown["xAxis"]["axisLabel"]
    grown["xAxis"] = grown["xAxis"] | {"axisLabel": label | {"margin": round(8 * factor)}}
    grown["grid"] = grown["grid"] | {
        "top": round(option["grid"]["top"] * factor),
        "bottom": round(6 * factor),
    }
    return grown


def _grown(value: Any, factor: float) -> Any:
    if isinstance(value, dict):
        return {
            name: round(entry * factor, 1)
            if name == "fontSize" or (name == "width" and "type" in value and "color" in value)
            else _grown(entry, factor)
            for name, entry in value.items()
        }
    if isinstance(value, list):
        return [_grown(entry, factor) for entry in value]
    return value
