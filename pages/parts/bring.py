"""Bringing files: drop them, see what each was understood as, put that right, check, take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import format as fmt
from pages.parts import state
from pages.parts.tables import download, listing
from sop_core.errors import DataError, StoreError
from sop_core.schema import TABLES
from sop_core.store import (
    DataVersion,
    FileReading,
    Finding,
    Hint,
    ImportReport,
    TableReport,
    Upload,
    findings_frame,
)
from sop_core.store.text_files import ENCODINGS

Place = tuple[str, str]
Columns = dict[str, dict[str, str]]

_SUFFIXES = ["csv", "tsv", "txt", "xlsx", "xlsm", "parquet"]
_SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
_ORDERS = {"dmy": "31/12/2026, day first", "mdy": "12/31/2026, month first", "ymd": "2026-12-31, year first"}
_DECIMALS = {".": "Point, 1,234.5", ",": "Comma, 1.234,5"}
_HOW = {
    "exact": "",
    "spelling": "another spelling",
    "alias": "another word for it",
    "mapping": "as it was said",
    "": "not known",
}
_LEFT_OUT = "Leave out"
_SHOWN = 1_000


def panel() -> None:
    """Uploader, what the files were understood as, and what came of them."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        whole_folder = st.toggle("A whole folder", key="import_folder")
        files = st.file_uploader(
            "Files: CSV, Excel or Parquet",
            type=_SUFFIXES,
            accept_multiple_files="directory" if whole_folder else True,
            key=f"import_files_{_round()}_{whole_folder}",
        )
    with right:
        note = st.text_input("Note", key="import_note", max_chars=200, placeholder="What this import is")
        instead = st.toggle(
            "Replace whole tables",
            key="import_replace",
            help="Off: rows replace rows of the same key. On: each table brought becomes the whole table.",
        )
    uploads = [Upload(file.name, file.getvalue()) for file in files or []]
    readings: tuple[FileReading, ...] = ()
    if files:
        readings = _look(uploads, tuple(file.file_id for file in files))
        _confirm(readings)
    with st.container(horizontal=True):
        check = st.button("Check", key="import_check", disabled=not files, icon=":material/fact_check:")
        take = st.button(
            "Take the files",
            key="import_take",
            type="primary",
            disabled=not files,
            icon=":material/upload_file:",
        )
    if files and (check or take):
        _run(uploads, readings, note, instead, dry_run=check)
    _report()


def busy() -> bool:
    """Whether files are dropped or a report of this session is on screen."""
    dropped = any(st.session_state.get(f"import_files_{_round()}_{folder}") for folder in (False, True))
    return dropped or "_import_report" in st.session_state


def _round() -> int:
    """Counts the imports of this session: what belongs to one is dropped with it."""
    return int(st.session_state.get("_import_round", 0))


# -- what the files were understood as --------------------------------------------------------------------


def _hints() -> dict[Place, Hint]:
    """What was said on screen about files of this import."""
    found: dict[Place, Hint] = st.session_state.setdefault("_import_hints", {})
    return found


def _columns() -> Columns:
    """Which of their columns was said to be ours, by table, in this import."""
    found: Columns = st.session_state.setdefault("_import_columns", {})
    return found


def _look(uploads: Sequence[Upload], files: tuple[str, ...]) -> tuple[FileReading, ...]:
    """How the dropped files are read; read again only where files or what was said about them changed."""
    key = (state.store().latest_version(), files, repr(_hints()), repr(_columns()))
    known = st.session_state.get("_import_look")
    if known is None or known[0] != key:
        try:
            with st.spinner("Reading the files"):
                known = (key, state.store().look_at_files(list(uploads), _columns(), hints=_hints()))
        except DataError as error:
            st.error(str(error), icon=":material/error:")
            return ()
        st.session_state["_import_look"] = known
    readings: tuple[FileReading, ...] = known[1]
    return readings


def readings_frame(readings: Sequence[FileReading]) -> pd.DataFrame:
    """One line a file or sheet: table, rows, how it is written, columns taken, what is still open."""
    rows = []
    for r in readings:
        named = [column for column in r.columns if column.theirs]
        taken = sum(bool(column.ours) for column in named)
        table = _LEFT_OUT if r.left_out else f"{r.table} (proposed)" if r.proposed else r.table
        rows.append(
            (
                f"{r.file}, {r.sheet}" if r.sheet else r.file,
                table or "?",
                r.rows,
                _SEPARATORS.get(r.separator, r.separator),
                r.encoding,
                r.header_row if r.table else None,
                _dates(r) if r.table else "",
                ("?" if r.manner.open_number else _DECIMALS[r.manner.decimals].partition(",")[0])
                if r.table
                else "",
                f"{taken} of {len(named)}" if named else "",
                " ".join(r.questions),
            )
        )
    columns = ["File", "Table", "Rows", "Separator", "Encoding", "Names in row", "Dates", "Decimal mark"]
    return pd.DataFrame(rows, columns=[*columns, "Columns taken", "To be said"])


