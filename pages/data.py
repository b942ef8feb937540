"""Data: bring the company's files; see what was taken, how fresh it is, and what stands in for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import cached, context, state
from pages.parts import format as fmt
from pages.parts.tables import download, listing
from sop_core.calendar import month_label
from sop_core.errors import DataError, StoreError
from sop_core.planner import Company
from sop_core.schema import TABLES
from sop_core.store import DataVersion, Finding, ImportReport, TableReport, Upload, findings_frame
from sop_core.store.contract import template_csv, template_workbook

_IMPORT, _FRESH, _VERSIONS, _DEFAULTS, _CLEANSED, _TEMPLATES = (
    "Import",
    "Freshness",
    "Versions",
    "Defaults used",
    "Corrections",
    "Templates",
)
_SUFFIXES = ["csv", "tsv", "txt", "xlsx", "xlsm", "parquet"]
_ORDERS = {
    None: "As found",
    "dmy": "Day first, 31/12/2026",
    "mdy": "Month first, 12/31/2026",
    "ymd": "2026-12-31",
}
_DECIMALS = {None: "As found", ".": "Point, 1,234.5", ",": "Comma, 1.234,5"}
_SHOWN = 1_000


def render() -> None:
    """The page."""
    if not state.has_data():
        empty()
        return
    company = _company()
    versions = state.store().versions()
    st.html(f'<p class="sop-headline">{fmt.safe(sentence(versions[0], company))}</p>')
    section = st.segmented_control(
        "Section",
        [_IMPORT, _FRESH, _VERSIONS, _DEFAULTS, _CLEANSED, _TEMPLATES],
        default=_IMPORT,
        key="data_view",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
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
        _import()
        if "_import_report" not in st.session_state:
            _last(versions[0])


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
    _import()
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
    count = len(company.defaults_used)
    said += f"; {count} default{'s stand' if count != 1 else ' stands'} in for missing data" if count else ""
    corrections = len(company.history.corrections) if company.history is not None else 0
    return said + (f"; {corrections:,} corrections of the history." if corrections else ".")


# -- import -----------------------------------------------------------------------------------------------


def _import() -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        whole_folder = st.toggle("A whole folder", key="import_folder")
        files = st.file_uploader(
            "Files: CSV, Excel or Parquet, named after their tables",
            type=_SUFFIXES,
            accept_multiple_files="directory" if whole_folder else True,
            key=f"import_files_{st.session_state.get('_import_round', 0)}_{whole_folder}",
        )
    with right:
        order = st.selectbox(
            "Date order", list(_ORDERS), format_func=lambda k: _ORDERS[k], key="import_dates"
        )
        decimal = st.selectbox(
            "Decimal mark", list(_DECIMALS), format_func=lambda k: _DECIMALS[k], key="import_marks"
        )
        note = st.text_input("Note", key="import_note", max_chars=200, placeholder="What this import is")
        replace = st.toggle(
            "Replace whole tables",
            key="import_replace",
            help="Off: rows replace rows of the same key. On: each table brought becomes the whole table.",
        )
    with st.container(horizontal=True):
        check = st.button("Check only", key="import_check", disabled=not files, icon=":material/fact_check:")
        take = st.button(
            "Take the files",
            key="import_take",
            type="primary",
            disabled=not files,
            icon=":material/upload_file:",
        )
    if files and (check or take):
        uploads = [Upload(file.name, file.getvalue()) for file in files]
        _run(uploads, order, decimal, note, replace, dry_run=check)
    _report()


def _run(
    uploads: Sequence[Upload],
    order: str | None,
    decimal: str | None,
    note: str,
    replace: bool,
    *,
    dry_run: bool,
) -> None:
    """Imports or checks, keeps the report for this session, and starts the page again on the new version."""
    place = st.empty()
    bar = place.progress(0.0, text="Reading")

    def tell(fraction: float, text: str) -> None:
        bar.progress(min(max(fraction, 0.0), 1.0), text=text)

    try:
        report = state.store().import_files(
            list(uploads),
            state.who(),
            dry_run=dry_run,
            progress=tell,
            note=note,
            date_order=order,  # type: ignore[arg-type]
            decimal=decimal,  # type: ignore[arg-type]
            replace=replace,
        )
    except (DataError, StoreError) as error:
        st.session_state["_import_report"] = error
    else:
        st.session_state["_import_report"] = report
        if not dry_run:
            # A new key empties the uploader: what was taken is not taken twice.
            st.session_state["_import_round"] = st.session_state.get("_import_round", 0) + 1
            st.rerun()
    finally:
        place.empty()


def _last(version: DataVersion) -> None:
    """What the latest data version brought, while nothing new was taken in this session."""
    st.html(f'<div style="font-weight:600">Data version {version.version}</div>')
    listing(_tables_frame(version.tables.values()), "last_tables", height=330)


def _tables_frame(tables: Iterable[TableReport]) -> pd.DataFrame:
    columns = ["Table", "Rows read", "Rows kept", "New", "Changed", "Unchanged", "Removed"]
    rows = [(t.table, t.rows_in, t.rows, t.added, t.changed, t.unchanged, t.removed) for t in tables]
    return pd.DataFrame(rows, columns=columns)


def _report() -> None:
    found = st.session_state.get("_import_report")
    if isinstance(found, StoreError):
        st.error(str(found), icon=":material/error:")
    elif isinstance(found, DataError):
        _refused(found)
    elif isinstance(found, ImportReport):
        _taken(found)


def _refused(error: DataError) -> None:
    findings: tuple[Finding, ...] = error.findings
    errors = sum(f.severity == "error" for f in findings)
    if not findings:
        st.error(f"**Nothing was imported.** {error}", icon=":material/error:")
        return
    st.error(
        f"**Nothing was imported, the data are as they were.** "
        f"{errors:,} error{'s' if errors != 1 else ''} to put right.",
        icon=":material/error:",
    )
    if any("--date-order" in f.remedy for f in findings):
        st.warning(
            "The order of day and month is open. Choose **Date order** above, then take the files again.",
            icon=":material/calendar_month:",
        )
    if any("--decimal" in f.remedy for f in findings):
        st.warning(
            "The decimal mark is open. Choose **Decimal mark** above, then take the files again.",
            icon=":material/decimal_increase:",
        )
    _findings(findings)


def _taken(report: ImportReport) -> None:
    icon = ":material/fact_check:" if report.dry_run else ":material/check_circle:"
    tail = " Nothing was written: this was a check." if report.dry_run else ""
    st.success(f"{report.summary()}{tail}", icon=icon)
    listing(_tables_frame(report.tables.values()), "import_tables")
    if report.findings:
        _findings(report.findings)
    if not report.dry_run:
        st.html(
            '<p class="sop-quiet">What stands in for missing data is listed under <b>Defaults used</b>.</p>'
        )


_SEVERITIES = {"error": "Errors", "warning": "Warnings", "change": "Changed on the way"}


def _findings(findings: Sequence[Finding]) -> None:
    counts = {name: sum(f.severity == name for f in findings) for name in _SEVERITIES}
    options = ["all", *(name for name, count in counts.items() if count)]
    chosen = st.segmented_control(
        "Findings",
        options,
        default="all",
        key="findings_kind",
        required=True,
        format_func=lambda n: f"All {len(findings):,}" if n == "all" else f"{_SEVERITIES[n]} {counts[n]:,}",
    )
    frame = findings_frame(findings)
    shown = frame if chosen in (None, "all") else frame[frame["severity"] == chosen]
    # On this screen the remedy is a choice above, not an option of the command line.
    shown = shown.assign(remedy=shown["remedy"].str.replace(r" \(--[^)]*\)", "", regex=True))
    listing(
        shown.head(_SHOWN),
        "findings",
        height=340,
        config={
            "severity": st.column_config.TextColumn("Kind", width=70),
            "row": st.column_config.NumberColumn("Row", width=60),
            "message": st.column_config.TextColumn("What", width="large"),
            "remedy": st.column_config.TextColumn("How to put it right", width="large"),
        },
    )
    if len(shown) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} of {len(shown):,}; the download has them all.")
    download("All findings", frame, "findings.csv", "findings_csv")


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
    st.html(f'<p class="sop-quiet">{fmt.safe(said)}. Each shows what was recorded and what is used.</p>')
    number = st.column_config.NumberColumn
    listing(
        frame.head(_SHOWN),
        "corrections",
        height=460,
        config={
            "before": number("Recorded", format="localized"),
            "after": number("Used", format="localized"),
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
