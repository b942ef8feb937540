"""Demand review: what was asked for, what is expected, how sure that is, and what each layer adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand import accuracy, cleansing, estimate, intake, methods, months, picture
from sop_core.charts.demand import demand_chart
from sop_core.charts.template import CONFIG

#: The parts of the page, in the order of the review.
SECTIONS: Mapping[str, Callable[[context.View], None]] = MappingProxyType(
    {
        "By month": months.render,
        "Layers": months.render_layers,
        "Latest estimate": estimate.render,
        "Accuracy": accuracy.render,
        "Order intake": intake.render,
        "Cleansed history": cleansing.render,
        "Forecast methods": methods.render,
    }
)
_NEED_HISTORY = ("Cleansed history",)
_NEED_FORECAST = ("Forecast methods",)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no demand to review yet.</p>')
        st.page_link(
            "pages/data.py", label="Bring sales, orders or a demand plan", icon=":material/upload_file:"
        )
        return
    view = context.bar(planned=False)
    data = picture.series(view, view.unconstrained)
    drawn = demand_chart(view.palette, data, height=340)
    st.html(f'<p class="sop-headline">{fmt.safe(filters.title(view))}: {fmt.safe(drawn.alt)}</p>')
    st.plotly_chart(drawn.figure, key="demand_chart", theme=None, config=CONFIG, alt=drawn.alt)
    picture.explain(view)
    known = sections(view)
    chosen = st.segmented_control(
        "Section",
        known,
        default=known[0],
        key="demand_view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    SECTIONS[chosen or known[0]](view)


def sections(view: context.View) -> list[str]:
    """The parts of the page that have something to show."""
    missing: tuple[str, ...] = ()
    if view.company.baseline is None:
        missing += _NEED_FORECAST
    if view.company.history is None:
        missing += _NEED_HISTORY
    return [name for name in SECTIONS if name not in missing]


if __name__ == "__main__":
    render()
