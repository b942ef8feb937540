"""Phase-outs: what ends when, what its stock does until then, what is left over, and a better end."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.products import working
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.changes import PhaseOut, Scope
from sop_core.charts.products import run_down_chart
from sop_core.charts.template import CONFIG
from sop_core.products.phase_outs import PhaseOutLine, phase_outs

_number = st.column_config.NumberColumn


def render(view: View) -> None:
    """The section."""
    found = phase_outs(view.company.snapshot, view.unconstrained)
    lines = [line for line in found if working.in_view(view, line.product)]
    st.html(f'<p class="sop-headline">{fmt.safe(headline(view, lines))}</p>')
    working.strip(view)
    if lines:
        _listing(view, lines)
        _one(view, lines)
    else:
        st.caption(
            "A product ends where the table products has its last day of sale (column end), or where an end is "
            "set here."
        )
    _set_end(view)


def day(value: dt.date) -> str:
    """`30 Jun 27`."""
    return f"{value.day} {month_label(value)}"


def headline(view: View, lines: list[PhaseOutLine]) -> str:
    """What ends, what is left over at standard cost, and the end that leaves less."""
    if not lines:
        return "No product ends within the horizon."
    start: dt.date = view.inputs.months[0].astype("datetime64[D]").item()
    ahead = sum(line.end >= start for line in lines)
    count = ("1 product ends" if ahead == 1 else f"{ahead or 'No'} products end") + " within the horizon"
    if ahead < len(lines):
        count += f" and {len(lines) - ahead} ended before it with stock left"
    value = sum(line.left_value for line in lines)
    worst = max(lines, key=lambda line: (line.left_value, line.left))
    if worst.left < 0.5:
        make = sum(line.still_to_make for line in lines)
        more = f"; {fmt.short(make)} units are still to be made until then" if make >= 0.5 else ""
        return f"{count}; stock and committed production are sold by then{more}."
    said = (
        f"{count}: {fmt.money(value, view.currency)} of stock at standard cost would be left"
        if value
        else f"{count}: {fmt.short(sum(line.left for line in lines))} units would be left"
    )
    if worst.later is not None:
        said += (
            f"; ending {view.desk.label(worst.product)} on {day(worst.later.end)} instead of {day(worst.end)} sells "
            f"{fmt.exact(worst.later.sold)} of the {fmt.exact(worst.left)} left"
        )
    return said + "."


def phase_out_frame(view: View, lines: list[PhaseOutLine]) -> pd.DataFrame:
    """One line a product that ends, as listed and downloaded."""
    months = view.inputs.months
    return pd.DataFrame(
        [
            {
                "Product": view.desk.label(line.product),
                "Last day": pd.Timestamp(line.end),
                "Demand until then": round(line.demand_until_end),
                "Stock now": round(line.opening),
                "Committed": round(float(line.committed.sum())),
                "Used up in": month_label(months[line.run_out])
                if line.run_out >= 0
                else "not before the end",
                "Left over": round(line.left),
                "Left over, value": round(line.left_value),
                "Still to make": round(line.still_to_make),
                "Last start": last_start(line),
            }
            for line in lines
        ]
    )


def last_start(line: PhaseOutLine) -> str:
    """When production is to stop, in words."""
    if line.still_to_make < 0.5:
        return "nothing more to start"
    if line.stop_before == 0:
        return "in its last month"
    return f"{line.stop_before} month{'s' if line.stop_before > 1 else ''} before the end"


def _listing(view: View, lines: list[PhaseOutLine]) -> None:
    frame = phase_out_frame(view, lines)
    listing(
        frame,
        "phase_outs",
        config={
            "Last day": st.column_config.DateColumn(format="D MMM YY", help="Last day of sale"),
            "Demand until then": _number(
                format="localized", help="Units from the start of the plan to the last day, before supply"
            ),
            "Stock now": _number(format="localized", help="Units at the start of the plan, all sites"),
            "Committed": _number(
                format="localized", help="Units of planned production of the months ahead (production table)"
            ),
            "Used up in": st.column_config.TextColumn(
                help="Month in which stock and committed production are used up"
            ),
            "Left over": _number(
                format="localized",
                help="Units left after the last day if nothing but what is committed is made",
            ),
            "Left over, value": _number(
                format="localized", help=f"{view.currency}: units left over x standard cost"
            ),
            "Still to make": _number(
                format="localized", help="Demand until the end beyond stock and committed production, units"
            ),
            "Last start": st.column_config.TextColumn(
                help="Last production start: the last months are sold from the stock target held, and what is "
                "started takes its lead time"
            ),
        },
    )
    download("Phase-outs", frame, "phase_outs.csv", "phase_outs_csv", quiet=True)


def _one(view: View, lines: list[PhaseOutLine]) -> None:
    names = [line.product for line in lines]
    chosen = st.selectbox("Product", names, key="phase_out_chosen", format_func=view.desk.label, width=360)
    line = lines[names.index(chosen)]
    left, right = st.columns([2, 1], gap="medium")
    drawn = run_down_chart(view.palette, view.inputs.months, line.demand, line.committed, line.stock, "units")
    left.plotly_chart(drawn.figure, key="run_down_chart", theme=None, config=CONFIG, alt=drawn.alt)
    right.markdown(fmt.plain(sentence(view, line)))
    if line.later is not None:
        later = line.later
        right.markdown(
            fmt.plain(
                f"Ending on {day(later.end)} instead of {day(line.end)} sells {fmt.exact(later.sold)} of the "
                f"{fmt.exact(line.left)} left, {fmt.money(later.sold * line.unit_cost, view.currency)} at "
                "standard cost."
            )
        )
        right.button(
            f"End on {day(later.end)}", key="phase_out_later", type="primary", on_click=_put,
            args=(view, line.product, later.end, "stock is sold off first"),
        )  # fmt: skip


def sentence(view: View, line: PhaseOutLine) -> str:
    """What the product's stock does until its end, in words."""
    months = view.inputs.months
    stock = f"Stock of {fmt.exact(line.opening)} units" if line.opening else "No stock"
    committed = float(line.committed.sum())
    said = stock + (f" and {fmt.exact(committed)} committed" if committed else "")
    said += f" against a demand of {fmt.exact(line.demand_until_end)} until {day(line.end)}: "
    if line.run_out >= 0:
        said += f"used up in {month_label(months[line.run_out])}, "
    if line.still_to_make >= 0.5:
        said += f"{fmt.exact(line.still_to_make)} still to make; last start {last_start(line)}"
        if line.usual_stock:
            said += f", the rest from the {fmt.exact(line.usual_stock)} held as stock target"
    else:
        said += "nothing more to make"
    said += "."
    if line.left >= 0.5:
        said += f" {fmt.exact(line.left)} units are left over, {fmt.money(line.left_value, view.currency)} at cost."
    return said


