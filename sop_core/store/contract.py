"""What the data contract looks like from outside: the reference page and the import templates.

`python -m sop_core.store.contract` writes docs/data-contract.md and data/templates; a test holds them
together.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sop_core.export.tables import safe_xlsx, write_whole
from sop_core.schema import SETTINGS, TABLES, Column, Setting, Table

_KINDS = {
    "text": "text",
    "number": "number",
    "integer": "whole number",
    "bool": "true or false",
    "date": "date",
    "month": "month",
}
_GATHER = {
    "sum": "Rows of one month and key are summed.",
    "last": "Of several dates in one month the latest counts.",
    "replace": "Each key may stand once in an import.",
}

_INTRO = """# Data contract

The tables that a company brings. One table is one file named after it (`sales.csv`, `sales.xlsx`,
`sales.parquet`), or one sheet of a workbook; `python -m sop_core load FOLDER --store FILE` takes a whole
folder. Empty templates lie in `data/templates`. This page is written from `sop_core/schema.py`
(`python -m sop_core.store.contract`); a test holds the two together.

- **Bold** columns are required. The others may be missing; a blank cell takes the default.
- A *month* may be any date and is kept as the first of its month. Write dates as `2026-03-31`; other orders
  are understood where the data leave one reading only, and asked for otherwise.
- Identifiers are text, compared exactly after blanks around them are taken off. `All` means every one.
- Quantities are in the product's own unit, money is in the company's one currency, hours are hours.
- An import replaces rows of the same key and keeps the others. Each import is a new data version; older ones
  can be read back for ever.
- Nothing is taken until every file has been read and checked; one error refuses the whole import.
- Separators (comma, semicolon, tab, bar), encodings (UTF-8, UTF-16, Windows-1252), decimal marks and
  a heading that is not in the first row are recognised. Headings may differ in case, blanks and underscores.
- With `sales` alone there is a forecast; with `resources`, `sources` and `routings` there is a supply plan.
"""


def reference_page() -> str:
    """docs/data-contract.md, from the declarations."""
    parts = [_INTRO]
    for table in TABLES.values():
        parts.append(_table_section(table))
    parts.append(_settings_section())
    return "\n".join(parts)


def template_csv(table: Table) -> bytes:
    """The empty CSV template of a table: its column names."""
    return (",".join(table.names) + "\n").encode()


def template_workbook() -> bytes:
    """One workbook with an empty sheet for each table, and the sheet Meanings that explains every column."""
    meanings = pd.DataFrame(
        [
            {
                "table": table.name,
                "column": column.name,
                "needed": "required" if column.required else "optional",
                "kind": _KINDS[column.kind],
                "unit": column.unit,
                "if blank": column.default_text,
                "values": " or ".join(column.choices),
                "meaning": column.meaning,
            }
            for table in TABLES.values()
            for column in table.columns
        ]
    )
    settings = pd.DataFrame(
        [
            {
                "table": "settings",
                "column": setting.name,
                "needed": "setting",
                "kind": _KINDS[setting.kind],
                "unit": "",
                "if blank": _setting_default(setting),
                "values": " or ".join(setting.choices),
                "meaning": setting.meaning,
            }
            for setting in SETTINGS.values()
        ]
    )
    sheets = {"Meanings": pd.concat([meanings, settings], ignore_index=True)}
    sheets |= {table.name: pd.DataFrame(columns=list(table.names)) for table in TABLES.values()}
    return safe_xlsx(sheets)


def write_all(root: Path) -> None:
    """Writes the page and the CSV templates below the project's folder."""
    folder = root / "data" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES.values():
        write_whole(folder / f"{table.name}.csv", template_csv(table))
    write_whole(root / "docs" / "data-contract.md", reference_page().encode())


def _table_section(table: Table) -> str:
    lines = [
        f"## {table.name}",
        "",
        f"{table.title}. {table.meaning} Key: {', '.join(table.keys)}. {_GATHER[table.gather]}"
        + (f" Each row needs one of {', '.join(table.any_of)}." if table.any_of else "")
        + "".join(f" `{low}` may not lie beyond `{high}`." for low, high in table.ascending),
        "",
        "| column | kind | unit | default | meaning |",
        "| --- | --- | --- | --- | --- |",
        *(_row(column) for column in table.columns),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    meaning = column.meaning + (f": {', '.join(column.choices)}" if column.choices else "")
    bounds = [f"at least {column.minimum:g}"] if column.minimum is not None else []
    bounds += [f"at most {column.maximum:g}"] if column.maximum is not None else []
    if bounds:
        meaning += f" ({', '.join(bounds)})"
    if column.refers:
        meaning += f"; found in {' or '.join(column.refers)}"
        meaning += f", else a warning: {column.lenient}" if column.lenient else ""
    default = "" if column.required else column.default_text or "blank"
    return f"| {name} | {_KINDS[column.kind]} | {column.unit} | {default} | {meaning} |"


def _settings_section() -> str:
    lines = [
        "## The settings",
        "",
        "Rows of the table `settings`: name and value.",
        "",
        "| setting | kind | default | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for setting in SETTINGS.values():
        meaning = setting.meaning + (f": {', '.join(setting.choices)}" if setting.choices else "")
        bounds = [f"at least {setting.minimum:g}"] if setting.minimum is not None else []
        bounds += [f"at most {setting.maximum:g}"] if setting.maximum is not None else []
        meaning += f" ({', '.join(bounds)})" if bounds else ""
        lines.append(f"| {setting.name} | {_KINDS[setting.kind]} | {_setting_default(setting)} | {meaning} |")
    return "\n".join([*lines, ""])


def _setting_default(setting: Setting) -> str:
    if setting.rule:
        return setting.rule
    return str(setting.default).lower() if isinstance(setting.default, bool) else f"{setting.default}"


if __name__ == "__main__":
    write_all(Path(__file__).resolve().parents[2])
