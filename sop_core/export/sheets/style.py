"""How a workbook's cells look: one family, quiet rules, numbers by unit, colours by role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from sop_core.charts.roles import LIGHT, Palette

#: A family that every office program has, or has one of the same widths for.
FONT: Final = "Arial"
#: Letters that a cell can hold, rows of a sheet and letters of a sheet's name, as Excel has them.
MOST_LETTERS, EXCEL_ROWS, MOST_NAME = 32_767, 1_048_576, 31

_ZERO = '"\N{EN DASH}"'
#: Number formats by kind of column. Zero is an en dash where nothing is meant by it, negatives have a minus sign.
NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "units": f"#,##0;\N{MINUS SIGN}#,##0;{_ZERO}",
        "money": f"#,##0;\N{MINUS SIGN}#,##0;{_ZERO}",
        "price": f"#,##0.00;\N{MINUS SIGN}#,##0.00;{_ZERO}",
        "fraction": "0.0%;\N{MINUS SIGN}0.0%;0.0%",
        "hours": f"#,##0;\N{MINUS SIGN}#,##0;{_ZERO}",
        "heads": f"#,##0.0;\N{MINUS SIGN}#,##0.0;{_ZERO}",
        "days": f"#,##0.0;\N{MINUS SIGN}#,##0.0;{_ZERO}",
        "turns": f"#,##0.00;\N{MINUS SIGN}#,##0.00;{_ZERO}",
        "count": "0",
        "number": "#,##0.00;\N{MINUS SIGN}#,##0.00;" + _ZERO,
        "month": "mmm yy",
        "day": "d mmm yyyy",
        # Differences say their direction.
        "units_gap": f"+#,##0;\N{MINUS SIGN}#,##0;{_ZERO}",
        "money_gap": f"+#,##0;\N{MINUS SIGN}#,##0;{_ZERO}",
        "fraction_gap": f"+0.0%;\N{MINUS SIGN}0.0%;{_ZERO}",
        "hours_gap": f"+#,##0;\N{MINUS SIGN}#,##0;{_ZERO}",
        "heads_gap": f"+#,##0.0;\N{MINUS SIGN}#,##0.0;{_ZERO}",
        "days_gap": f"+#,##0.0;\N{MINUS SIGN}#,##0.0;{_ZERO}",
        "turns_gap": f"+#,##0.00;\N{MINUS SIGN}#,##0.00;{_ZERO}",
    }
)

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """A text as a cell can hold it: signs that no workbook knows are taken out, what is too long is cut and says so."""
    text = _CONTROLS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # XlsxWriter would take it for markup of its own
    # Excel counts in UTF-16: a sign beyond the first plane is two.
    if len(text) + sum(sign > "\uffff" for sign in text) <= MOST_LETTERS:
        return text
    room = MOST_LETTERS // 2 - 40
    return f"{text[:room]} … (cut: {len(text) - room:,} more letters do not fit in a cell)"


class Style:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book, self._made = book, dict[tuple[tuple[str, Any], ...], Format]()
        self.palette: Palette = LIGHT

    def of(self, **properties: Any) -> Format:
        """A format with these properties on the house's type and ink."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            base = {"font_name": FONT, "font_size": 10, "font_color": self.palette.ink, "valign": "vcenter"}
            self._made[key] = self._book.add_format(base | properties)
        return self._made[key]

    def number(self, kind: str, **properties: Any) -> Format:
        """A number of that kind: see NUMBERS. Months and days stand left, as they name a row."""
        align = {"align": "left", "indent": 1} if kind in ("month", "day") else {"align": "right"}
        return self.of(num_format=NUMBERS[kind], **(align | properties))

    @property
    def title(self) -> Format:
        """On top of a sheet."""
        return self.of(font_size=16, bold=True, valign="vcenter")

    @property
    def said(self) -> Format:
        """The sentence under a title."""
        return self.of(font_color=self.palette.muted, text_wrap=True, valign="top")

    @property
    def block(self) -> Format:
        """The title of a block on a sheet."""
        return self.of(font_size=12, bold=True, font_color=self.palette.accent, valign="bottom")

    def head(self, right: bool = False, **properties: Any) -> Format:
        """A column's heading."""
        return self.of(
            bold=True,
            bg_color=self.palette.frozen,
            bottom=1,
            bottom_color=self.palette.muted,
            text_wrap=True,
            valign="vcenter",
            align="right" if right else "left",
            **({} if right else {"indent": 1}),
            **properties,
        )

    @property
    def text(self) -> Format:
        """A text in a list; a little away from a number on its left."""
        return self.of(align="left", indent=1)

    @property
    def quiet(self) -> Format:
        """A text that explains another."""
        return self.of(align="left", indent=1, font_color=self.palette.muted)

    @property
    def wrapped(self) -> Format:
        """A sentence in a list."""
        return self.of(align="left", indent=1, text_wrap=True)

    def judged(self, good: bool | None, **properties: Any) -> Format:
        """A word or number in the colour of favourable or unfavourable."""
        colour = {True: self.palette.favourable, False: self.palette.unfavourable, None: self.palette.muted}
        return self.of(font_color=colour[good], bold=good is not None, align="left", indent=1, **properties)


def verdict(good: bool | None) -> str:
    """The word beside the colour."""
    return "" if good is None else "favourable" if good else "unfavourable"