def _put(view: View, product: str, end: dt.date, note: str) -> None:
    working.put(view, PhaseOut(scope=Scope.of(product=product), end=end, note=note))


def _set_end(view: View) -> None:
    """Any product's end, moved or set."""
    with (
        st.expander("Set or move the end of a product", icon=":material/event_busy:"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        products = [name for name, (_, share) in view.inputs.product_share.items() if share > 0]
        product = st.selectbox(
            "Product that ends", products, key="phase_out_product", format_func=view.desk.label, width=340
        )
        end = st.date_input(
            "Last day of sale", value=_usual_end(view.inputs.months), key="phase_out_end", width=180
        )
        st.text_input("Why", key="phase_out_why", placeholder="for the minutes", width=300)
        st.button(
            "Set the end",
            key="phase_out_set",
            on_click=_set,
            args=(view,),
            disabled=product is None or end is None,
        )


def _set(view: View) -> None:
    keep = st.session_state
    _put(view, keep["phase_out_product"], keep["phase_out_end"], keep["phase_out_why"])


def _usual_end(months: np.ndarray) -> dt.date:
    """The last day of the sixth month of the plan."""
    month = months[min(5, len(months) - 1)]
    end: dt.date = ((month + 1).astype("datetime64[D]") - 1).item()
    return end
