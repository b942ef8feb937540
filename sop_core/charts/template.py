"""The one Plotly template: type, quiet grids, bars from zero, room for direct labels."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from sop_core.charts.roles import FONT, Palette

#: For `st.plotly_chart(config=...)`: only what a reader needs.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "doubleClick": "reset",
}


def template(palette: Palette) -> go.layout.Template:
    """Plotly's template in the roles of a palette. Give it to every figure: `layout.template = template(p)`."""
    axis = {
        "gridcolor": palette.grid,
        "linecolor": palette.grid,
        "zerolinecolor": palette.grid,
        "tickfont": {"color": palette.muted, "size": 12},
        "title": {"font": {"color": palette.muted, "size": 12}},
        "automargin": True,
        "ticks": "",
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": palette.ink},
            "title": {
                "font": {"size": 14, "color": palette.ink, "weight": 600},
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 0.98,
                "yanchor": "top",
            },
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(palette.series()),
            "xaxis": axis | {"showgrid": False, "rangemode": "normal"},
            "yaxis": axis | {"rangemode": "tozero", "separatethousands": True, "tickformat": "~s"},
            "margin": {"l": 8, "r": 72, "t": 36, "b": 8},
            "showlegend": False,
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": palette.raised,
                "bordercolor": palette.grid,
                "font": {"family": FONT, "size": 12, "color": palette.ink},
            },
            "bargap": 0.25,
        }
    )


def figure(palette: Palette, title: str = "", height: int = 280) -> go.Figure:
    """An empty figure in the house's form. `title` holds what and its unit: "Demand and supply, units"."""
    return go.Figure(layout={"template": template(palette), "title": {"text": title}, "height": height})
