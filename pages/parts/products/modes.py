"""Production mode: today's and the suggested one of each item, why, and what it does to stock and customers."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts.context import View
from pages.parts.products import working
from pages.parts.products.planned import show_planned
from pages.parts.tables import download
from sop_core.changes import MODES, ProductionMode
from sop_core.inputs import Floats
from sop_core.products.modes import ModeLine, ModeRules, changes_to, cover_days, mode_lines

_SUGGESTED: Final = "As suggested"
_TRIED: Final = "_modes_tried"
_number = st.column_config.NumberColumn


def render(view: View) -> None:
    """The section."""
    with st.spinner("Planning supply: stock comes from the plan"):
        plan = view.plan
    company = view.company
    sigma: Floats | None = company.baseline.sigma[:, 0] if company.baseline is not None else None
    lines = _lines(working.plan_key(view), view, sigma)
    st.html(f'<p class="sop-headline">{fmt.safe(sentence(lines, view.currency))}</p>')
    _missing(view)
    working.strip(view)
    shown = [line for line in lines if view.items[line.item]]
    # What would change comes first, the largest money on top.
    shown.sort(key=lambda line: (not line.changes, -abs(line.freed)))
    picked = _table(view, shown)
    mode = _actions(view, shown, picked)
    wanted = {
        line.item: line.suggested if mode == _SUGGESTED else mode for line in _chosen(shown, picked, mode)
    }
    changes = changes_to(plan, lines, wanted, cover_days(plan, sigma, company.history)) if wanted else []
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Plan it", key="modes_plan", type="primary", disabled=not changes, on_click=_try,
            args=(view, changes), help="Plans supply with these modes and shows the difference; nothing is kept yet.",
        )  # fmt: skip
        download("Modes", lambda: frame(lines), "production_modes.csv", "modes_csv")
    name, tried = st.session_state.get(_TRIED, ("", []))
    if tried and name == view.scenario_name:
        show_planned(view, tried, "modes", _forget)
    _rules()


@st.cache_resource(max_entries=8, show_spinner=False)
def _lines(key: tuple[object, ...], _view: View, _sigma: Floats | None) -> tuple[ModeLine, ...]:
    """The mode of every item in a plan and the suggested one, worked out once per plan. Read only."""
    return mode_lines(_view.plan, _view.company.snapshot, _view.company.history, _sigma)


def sentence(lines: tuple[ModeLine, ...], currency: str) -> str:
    """How items are made, what is suggested, and what that frees."""
    counts = {mode: sum(line.today == mode for line in lines) for mode in MODES}
    said = ", ".join(f"{count} {MODES[mode]}" for mode, count in counts.items() if count)
    moves = [line for line in lines if line.changes]
    if not moves:
        return f"{said}. No other mode is suggested."
    largest = max(moves, key=lambda line: abs(line.freed))
    freed = sum(line.freed for line in moves)
    what = "frees" if freed >= 0 else "needs"
    money = f" It {what} {fmt.money(abs(freed), currency)} of stock." if freed else ""
    rest = f" and {len(moves) - 1} more" if len(moves) > 1 else ""
    return f"{said}. Another mode is suggested for {largest.title}{rest}: {MODES[largest.suggested]}.{money}"


def _missing(view: View) -> None:
    snapshot = view.company.snapshot
    if not len(snapshot.table("orders")):
        st.info(
            "No orders: nothing tells how long customers wait. Bring **orders** (ordered_on, due_on) to compare it "
            "with the time that making and shipping takes.",
            icon=":material/table_view:",
        )
    if not (view.inputs.item.unit_cost > 0).any():
        st.info(
            "No unit costs: stock has no value here. Bring `unit_cost` in **products**.",
            icon=":material/table_view:",
        )


# -- the table --------------------------------------------------------------------------------------------

#: column -> (header, with {} for the currency; width; definition)
_COLUMNS: dict[str, tuple[str, str, str]] = {
    "title": ("Item", "text", ""),
    "today": ("Today", "text", "MTS made to stock, MTO made to order, ATO assembled to order; in this scenario"),
    "suggested": ("Suggested", "text", "By the rules below; blank where today's mode stays"),
    "why": ("Why", "long", ""),
    "freed": ("Freed, {}", "number", "Held today - held after; negative = needed. Stock beyond its target is not in "
              "it: Plan it shows what the plan makes of it"),
    "held": ("Held today, {}", "number", "Safety stock (the target) and half of a month's supply, with today's mode, "
             "x unit cost"),
    "after": ("Held after, {}", "number", "The same with the suggested mode: nothing under MTO, materials under ATO"),
    "stock_now": ("Stock today, {}", "number", "Stock at the start of the plan x unit cost"),
    "holding": ("Saved a year, {}", "number", "Freed x holding cost of a unit a year / unit cost"),
    "wait": ("Customers wait, days", "number", "Days from order to due date that half of the ordered units leave or "
             "exceed; the last year of orders"),
    "make_days": ("To make and ship, days", "number", "Source's and lanes' lead time, and half a month to make it"),
    "full_days": ("With materials, days", "number", "The same with the lead time of its slowest material"),
    "variation": ("Variation, %", "number", "Spread of monthly demand around trend and season / its mean"),
    "interval": ("Asked for every, months", "number", "Mean months between months with demand (ADI)"),
    "lines": ("Order lines a month", "number", "Last year of orders"),
    "pattern": ("Pattern", "text", "Syntetos, Boylan & Croston: interval from 1.32 months on is intermittent or "
                "lumpy, squared variation of sizes from 0.49 on erratic or lumpy"),
    "service": ("Customers then", "long", "What the suggested mode means to customers"),
}  # fmt: skip


def frame(lines: tuple[ModeLine, ...] | list[ModeLine]) -> pd.DataFrame:
    """One row an item, every number of the suggestion."""
    names = [name for name in _COLUMNS if name != "freed"]
    rows = [{name: getattr(line, name) for name in names} | {"freed": line.freed} for line in lines]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _table(view: View, lines: list[ModeLine]) -> list[int]:
    """Draws the list and returns the positions of the rows that are picked."""
    shown = frame(lines)
    shown["suggested"] = [line.suggested if line.changes else "" for line in lines]
    shown["variation"] *= 100
    whole = [
        name
        for name, (_, kind, _) in _COLUMNS.items()
        if kind == "number" and name not in ("interval", "lines")
    ]
    shown = shown.round(dict.fromkeys(whole, 0) | {"interval": 1, "lines": 1})
    for name, (_, kind, _) in _COLUMNS.items():
        if kind == "number":
            shown[name] = shown[name].mask(shown[name] == 0)
    event = st.dataframe(
        shown, key="modes_table", hide_index=True, height=min(40 + 30 * len(shown), 400), row_height=30,
        placeholder=fmt.DASH, column_config=_config(view.currency), on_select="rerun", selection_mode="multi-row",
    )  # fmt: skip
    picked = [int(n) for n in event.get("selection", {}).get("rows", [])]
    return [n for n in picked if n < len(lines)]


def _config(currency: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, (title, kind, meaning) in _COLUMNS.items():
        label = title.format(currency)
        if kind == "number":
            step = 0.1 if name in ("interval", "lines") else 1
            out[name] = _number(label, help=meaning, format="localized", step=step, width=30 + 7 * len(label))
        elif kind == "long":
            out[name] = st.column_config.TextColumn(label, help=meaning or None, width=400)
        else:
            wide = name == "title"
            out[name] = st.column_config.TextColumn(
                label, help=meaning or None, width=190 if wide else 85, pinned=wide
            )
    return out


# -- acting -----------------------------------------------------------------------------------------------


def _actions(view: View, lines: list[ModeLine], picked: list[int]) -> str:
    count = len(picked) or sum(line.changes for line in lines)
    if picked:
        said = f"{count} picked"
    else:
        said = f"{count} suggested, none picked" if count else "None suggested: pick rows to try a mode"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<div class="sop-part" style="font-weight:600">{said}</div>')
        mode = st.segmented_control(
            "Mode", [_SUGGESTED, *MODES], default=_SUGGESTED, key="modes_mode", required=True,
            label_visibility="collapsed", width="content",
            help="What to plan for the picked rows; without picked rows the suggestions are planned.",
        )  # fmt: skip
    return mode or _SUGGESTED


def _chosen(lines: list[ModeLine], picked: list[int], mode: str) -> list[ModeLine]:
    """The lines to plan: picked ones, else all suggestions; without those that would stay as they are."""
    rows = [lines[n] for n in picked] if picked else [line for line in lines if line.changes]
    return [line for line in rows if (line.suggested if mode == _SUGGESTED else mode) != line.today]


def _try(view: View, changes: list[ProductionMode]) -> None:
    st.session_state[_TRIED] = (view.scenario_name, changes)


def _forget() -> None:
    st.session_state.pop(_TRIED, None)


def _rules() -> None:
    rules = ModeRules()
    with st.expander("How a mode is suggested"):
        st.markdown(
            "The first rule that fits decides.\n\n"
            "1. Too little history, or no orders that tell how long customers wait: today's mode stays.\n"
            "2. Half of the ordered units leave less time than making and shipping takes: **MTS**. Lead times are in "
            f"whole months; an order made within the month is taken to need {rules.make_days:.0f} days.\n"
            "3. It is to order today and customers wait long enough: it stays.\n"
            f"4. The plan builds it ahead of a peak (more than {rules.ahead:g} months of demand beyond target and "
            "today's stock): **MTS**.\n"
            f"5. Demand varies by less than {100 * rules.uneven:.0f} % around its season and trend, and it is asked "
            "for in most months: **MTS**, a little safety stock covers it.\n"
            "6. Customers wait for materials, too: **MTO**. They wait for assembly, and its materials are shared with "
            "other items: **ATO**. Else **MTS**.\n\n"
            "MTO and ATO hold no finished stock in the plan: what is there is used up, then a unit is made only for "
            "an order. Materials may be held for both; ATO says that they are, so its safety stock is counted as "
            "materials (bill of materials x unit cost), the most it takes when no other item shares it."
        )
