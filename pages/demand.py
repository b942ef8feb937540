"""Demand review: what was asked for, what is expected, how sure that is, and what each layer adds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from pages.parts import context, filters, state
from pages.parts import format as fmt
from pages.parts.demand import (
    accuracy,
    agreement,
    assumptions,
    changes,
    cleansing,
    estimate,
    intake,
    lines,
    methods,
    months,
    picture,
)
from sop_core.charts.demand import DemandPicture, DemandView, demand_chart, demand_sentence

FORECAST, LAYERS = "Forecast", "Layers"
#: Height of the picture, pixels: with the table or grid below it, a screen of 900 is full.
_HEIGHT = 320

#: The parts of the page, in the order of the review.
SECTIONS: Mapping[str, Callable[[context.View], None]] = MappingProxyType(
    {
        "By month": months.render,
        "Latest estimate": estimate.render,
        "Accuracy": accuracy.render,
        "Order intake": intake.render,
        "Cleansing": cleansing.render,
        "Assumptions": assumptions.render,
        "Agreement": agreement.render,
        "Forecast methods": methods.render,
    }
)
#: Sections that read on from the picture of demand; the others have a question and a picture of their own.
_WITH_PICTURE = ("By month", "Forecast methods")
_NEED_HISTORY = ("Cleansing",)
_NEED_FORECAST = ("Forecast methods",)


def render() -> None:
    """The page."""
    if not state.has_data():
        st.html('<p class="sop-headline">There is no demand to review yet.</p>')
        st.page_link(
            "pages/data.py", label="Bring sales, orders or a demand plan", icon=":material/upload_file:"
        )
        return
    _review(context.bar(planned=False))


#: The switch stands beside the picture's title, on its line.
_STYLE = "<style>.st-key-demand_picture_switch{position:relative;z-index:2;height:0;overflow:visible}</style>"


@st.fragment(key=changes.REVIEW)
def _review(bar: context.View) -> None:
    """All below the context bar: an edit or another section redraws this and not the whole page. The picture, the table
    and the grid are fragments of their own in it: what concerns one of them alone redraws that one."""
    with state.explained():
        # The scenario as it stands now: edits are made in here, the bar knows the one from before.
        view = dataclasses.replace(bar, scenario=state.work(bar.scenario_name).scenario)
        data = picture.series(view, view.unconstrained)
        said = fmt.safe(f"{filters.title(view)}: {demand_sentence(data)}")
        st.html(f'{_STYLE}<p class="sop-headline">{said}</p>')
        section = context.section(sections(view), "demand_view")
        if section in _WITH_PICTURE:
            _picture(view, data)
        SECTIONS[section](view)


@st.fragment
def _picture(view: context.View, data: DemandView) -> None:
    """One picture: history with the forecast, or the layers that make up the demand."""
    with state.explained():
        _switched(view, data)


def _switched(view: context.View, data: DemandView) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", key="demand_picture_switch"):
        chosen = st.segmented_control(
            "Picture",
            [FORECAST, LAYERS],
            default=FORECAST,
            key="demand_picture",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
            width="content",
            help="History with the forecast and its interval, or what each layer adds to the baseline",
        )
    drawn = _drawn(view, data, chosen or FORECAST)
    st.echarts_chart(drawn.option, height=_HEIGHT, theme=None, key="demand_chart", alt=drawn.alt)
    if chosen == LAYERS:
        st.html(months.layer_years(view, view.unconstrained))
    else:
        picture.explain(view)


def _drawn(view: context.View, data: DemandView, chosen: str) -> DemandPicture:
    """The picture, from memory while it would be the same: typing into the grid draws nothing anew."""
    key = (
        view.desk.version,
        view.company.verdicts.revision,
        view.scenario.fingerprint(),
        *lines.filtered(view),
        view.show,
        view.palette.name,
        chosen,
        state.store().estimates.newest() if chosen == LAYERS else 0,
    )
    kept: tuple[object, DemandPicture] | None = st.session_state.get("_demand_drawn")
    if kept is None or kept[0] != key:
        kept = (key, _draw(view, data, chosen))
        st.session_state["_demand_drawn"] = kept
    return kept[1]


def _draw(view: context.View, data: DemandView, chosen: str) -> DemandPicture:
    if chosen == LAYERS:
        return months.layers_picture(view, data)
    return demand_chart(view.palette, data)


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