def _dates(reading: FileReading) -> str:
    """How its dates are written; "clear" where none needs an order of day and month."""
    if reading.manner.open_date:
        return "?"
    return _ORDERS[reading.manner.order].partition(",")[0] if reading.manner.order else "clear"


def _confirm(readings: Sequence[FileReading]) -> None:
    """What each file was understood as, and the choices that put one right."""
    if not readings:
        return
    st.html('<div style="font-weight:600">What the files were understood as</div>')
    listing(
        readings_frame(readings),
        "import_readings",
        height=min(40 + 30 * len(readings), 220),
        config={
            "File": st.column_config.TextColumn(width="medium"),
            "Names in row": st.column_config.NumberColumn(width=95),
            "To be said": st.column_config.TextColumn(width="large"),
        },
    )
    asked = [r for r in readings if r.questions]
    if asked:
        first = asked[0]
        more = f" {len(asked) - 1} more files have questions too." if len(asked) > 1 else ""
        st.warning(
            f"**{fmt.plain(first.file)}**: {fmt.plain(' '.join(first.questions))} Say it below.{more}",
            icon=":material/help:",
        )
    places = [(r.file, r.sheet) for r in readings]
    start = places.index((asked[0].file, asked[0].sheet)) if asked else 0
    with st.container(border=True):
        at = 0
        if len(readings) > 1:
            at = st.selectbox(
                "File to look at",
                range(len(readings)),
                index=start,
                format_func=lambda n: ", ".join(part for part in places[n] if part),
                key=f"import_at_{_round()}",
                width=420,
            )
        _correct(readings[at], at)


def _correct(reading: FileReading, at: int) -> None:
    """The choices for one file or sheet, as it is understood now."""
    prefix = f"read_{_round()}_{at}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        now = "" if reading.left_out else reading.table or None
        _choice(reading, "table", "Table", {"": _LEFT_OUT, **{name: name for name in TABLES}}, now, prefix)
        if reading.left_out:
            return
        if reading.separator:
            _choice(reading, "separator", "Separator", _SEPARATORS, reading.separator, prefix)
            known = dict.fromkeys([*ENCODINGS, reading.encoding])
            _choice(reading, "encoding", "Encoding", {n: n for n in known}, reading.encoding, prefix)
        if reading.table and not reading.file.casefold().endswith(".parquet"):
            key = f"{prefix}_header_row_{reading.header_row}"
            st.number_input(
                "Names in row",
                min_value=1,
                value=reading.header_row,
                key=key,
                width=110,
                on_change=_say,
                args=(reading, "header_row", key),
            )
        manner = reading.manner
        if manner.order or manner.open_date:
            _choice(reading, "date_order", "Date order", _ORDERS, manner.order, prefix)
        if reading.table:
            mark = None if manner.open_number else manner.decimals
            _choice(reading, "decimals", "Decimal mark", _DECIMALS, mark, prefix)
    if reading.table:
        _column_choices(reading, prefix)
    elif reading.columns:
        names = ", ".join(column.theirs for column in reading.columns if column.theirs)
        st.html(f'<p class="sop-quiet">Its first full row: {fmt.safe(names)}</p>')


def _choice(
    reading: FileReading, what: str, label: str, options: dict[str, str], now: str | None, prefix: str
) -> None:
    """One selector. Its key holds what it starts from: a reading that changed starts a new one."""
    key = f"{prefix}_{what}_{now}"
    names = list(options)
    st.selectbox(
        label,
        names,
        index=names.index(now) if now in options else None,
        format_func=lambda name: options[name],
        key=key,
        width=190,
        placeholder="Choose",
        on_change=_say,
        args=(reading, what, key),
    )


def _say(reading: FileReading, what: str, key: str) -> None:
    """Notes what was said about a file."""
    value: Any = st.session_state[key]
    if value is None:
        return
    place = (reading.file, reading.sheet)
    changes: dict[str, Any] = {what: int(value) if what == "header_row" else value}
    _hints()[place] = replace(_hints().get(place, Hint()), **changes)


