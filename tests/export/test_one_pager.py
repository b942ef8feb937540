"""The board pack's page, read back: one page, the Pack's numbers and no others, nothing over anything else."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from sop_core.errors import SopError
from sop_core.export import pdf_charts, pdf_text
from sop_core.export.one_pager import one_pager
from sop_core.export.pdf_sheet import BOTTOM, LEFT, RIGHT
from sop_core.pack import Pack, from_json, to_json
from sop_core.pack.value import Against, RiskLine
from sop_core.signoff.record import FIRST, Signoff
from sop_core.wording import exact, kpi_delta, kpi_value, money, percent, short
from tests import packs

LONG = "Gartengeräte-und-Bewässerungsanlagen-Vertriebsgesellschaft" * 4


def read(pack: Pack, **more: Any) -> str:
    """The page's text, blanks and line breaks as one blank."""
    reader = PdfReader(io.BytesIO(one_pager(pack, **more)))
    assert len(reader.pages) == 1
    return " ".join(reader.pages[0].extract_text().split())


def signoff(pack: Pack, **changes: Any) -> Signoff:
    made = Signoff(
        number=3, cycle=pack.cycle, who="Clara Weiß", role="Managing director", at="2026-11-22T14:05:31Z",
        comment="With the purchase contract as a condition.", supersedes=2, reason="the price of steel",
        scenario=pack.title, scenario_revision=3, scenario_json="{}", data_version=1, data_fingerprint="d1" * 32,
        tables={}, review=2, verdicts="", agreement=None, demand_fingerprint="", plan_fingerprint="f0" * 32, kpis={},
        engine="highs", status="optimal", gap=0.0, code_version="0.5.0", packages={}, decisions=(), assumptions=(),
        pack="", frames={}, marks={}, previous=FIRST,
    )  # fmt: skip
    return replace(made, **changes)


# -- numbers --


def written(pack: Pack) -> Iterator[str]:
    """Numbers that the page must show, as the screens write them."""
    for line in pack.kpis:
        if line.value is not None:
            yield kpi_value(line.name, line.value, pack.currency)
        for one in line.against:
            yield percent(one.amount) if line.unit == "fraction" else short(one.amount)
            yield kpi_delta(line.name, one.value, one.amount).text
    for scenario in pack.scenarios:
        for name in ("margin", "revenue", "stock_value", "working_capital", "cash"):
            yield short(scenario.kpis[name])
        yield percent(scenario.kpis["service_level"])
        for chance in scenario.misses.values():
            yield percent(chance, 0)
    assert pack.risk is not None
    for risk in pack.risk.lines:
        for value in (risk.p10, risk.p50, risk.p90, risk.plan, risk.target):
            yield percent(value) if risk.unit == "fraction" else short(value)
        yield percent(risk.miss, 0)
    for threat in pack.threats:
        if threat.amount is not None:
            yield money(threat.amount, pack.currency)
        if threat.chance is not None:
            yield f"chance {percent(threat.chance, 0)}"


def test_every_number_is_the_packs_as_the_screens_write_it() -> None:
    pack = packs.example()
    text = read(pack)
    assert [number for number in written(pack) if number not in text] == []


_NUMBER = re.compile(r"[+−]?\d+(?:,\d{3})*(?:\.\d+)?(?: (?:k|M|bn)\b)?(?: %| pp)?")


def numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text))


