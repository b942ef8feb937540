"""Data: bring the company's files; see what was taken, how fresh it is, and what stands in for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import bring, cached, context, state
from pages.parts import format as fmt
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.planner import Company
from sop_core.schema import TABLES
from sop_core.store import DataVersion
from sop_core.store.contract import template_csv, template_workbook

_IMPORT, _FRESH, _VERSIONS, _DEFAULTS, _CLEANSED, _TEMPLATES = (
    "Import",
    "Freshness",
    "Versions",
    "Defaults used",
    "Corrections",
    "Templates",
)
_SHOWN = 1_000


def render() -> None:
    """The page."""
    if not state.has_data():
        empty()
        return
    company = _company()
    versions = state.store().versions()
    st.html(f'<p class="sop-headline">{fmt.safe(sentence(versions[0], company))}</p>')
    section = context.section([_IMPORT, _FRESH, _VERSIONS, _DEFAULTS, _CLEANSED, _TEMPLATES], "data_view")
    if section == _FRESH:
        _freshness(versions[0].version, company)
    elif section == _VERSIONS:
        _versions(versions)
    elif section == _DEFAULTS:
        _defaults(company)
    elif section == _CLEANSED:
        _corrections(company)
    elif section == _TEMPLATES:
        _templates()
    else:
        bring.panel()
        if not bring.busy():
            bring.last(versions[0])


def empty() -> None:
    """The page of a store without data: what to bring, templates, and the way in."""
    st.html('<p class="sop-headline">Bring your company: one file of sales is enough to begin.</p>')
    st.markdown(
        "| with | you get |\n| --- | --- |\n"
        "| **sales** (month, product, quantity) | a forecast with its interval and a demand review |\n"
        "| + **resources, sources, routings** | a supply plan: load, shortages and what causes them |\n"
        "| + **prices, costs, inventory, budget** | money, stock against target, estimate to budget |\n\n"
        "CSV, Excel (a sheet a table) or Parquet, a file named after its table. Nothing is written until all "
        "of it has been read and checked."
    )
    bring.panel()
    with st.expander("Templates for every table"):
        _templates()


def _company() -> Company | None:
    """The company where it can be planned. What stops it is shown; files can be brought all the same."""
    found: list[Company] = []
    with state.explained():
        found.append(context.whole().company)
    return found[0] if found else None


def sentence(version: DataVersion, company: Company | None) -> str:
    """How fresh the data are, and how much of the plan rests on stand-ins."""
    said = f"Data version {version.version}, taken {version.at:%d %b %Y} by {version.who}"
    if company is None:
        return f"{said}, does not give a plan yet."
    last = company.snapshot.last_actual
    if last is not None:
        said += f"; actuals to {month_label(last)}"
        late = int((company.snapshot.settings.plan_start - 1 - last).astype(int))
        if late > 0:
            said += f", {late} month{'s' if late > 1 else ''} before the plan's last closed month"
        elif late < 0:
            start = month_label(company.snapshot.settings.plan_start)
            said += f", those from the plan's start {start} on unused"
    count = len(company.defaults_used)
    said += f"; {count} default{'s stand' if count != 1 else ' stands'} in for missing data" if count else ""
    proposed = company.history.corrections if company.history is not None else ()
    corrections = sum(correction.accepted for correction in proposed)
    return said + (f"; {corrections:,} corrections of the history." if corrections else ".")


# -- freshness, versions, defaults, corrections, templates ----------------------------------------------


def freshness_view(frame: pd.DataFrame, plan_start: np.datetime64 | None) -> pd.DataFrame:
    """The freshness table as it is read: brought tables first; months behind the plan for past data."""
    out = frame.copy()
    behind: list[int | None] = []
    for name, last in zip(out["table"], out["last"], strict=True):
        past = name in ("sales", "orders", "inventory", "production")
        if not past or plan_start is None or pd.isna(last):
            behind.append(None)
            continue
        month = np.datetime64(last.to_datetime64(), "M")
        behind.append(max(int((plan_start - 1 - month).astype(int)), 0))
    out["behind"] = pd.array(behind, dtype="Int64")
    out["brought"] = out["rows"] > 0
    return out.sort_values("brought", ascending=False, kind="stable", ignore_index=True).drop(
        columns="brought"
    )


def _freshness(version: int, company: Company | None) -> None:
    start = company.snapshot.settings.plan_start if company is not None else None
    frame = freshness_view(cached.freshness(version), start)
    brought = int((frame["rows"] > 0).sum())
    st.html(
        f'<p class="sop-quiet">{brought} of {len(frame)} tables were brought. Months behind: how far a table '
        "of actuals ends before the last closed month.</p>"
    )
    date = st.column_config.DateColumn
    listing(
        frame[["table", "title", "rows", "first", "last", "behind", "meaning"]],
        "freshness",
        height=480,
        config={
            "table": "Table",
            "title": "Title",
            "rows": st.column_config.NumberColumn("Rows", format="localized"),
            "first": date("First", format="MMM YY"),
            "last": date("Last", format="MMM YY"),
            "behind": st.column_config.NumberColumn("Months behind"),
            "meaning": st.column_config.TextColumn("What it holds", width="large"),
        },
    )
    download("This table", frame, "freshness.csv", "freshness_csv")


def versions_frame(versions: Sequence[DataVersion]) -> pd.DataFrame:
    """One line a data version: who, when (UTC), note, files, rows read and changed."""
    rows = []
    for v in versions:
        tables = v.tables.values()
        rows.append(
            (
                v.version,
                pd.Timestamp(v.at).tz_convert(None) if v.at.tzinfo else pd.Timestamp(v.at),
                v.who,
                v.note,
                ", ".join(f.name for f in v.files) or "tables",
                len(v.tables),
                sum(t.rows_in for t in tables),
                sum(t.added for t in tables),
                sum(t.changed for t in tables),
                sum(t.removed for t in tables),
            )
        )
    columns = [
        "Version",
        "When (UTC)",
        "Who",
        "Note",
        "Files",
        "Tables",
        "Rows read",
        "New",
        "Changed",
        "Removed",
    ]
    return pd.DataFrame(rows, columns=columns)


def files_frame(versions: Sequence[DataVersion]) -> pd.DataFrame:
    """One line a file that was read, with its SHA-256."""
    rows = [(v.version, f.name, f.size, f.sha256) for v in versions for f in v.files]
    return pd.DataFrame(rows, columns=["Version", "File", "Bytes", "SHA-256"])


def _versions(versions: Sequence[DataVersion]) -> None:
    frame = versions_frame(versions)
    listing(
        frame,
        "versions",
        config={
            "When (UTC)": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Files": st.column_config.TextColumn(width="large"),
        },
    )
    files = files_frame(versions)
    if len(files):
        with st.expander("Files and their fingerprints"):
            listing(files, "version_files")
    with st.container(horizontal=True):
        download("Versions", frame, "versions.csv", "versions_csv")
        if len(files):
            download("Files", files, "files.csv", "files_csv", quiet=True)


def defaults_frame(company: Company) -> pd.DataFrame:
    """Every default and stand-in that the plan rests on."""
    rows = [(d.table, d.column, d.value, d.rows, d.meaning) for d in company.defaults_used]
    return pd.DataFrame(rows, columns=["Table", "Column", "Taken instead", "Rows", "Meaning"])


def _defaults(company: Company | None) -> None:
    if company is None:
        st.html('<p class="sop-quiet">Known once the data give a plan.</p>')
        return
    frame = defaults_frame(company)
    if not len(frame):
        st.html('<p class="sop-quiet">None: everything the plan rests on was brought.</p>')
        return
    st.html(
        f'<p class="sop-quiet">{len(frame)} stand-ins for what was not brought. A default is an assumption, not '
        "a fact: bring the column to replace it.</p>"
    )
    listing(
        frame,
        "defaults",
        height=480,
        config={
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Meaning": st.column_config.TextColumn(width="large"),
        },
    )
    download("Defaults used", frame, "defaults_used.csv", "defaults_csv")


def _corrections(company: Company | None) -> None:
    if company is None or company.history is None:
        st.html('<p class="sop-quiet">There is no history to cleanse: demand is the company’s own plan.</p>')
        return
    frame = company.history.corrections_frame()
    if not len(frame):
        st.html('<p class="sop-quiet">The history was taken as it is: nothing to correct was found.</p>')
        return
    said = ", ".join(f"{count:,} x {kind}" for kind, count in frame["kind"].value_counts().items())
    acting = int(frame["accepted"].sum())
    st.html(
        f'<p class="sop-quiet">{len(frame):,} proposed ({fmt.safe(said)}), {acting:,} of them act on the forecast.</p>'
    )
    st.page_link(
        "pages/demand.py",
        label="Review them in Demand",
        icon=":material/rule:",
        query_params={"demand_view": "Cleansing"},
    )
    titles = {name: company.inputs.title(i) for i, name in enumerate(company.inputs.items)}
    number = st.column_config.NumberColumn
    listing(
        frame.head(_SHOWN).assign(item=lambda part: part["item"].map(lambda name: titles.get(name, name))),
        "corrections",
        height=460,
        config={
            "before": number("Recorded", format="localized"),
            "after": number("Corrected", format="localized"),
            "accepted": st.column_config.CheckboxColumn("Acts"),
            "cause": None,
            "reason": st.column_config.TextColumn("Why", width="large"),
        },
    )
    if len(frame) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} of {len(frame):,}; the download has them all.")
    download("All corrections", frame, "corrections.csv", "corrections_csv")


def _templates() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Workbook with every table",
            template_workbook,
            file_name="sop_templates.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            key="template_book",
            on_click="ignore",
            icon=":material/download:",
            type="primary",
        )
        name = st.selectbox("One table", list(TABLES), key="template_table", width=220)
        table = TABLES[name]
        st.download_button(
            f"{name}.csv",
            lambda: template_csv(table),
            file_name=f"{name}.csv",
            mime="text/csv",
            key="template_csv",
            on_click="ignore",
            icon=":material/download:",
        )
    st.html(f'<p class="sop-quiet"><b>{fmt.safe(table.title)}.</b> {fmt.safe(table.meaning)}</p>')
    rows = [
        (
            column.name,
            "key" if column.key else "required" if column.required else "",
            column.kind,
            column.unit,
            column.default_text,
            column.meaning,
        )
        for column in table.columns
    ]
    columns = ["Column", "Needed", "Type", "Unit", "Where blank", "Meaning"]
    listing(pd.DataFrame(rows, columns=columns), "template_columns", height=360)


if __name__ == "__main__":
    render()
