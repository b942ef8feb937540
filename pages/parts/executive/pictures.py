"""Demand, supply, stock and money of the year: four pictures, each with its sentence; an empty one says what to bring."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import format as fmt
from sop_core.charts.executive import year_chart
from sop_core.charts.roles import Palette
from sop_core.charts.template import CONFIG
from sop_core.pack import value as v

_TITLES: Mapping[str, str] = MappingProxyType(
    {"demand": "Demand", "supply": "Supply", "stock": "Stock", "money": "Money"}
)
#: What is missing where a picture has nothing to show; the files are brought on the Data page.
_BRING: Mapping[str, str] = MappingProxyType(
    {
        "demand": "No demand is known: bring sales, or a demand plan, on the Data page.",
        "supply": "No supply is planned: bring resources, sources and routings on the Data page.",
        "stock": "No stock is known: bring inventory and stock policies on the Data page.",
        "money": "No money is known: bring products with price and unit cost on the Data page.",
    }
)


def draw(palette: Palette, pack: v.Pack) -> None:
    """The four pictures, two by two. All frames are always there, so that nothing jumps."""
    with st.container(key="exec_pictures"):
        for name in v.PICTURES:
            with st.container(key=f"exec_pic_{name}"):
                _one(palette, pack, name)


def _one(palette: Palette, pack: v.Pack, name: str) -> None:
    found, picture = pack.picture(name), year_chart(palette, pack, name)
    title = fmt.safe(found.title if found is not None else _TITLES[name])
    if found is None or picture is None:
        said = found.sentence if found is not None and found.sentence else ""
        st.html(
            f'<div class="ex"><h3>{title}</h3><p>{fmt.safe(said)}</p><p class="ex-empty">{_BRING[name]}</p></div>'
        )
        return
    unit = pack.currency if found.unit == "money" else found.unit
    st.html(
        f'<div class="ex"><h3>{title} <i>by month, {fmt.safe(unit)}</i></h3><p>{fmt.safe(found.sentence)}</p></div>'
    )
    st.plotly_chart(
        picture.figure, key=f"exec_chart_{name}", theme=None, width="content", alt=picture.alt,
        config=CONFIG | {"displayModeBar": False},
    )  # fmt: skip
