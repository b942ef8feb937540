"""The frame around every page: navigation, theme, numbers, and what is shown when the store cannot be had."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import format as fmt
from sop_core.charts.roles import DARK, LIGHT, Palette, fade
from sop_core.store import Store
from tests.pages import companies

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_theme_and_charts_have_the_same_colours(palette: Palette) -> None:
    theme = CONFIG["theme"][palette.name]
    assert theme["backgroundColor"] == palette.surface
    assert theme["secondaryBackgroundColor"] == palette.raised
    assert theme["textColor"] == palette.ink
    assert theme["primaryColor"] == palette.accent
    assert theme["chartCategoricalColors"] == list(palette.series())


def test_the_font_is_bundled_with_its_licence() -> None:
    for face in CONFIG["theme"]["fontFaces"]:
        file = ROOT / face["url"].removeprefix("app/")
        assert file.read_bytes()[:4] == b"wOF2"
    assert "SIL Open Font License" in (ROOT / "static" / "fonts" / "OFL.txt").read_text()
    assert CONFIG["server"]["enableStaticServing"] is True


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
@pytest.mark.parametrize("role", ["ink", "muted", "accent", "favourable", "unfavourable"])
def test_words_stand_out_from_their_surface(palette: Palette, role: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text, on the page and on raised cards."""
    for surface in (palette.surface, palette.raised):
        assert _contrast(getattr(palette, role), surface) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
@pytest.mark.parametrize("role", ["demand", "supply", "shortage", "actual"])
def test_lines_stand_out_from_their_surface(palette: Palette, role: str) -> None:
    """WCAG 2.2 AA: 3 to 1 for graphics."""
    assert _contrast(getattr(palette, role), palette.surface) >= 3.0


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_fade_takes_only_full_colours() -> None:
    assert fade("#FF8000", 0.15) == "rgba(255,128,0,0.15)"
    with pytest.raises(ValueError, match="RRGGBB"):
        fade("red", 0.5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "–"),
        (None, "–"),
        (math.nan, "–"),
        (0.25, "0.25"),
        (4210.0, "4,210"),
        (9999.4, "9,999"),
        (9999.6, "10.0 k"),
        (312_400.0, "312 k"),
        (999_960.0, "1.00 M"),
        (1_239_871.0, "1.24 M"),
        (-1_239_871.0, "−1.24 M"),
        (2.5e9, "2.50 bn"),
        (99.96, "100"),
    ],
)
def test_numbers_are_short_and_keep_three_digits(value: float | None, said: str) -> None:
    assert fmt.short(value) == said


def test_a_difference_says_whether_it_is_favourable() -> None:
    dearer = fmt.kpi_delta("cost", 1_100_000.0, 1_000_000.0)
    assert (dearer.text, dearer.arrow, dearer.word, dearer.good) == ("+100 k", "▲", "unfavourable", False)
    better = fmt.kpi_delta("service_level", 0.98, 0.95)
    assert (better.text, better.word) == ("+3.0 pp", "favourable")
    assert fmt.kpi_delta("peak_utilisation", 1.1, 1.0).good is None
    same = fmt.kpi_delta("margin", 1e6 + 1e-4, 1e6)
    assert (same.text, same.arrow) == ("–", "")


def test_names_from_data_are_harmless_in_html_and_markdown() -> None:
    assert fmt.safe('<b title="x">') == "&lt;b title=&quot;x&quot;&gt;"
    assert fmt.plain("*A* $B$ [c](d)") == r"\*A\* \$B\$ \[c\]\(d\)"


def open_app(store: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("SOP_STORE", str(store))
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)


def test_a_file_that_is_no_store_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "notes.duckdb"
    store.write_text("this is no database" * 100)
    app = open_app(store, monkeypatch).run()
    assert not app.exception
    assert "not a store of this product" in app.error[0].value


def test_every_page_of_the_month_is_in_the_navigation() -> None:
    pages = re.findall(r'st\.Page\("(pages/\w+\.py)", title="([^"]+)"', (ROOT / "app.py").read_text())
    assert [title for _, title in pages] == [
        "Overview", "Data", "Products", "Demand", "Supply", "Scenarios", "Trade-offs", "Pre-S&OP", "Executive",
    ]  # fmt: skip
    assert all((ROOT / path).is_file() for path, _ in pages)


def test_filters_come_from_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = companies.build(tmp_path / "line.duckdb", companies.full_line())
    app = open_app(store, monkeypatch)
    app.query_params["show"] = "Money"
    app.query_params["level"] = "Product"
    app.query_params["item"] = "Anvil"
    app = app.switch_page("pages/scenarios.py").run()
    assert not app.exception
    assert app.selectbox(key="item").value == "Anvil"
    assert app.segmented_control(key="show").value == "Money"
    app.segmented_control(key="show").set_value("Units").run()
    assert "show" not in app.query_params  # what is usual is left out
    assert app.query_params["item"] == "Anvil"


def test_an_address_with_unknown_names_shows_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = companies.build(tmp_path / "line.duckdb", companies.full_line())
    with Store.open(store):
        pass
    app = open_app(store, monkeypatch)
    for name in ("scenario", "level", "item", "region", "show"):
        app.query_params[name] = "no such thing"
    app = app.switch_page("pages/scenarios.py").run()
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="scenario").value == "Base"