def allowed(pack: Pack) -> set[str]:
    """Every way in which a number or a text of the pack may stand on the page."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                found.update(numbers(key))
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, str):
            found.update(numbers(" ".join(value.split())))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            for text in (
                short(value),
                short(value, signed=True),
                percent(value),
                percent(value, 0),
                exact(value),
            ):
                found.update(numbers(text))

    walk(json.loads(to_json(pack)))
    for line in pack.kpis:
        for one in line.against:
            found |= numbers(kpi_delta(line.name, one.value, one.amount).text)
    for picture in pack.pictures:
        values = [value for line in picture.series for value in line.values if value is not None]
        for tick in pdf_charts.ticks(values):
            found |= numbers(short(tick))
    return found


def test_there_is_no_number_on_the_page_that_is_not_the_packs() -> None:
    pack = packs.example()
    years = {f"{number:02d}" for number in range(20, 30)} | {"2026", "2027"}
    own = {str(n) for n in range(10)} | {str(n) for n in range(10, 32)} | years | {"10", "50", "90"}
    plan = numbers(pack.basis.plan_fingerprint[:16])
    shown = numbers(read(pack))
    assert shown - allowed(pack) - own - plan == set()


def test_decisions_stand_with_their_state_and_owner_scenarios_with_the_recommended_one() -> None:
    pack = packs.example()
    text = read(pack)
    for card in pack.decisions:
        assert card.title in text
        assert card.state.capitalize() in text
        assert card.owner in text
    assert "Planning's proposal (recommended)" in text
    assert pack.proposal in text
    assert all(threat.title in text for threat in pack.threats)
    assert pack.year is not None
    assert pack.year.sentence in text
    assert "15 Dec 2026" in text
    assert "Data version 1 of 20 Nov 2026" in text
    assert pack.basis.plan_fingerprint[:16] in text
    assert "Margin: Revenue - cost." in text


def test_favourable_and_unfavourable_are_said_in_a_word() -> None:
    text = read(packs.example())
    assert re.search(r"\+16\.7 k fav\.", text)
    assert re.search(r"−61\.5 k unfav\.", text)


def test_it_says_for_which_months_a_yardstick_counts() -> None:
    assert "Last LE: Nov 26–Sep 27, estimate of Oct 26." in read(packs.example())


# -- the file --


def test_it_names_itself_and_is_the_same_every_time() -> None:
    pack = packs.example()
    made = one_pager(pack)
    assert made == one_pager(pack)
    assert made == one_pager(from_json(Pack, to_json(pack))), "a pack that was kept gives the same page"
    reader = PdfReader(io.BytesIO(made))
    assert reader.metadata is not None
    assert reader.metadata.title == "Planning's proposal: executive review Nov 26"
    assert reader.metadata.author == "Larkfield Garden"
    assert pack.basis.plan_fingerprint in str(reader.metadata.get("/Keywords"))
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    fonts = {str(font) for font in re.findall(rb"/FontName /[A-Z]{6}\+([\w-]+)", made)}
    assert len(fonts) >= 2, "both weights are embedded"


def test_progress_is_told_and_a_stop_leaves_nothing() -> None:
    told: list[tuple[str, int, int]] = []
    one_pager(packs.bare(), lambda *step: told.append(step))
    assert [done for _, done, _ in told] == [0, 1, 2, 3]
    assert {total for *_, total in told} == {3}
    with pytest.raises(SopError, match="stopped"):
        one_pager(packs.bare(), stop=lambda: True)


# -- what may be missing --


def test_a_newcomers_page_says_what_there_is_nothing_of() -> None:
    text = read(packs.bare())
    assert "No target, budget, last LE or other plan to hold these against yet." in text
    assert "has not been simulated" in text
    assert "No decision waits for this meeting." in text
    assert "nan" not in text.lower()
    assert "None" not in text


def test_without_a_signature_there_is_room_for_one_with_one_it_says_all() -> None:
    pack = packs.example()
    assert "Date and signature" in read(pack)
    signed = signoff(pack)
    text = read(pack, signed=signed)
    for part in ("Clara Weiß, Managing director", "22 Nov 2026, 14:05 UTC", "sign-off 3", signed.digest, signed.comment,
                 "Takes the place of sign-off 2: the price of steel"):  # fmt: skip
        assert part in text
    assert "Date and signature" not in text
    assert "Not signed" not in text


def test_a_page_that_cannot_hold_all_says_what_was_left_out() -> None:
    pack = crowded()
    text = read(pack)
    assert re.search(r"\d+ of 40 decisions", text)
    assert re.search(r"\d+ of 9 scenarios", text)
    assert re.search(r"\d+ texts are cut at “…”", text)
    assert "slides and workbook have them" in text
    assert "Not on this page" not in read(packs.example())


# -- nothing over anything else --


def crowded() -> Pack:
    """Too much of everything, with names that no line holds."""
    pack = packs.example()
    cards = tuple(
        replace(card, id=n + 1, title=f"{card.title} {LONG}", owner=LONG, why=f"{card.why} {LONG} " * 4)
        for n, card in enumerate(pack.decisions * 14)
    )[:40]
    assert pack.risk is not None
    return replace(
        pack,
        company=LONG,
        title=LONG,
        currency="CURRENCYUNIT",
        proposal=" ".join([pack.proposal] * 6),
        sentences=tuple(f"{n} {LONG}" for n in range(12)),
        kpis=tuple(
            replace(line, title=LONG, value=-123_456_789_012.3,
                    against=tuple(Against(kind, -9_876_543_210_987.0, 4.4e15, LONG, False, LONG)
                                  for kind in ("target", "budget", "last", "base")))
            for line in pack.kpis * 3
        ),
        pictures=tuple(
            replace(picture, title=LONG, sentence=LONG * 3,
                    series=tuple(replace(line, title=LONG) for line in picture.series))
            for picture in pack.pictures
        ),
        scenarios=tuple(
            replace(pack.scenarios[n % 4], name=f"{n}{LONG}", sentence=LONG * 2, recommended=n == 1,
                    kpis=dict.fromkeys(pack.scenarios[0].kpis, -4400000000000000.0))
            for n in range(9)
        ),
        risk=replace(
            pack.risk, sentence=LONG * 3, holds=LONG * 3,
            lines=tuple(replace(pack.risk.lines[0], title=LONG, unit="money", p10=-4.4e15, p50=1e-9) for _ in range(9)),
        ),
        threats=tuple(replace(pack.threats[0], title=LONG, sentence=LONG * 3, amount=4.4e15, chance=1.0)
                      for _ in range(7)),
        decisions=cards,
        basis=replace(pack.basis, scenario=LONG, engine=LONG, agreement=LONG),
    )  # fmt: skip


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float, float, float, str]]:
    """Where text was drawn: left, bottom, right, top and the text."""
    found: list[tuple[float, float, float, float, str]] = []
    real = pdf_text.draw

    def draw(
        canvas: Any, x: float, y: float, text: str, size: float, colour: str, bold: bool = False, align: str = "left"
    ) -> float:  # fmt: skip
        wide = real(canvas, x, y, text, size, colour, bold, align)
        left = x - (wide if align == "right" else wide / 2 if align == "middle" else 0.0)
        found.append((left, y - 0.1 * size, left + wide, y + 0.68 * size, text))
        return wide

    monkeypatch.setattr(pdf_text, "draw", draw)
    return found


def over(boxes: list[tuple[float, float, float, float, str]]) -> list[tuple[str, str]]:
    """Pairs of texts that lie over each other by more than half a point."""
    out = []
    for n, a in enumerate(boxes):
        for b in boxes[n + 1 :]:
            wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
            if wide > 0.5 and high > 0.5 and a[4] and b[4]:
                out.append((a[4], b[4]))
    return out


@pytest.mark.parametrize(
    "pack", [packs.example(), packs.bare(), crowded()], ids=["example", "bare", "crowded"]
)
@pytest.mark.parametrize("signed", [False, True], ids=["proposal", "signed"])
def test_nothing_lies_over_anything_else_or_beyond_the_margins(
    pack: Pack, signed: bool, boxes: list[tuple[float, float, float, float, str]]
) -> None:
    who = signoff(pack, who=LONG, role=LONG, comment=LONG * 3, reason=LONG * 2) if signed else None
    one_pager(pack, signed=who)
    assert boxes
    assert over(boxes) == []
    assert min(box[0] for box in boxes) > LEFT - 12  # a month below the first point of a picture
    assert max(box[2] for box in boxes) < RIGHT + 1
    assert min(box[1] for box in boxes) > BOTTOM - 4


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.text(max_size=80),
    sentence=st.text(max_size=600),
    months=st.integers(1, 60),
    amount=st.one_of(st.none(), st.floats(-1e15, 1e15)),
)
@example(name="\\", sentence="", months=1, amount=-100000000024092.0)
def test_any_name_and_any_horizon_give_one_page(
    name: str, sentence: str, months: int, amount: float | None,
    boxes: list[tuple[float, float, float, float, str]],
) -> None:  # fmt: skip
    boxes.clear()
    full = packs.example()
    span = tuple(f"{2026 + n // 12}-{n % 12 + 1:02d}" for n in range(months))
    pictures = tuple(
        replace(picture, sentence=sentence,
                series=tuple(replace(line, title=name, values=(amount,) * months) for line in picture.series))
        for picture in full.pictures
    )  # fmt: skip
    pack = replace(
        full, company=name, title=name, proposal=sentence, months=span, closed=0, pictures=pictures,
        decisions=tuple(replace(card, title=name, owner=name, due=name, why=sentence) for card in full.decisions),
        scenarios=tuple(replace(line, name=name, sentence=sentence) for line in full.scenarios),
    )  # fmt: skip
    assert len(PdfReader(io.BytesIO(one_pager(pack))).pages) == 1
    assert over(boxes) == []


# -- characters --


def test_greek_cyrillic_and_signs_are_drawn_from_a_font_that_has_them() -> None:
    text = read(replace(packs.example(), company="Εταιρεία Завод Łódź", proposal="Stock ≥ 3 → less ▲"))
    for part in ("Εταιρεία", "Завод", "Łódź", "≥", "→", "▲"):
        assert part in text
    assert "stand as" not in text


def test_a_character_that_no_font_has_is_a_question_mark_and_said() -> None:
    text = read(replace(packs.example(), company="Rockets 🚀 Ltd"))
    assert "Rockets ? Ltd" in text
    assert "1 characters that no font at hand has stand as “?”" in text


def test_chinese_is_drawn_and_where_the_reader_brings_the_font_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf_text, "_SYSTEM", ())
    for cached in (pdf_text._faces, pdf_text._face_of, pdf_text.runs, pdf_text.width, pdf_text._lines):
        cached.cache_clear()
    text = read(replace(packs.example(), company="上海园艺有限公司"))
    assert "上海园艺有限公司" in text
    assert "drawn by the reader's own fonts" in text
    for cached in (pdf_text._faces, pdf_text._face_of, pdf_text.runs, pdf_text.width, pdf_text._lines):
        cached.cache_clear()


@given(text=st.text(max_size=120), room=st.floats(20, 300), bold=st.booleans(), most=st.integers(1, 4))
def test_lines_fit_their_room_and_nothing_is_lost_without_being_counted(
    text: str, room: float, bold: bool, most: int
) -> None:
    lost = pdf_text.Lost()
    lines = pdf_text.wrapped(text, room, 8.0, bold, most, lost)
    assert len(lines) <= most
    assert all(pdf_text.width(line, 8.0, bold) <= room + 1e-6 for line in lines)
    if not lost.cut:
        assert "".join(lines).replace(" ", "") == pdf_text.clean(text).replace(" ", "")
    else:
        assert lines[-1].endswith(pdf_text.ELLIPSIS)


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    for room in range(40, 120, 5):
        lines = pdf_text.wrapped("Service of 98.5 % and 1.24 M EUR, 0.3 pp more", room, 8.0)
        assert not any(re.match(r"%|M\b|pp\b", line) for line in lines), lines


# -- pictures --


@given(values=st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20))
def test_ticks_lie_among_the_values_and_name_zero(values: list[float]) -> None:
    found = pdf_charts.ticks(values)
    assert 0.0 in found
    assert list(found) == sorted(set(found))
    assert all(min([*values, 0.0]) <= tick <= max([*values, 0.0]) for tick in found)
    assert len(found) <= 10


@given(wanted=st.lists(st.floats(0, 100), max_size=8))
def test_names_at_line_ends_keep_their_distance(wanted: list[float]) -> None:
    at = pdf_charts.spread(sorted(wanted), 7.0, 0.0, 100.0)
    assert all(b - a >= 7.0 - 1e-9 for a, b in pairwise(at))


def test_a_risk_without_a_target_shows_dashes() -> None:
    pack = packs.example()
    assert pack.risk is not None
    line = RiskLine("revenue", "revenue", "Revenue", "money", 1e6, 2e6, 3e6, 2.5e6)
    text = read(replace(pack, risk=replace(pack.risk, lines=(line,))))
    assert "Revenue 1.00 M 2.00 M 3.00 M 2.50 M – –" in text