def _column_choices(reading: FileReading, prefix: str) -> None:
    table = TABLES[reading.table]
    options = ["", *table.names]
    named = [(n, column) for n, column in enumerate(reading.columns) if column.theirs]
    st.html(
        f'<p class="sop-quiet">Their columns and what each is in <b>{fmt.safe(table.name)}</b>; required: '
        f"{fmt.safe(', '.join(table.required))}. What is said here is kept for the next import.</p>"
    )
    for start in range(0, len(named), 5):
        for cell, (n, column) in zip(st.columns(5, gap="small"), named[start : start + 5], strict=False):
            key = f"{prefix}_column_{n}_{column.ours}"
            with cell:
                st.selectbox(
                    fmt.plain(column.theirs),
                    options,
                    index=options.index(column.ours) if column.ours in options else 0,
                    format_func=_named(reading.table),
                    key=key,
                    on_change=_say_column,
                    args=(reading.table, column.theirs, key),
                )
                said = ", ".join(part for part in (_HOW[column.how], _example(column.example)) if part)
                st.html(f'<p class="sop-quiet" style="margin:-.55rem 0 0">{fmt.safe(said)}</p>')


def _example(text: str) -> str:
    return f"e.g. {text if len(text) <= 24 else text[:23] + '…'}" if text else "blank"


def _named(table: str) -> Callable[[str], str]:
    required = set(TABLES[table].required)
    return lambda name: _LEFT_OUT if not name else f"{name} *" if name in required else name


def _say_column(table: str, theirs: str, key: str) -> None:
    """Notes which of our columns one of theirs is."""
    _columns().setdefault(table, {})[theirs] = st.session_state[key]


def said(
    readings: Sequence[FileReading], hints: dict[Place, Hint], columns: Columns
) -> tuple[dict[Place, Hint], Columns]:
    """What the import is told: what was said, proposals that were left standing, columns of the tables at hand."""
    told = dict(hints)
    for r in readings:
        hint = told.get((r.file, r.sheet), Hint())
        if r.proposed and hint.table is None:
            told[r.file, r.sheet] = replace(hint, table=r.table)
    have: dict[str, set[str]] = {}
    for r in readings:
        have.setdefault(r.table, set()).update(column.theirs for column in r.columns)
    mapping = {
        table: {theirs: ours for theirs, ours in chosen.items() if theirs in have.get(table, set())}
        for table, chosen in columns.items()
    }
    return told, {table: chosen for table, chosen in mapping.items() if chosen}


# -- check and take ---------------------------------------------------------------------------------------


def _run(
    uploads: Sequence[Upload], readings: Sequence[FileReading], note: str, instead: bool, *, dry_run: bool
) -> None:
    """Imports or checks, keeps the report for this session, and starts the page again on the new version."""
    place = st.empty()
    bar = place.progress(0.0, text="Reading")

    def tell(fraction: float, text: str) -> None:
        bar.progress(min(max(fraction, 0.0), 1.0), text=text)

    hints, mapping = said(readings, _hints(), _columns())
    try:
        report = state.store().import_files(
            list(uploads),
            state.who(),
            mapping,
            dry_run,
            tell,
            note=note,
            replace=instead,
            hints=hints,
        )
    except (DataError, StoreError) as error:
        st.session_state["_import_report"] = error
    else:
        st.session_state["_import_report"] = report
        if not dry_run:
            # A new round empties the uploader: what was taken is not taken twice.
            st.session_state["_import_round"] = _round() + 1
            for name in ("_import_hints", "_import_columns", "_import_look"):
                st.session_state.pop(name, None)
            st.rerun()
    finally:
        place.empty()


def last(version: DataVersion) -> None:
    """What the latest data version brought, while nothing new was taken in this session."""
    st.html(f'<div style="font-weight:600">Data version {version.version}</div>')
    listing(tables_frame(version.tables.values()), "last_tables", height=330)


def tables_frame(tables: Iterable[TableReport]) -> pd.DataFrame:
    """One line a table: rows read, kept, new, changed, unchanged, removed."""
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
    _findings(findings)


def _taken(report: ImportReport) -> None:
    icon = ":material/fact_check:" if report.dry_run else ":material/check_circle:"
    tail = " Nothing was written: this was a check." if report.dry_run else ""
    st.success(f"{report.summary()}{tail}", icon=icon)
    listing(tables_frame(report.tables.values()), "import_tables")
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
            "file": "File",
            "sheet": "Sheet",
            "table": "Table",
            "column": "Column",
            "value": "Found",
            "row": st.column_config.NumberColumn("Row", width=60, format="localized"),
            "message": st.column_config.TextColumn("What", width="large"),
            "remedy": st.column_config.TextColumn("How to put it right", width="large"),
        },
    )
    if len(shown) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} of {len(shown):,}; the download has them all.")
    download("All findings", frame, "findings.csv", "findings_csv")
