"""The declarations of the contract hold together."""

from __future__ import annotations

import pytest

from sop_core.schema import ALL, SETTINGS, TABLES, Table


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tables_hold_together(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert table.keys
    assert set(table.any_of) <= set(table.names)
    assert {name for pair in table.ascending for name in pair} <= set(table.names)
    for column in table.columns:
        assert column.meaning
        assert not (column.required and (column.default is not None or column.rule)), column.name
        assert all(target in TABLES for target in column.refers)
        if column.minimum is not None and column.maximum is not None:
            assert column.minimum < column.maximum
        if column.choices and column.default is not None:
            assert column.default in column.choices
        if column.default == ALL:
            assert column.kind == "text"
        if column.lenient:
            assert column.refers


@pytest.mark.parametrize("table", [t for t in TABLES.values() if t.gather != "replace"], ids=lambda t: t.name)
def test_tables_that_are_gathered_have_a_month_and_amounts_only(table: Table) -> None:
    assert table.keys[0] == "month"
    assert all(column.kind == "number" for column in table.columns if not column.key)


REFERRED = sorted(
    {target for table in TABLES.values() for column in table.columns for target in column.refers}
)


@pytest.mark.parametrize("table", [TABLES[name] for name in REFERRED], ids=REFERRED)
def test_what_is_referred_to_is_identified_by_its_first_column(table: Table) -> None:
    assert table.columns[0].key
    assert table.columns[0].kind == "text"


def test_settings_hold_together() -> None:
    for setting in SETTINGS.values():
        assert setting.meaning
        assert (setting.default is None) != (setting.rule == ""), setting.name
        if setting.choices and setting.default is not None:
            assert setting.default in setting.choices
        if setting.minimum is not None and setting.default is not None:
            assert setting.minimum <= setting.default
