"""Colours by role, the same on every chart, screen and export, for light and dark surfaces.

The hues are of the Okabe-Ito family (Okabe & Ito 2008, "Color Universal Design"): blue, bluish green, orange
and vermilion stay apart for colour-blind eyes. No chart says anything by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The bundled family comes first; the rest stand in where it cannot be loaded (exports).
FONT = "IBM Plex Sans, Segoe UI, Helvetica Neue, Arial, sans-serif"

#: Dash styles by role, in Plotly's words and ECharts' alike.
DASH = {"budget": "dashed", "last_estimate": "dotted", "base": "solid"}


@dataclass(frozen=True, slots=True)
class Palette:
    """One surface's colours. `heat` runs from empty to full; `over` is the colour above 100 %."""

    name: str
    surface: str
    raised: str
    ink: str
    muted: str
    grid: str
    accent: str
    demand: str
    supply: str
    stock: str
    shortage: str
    budget: str
    last_estimate: str
    actual: str
    base: str  #: the base plan behind a scenario: thin and quiet
    favourable: str
    unfavourable: str
    frozen: str  #: shade of the frozen zone
    heat: tuple[str, ...]
    over: str

    @property
    def dark(self) -> bool:
        """True for the dark surface."""
        return self.name == "dark"

    def series(self) -> tuple[str, ...]:
        """Ten colours for series without a role, told apart by hue and lightness."""
        return (
            self.demand, self.supply, self.stock, self.shortage, "#CC79A7",
            "#56B4E9", self.budget, "#8C6BB1", "#A3A33F", self.actual,
        )  # fmt: skip


LIGHT = Palette(
    name="light",
    surface="#FFFFFF",
    raised="#F5F7F9",
    ink="#1B2733",
    muted="#5C6B7A",
    grid="#E4E9EE",
    accent="#005C99",
    demand="#0A5A96",
    supply="#009E86",
    stock="#D9A441",
    shortage="#D55E00",
    budget="#7C8894",
    last_estimate="#9AA5B1",
    actual="#25313D",
    base="#8C98A5",
    favourable="#00806C",
    unfavourable="#B34900",
    frozen="#E9EEF3",
    heat=("#F2F6F9", "#CFE3F1", "#9CC6E3", "#5A9FCC", "#1F6FA8"),
    over="#D55E00",
)

DARK = Palette(
    name="dark",
    surface="#12181F",
    raised="#1A222B",
    ink="#E8EDF2",
    muted="#9DABB9",
    grid="#2B3641",
    accent="#5CB3EE",
    demand="#64B1EA",
    supply="#3CC8AE",
    stock="#E6BE6E",
    shortage="#FF8A45",
    budget="#98A4B0",
    last_estimate="#7B8894",
    actual="#E8EDF2",
    base="#7D8A97",
    favourable="#4CD3BA",
    unfavourable="#FF9A5E",
    frozen="#1E2833",
    heat=("#1A222B", "#1E3A50", "#235879", "#2B7DAA", "#58ADDB"),
    over="#FF8A45",
)


def palette(dark: bool = False) -> Palette:
    """The palette of a surface."""
    return DARK if dark else LIGHT


def fade(colour: str, share: float) -> str:
    """`#RRGGBB` as `rgba(...)` with that opacity; intervals use 0.15. Raises ValueError for other notations."""
    if len(colour) != 7 or not colour.startswith("#"):
        raise ValueError(f"{colour!r} is not a colour written as #RRGGBB")
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"
