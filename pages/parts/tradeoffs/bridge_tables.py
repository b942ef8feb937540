"""The bridge as tables: one line a bar with its sentence, the steps by family, and what is downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pages.parts import format as fmt
from sop_core import bridge
from sop_core.inputs import Inputs
from sop_core.kpis import KPIS, favourable


@dataclass(frozen=True, slots=True)
class Line:
    """One bar of the bridge: what it is called, its amount, its sentence, how it is worked out."""

    label: str
    amount: float
    sentence: str
    tip: str = ""


def change_lines(found: bridge.Attribution, kpi: str, currency: str) -> list[Line]:
    """One line a Change or group of Changes."""
    return [
        Line(
            part.group.label,
            part.effects[kpi],
            bridge.change_sentence(part, kpi, found.start, currency),
            part.group.note,
        )
        for part in found.parts
    ]


def driver_lines(steps: Sequence[bridge.Step], kpi: str, inputs: Inputs) -> list[Line]:
    """One line a driver."""
    families = dict(zip(inputs.items, inputs.item_family, strict=True))
    titles = {name: inputs.title(i) for i, name in enumerate(inputs.items)}
    return [
        Line(
            step.title,
            step.amount,
            bridge.step_sentence(step, kpi, inputs.currency, families, titles),
            step.formula,
        )
        for step in steps
    ]


def written(kpi: str, value: float, signed: bool = True) -> str:
    """An amount of a KPI in full, so that a column of them adds up by eye: money and units whole, points to two
    decimals."""
    if not np.isfinite(value):
        return "not known"
    scale = 100 if KPIS[kpi].unit == "fraction" else 1
    return fmt.exact(scale * value, _decimals(kpi), signed)


def _decimals(kpi: str) -> int:
    return 0 if KPIS[kpi].unit in ("money", "units", "hours") else 2


def short(kpi: str, value: float) -> str:
    """An amount beside a bar: `+312 k`, `+0.49 pp`."""
    if not np.isfinite(value):
        return "not known"
    if KPIS[kpi].unit == "fraction":
        return f"{fmt.exact(100 * value, 2, signed=True)} pp"
    return fmt.short(value, signed=True)


def unit(kpi: str, currency: str) -> str:
    """What differences in the KPI are in."""
    return "percentage points" if KPIS[kpi].unit == "fraction" else fmt.unit_label(KPIS[kpi].unit, currency)


def html(
    lines: Sequence[Line], kpi: str, ends: tuple[float, float], names: tuple[str, str], currency: str
) -> str:
    """The bridge line by line: where it starts, each step with its sentence, where it ends. They add up."""
    shown = stepped(kpi, [line.amount for line in lines], ends)

    head = f"<tr><th>{fmt.safe(KPIS[kpi].title)}</th><th>{fmt.safe(unit(kpi, currency))}</th></tr>"
    top = (
        f"<tr><td><b>{fmt.safe(names[0])}</b></td><td><b>{written(kpi, ends[0], signed=False)}</b></td></tr>"
    )
    body = "".join(_line(line, kpi, amount) for line, amount in zip(lines, shown, strict=True))
    change = sum(shown)
    total = (
        f"<tr><td>Difference</td><td class='{_look(kpi, change)}' title='{_word(kpi, change)}'>"
        f"{written(kpi, change)}</td></tr>"
    )
    end = (
        f"<tr><td><b>{fmt.safe(names[1])}</b></td><td><b>{written(kpi, ends[1], signed=False)}</b></td></tr>"
    )
    return (
        f'{_STYLE}<table class="sop-table sop-steps"><thead>{head}</thead><tbody>{top}{body}{total}{end}'
        "</tbody></table>"
    )


#: Sentences may take two lines; amounts never break.
_STYLE = (
    "<style>.sop-steps td:first-child{white-space:normal;line-height:1.35}"
    ".sop-steps td:last-child{vertical-align:top}</style>"
)


def stepped(kpi: str, amounts: Sequence[float], ends: tuple[float, float]) -> list[float]:
    """Amounts rounded as they are shown, each from the rounded level before it to the rounded level after it, so that
    what is read adds up to the last digit. Their sum is the rounded end less the rounded start."""
    digits = _decimals(kpi) + (2 if KPIS[kpi].unit == "fraction" else 0)
    if not np.isfinite([*amounts, *ends]).all():
        return list(amounts)
    levels = np.round(ends[0] + np.concatenate([[0.0], np.cumsum(amounts)]), digits)
    levels[-1] = np.round(ends[1], digits)
    return np.round(np.diff(levels), digits).tolist()


def _line(line: Line, kpi: str, shown: float) -> str:
    tip = f' title="{fmt.safe(line.tip)}"' if line.tip else ""
    exact = (
        f"{line.amount:,.2f} {_word(kpi, line.amount)}" if KPIS[kpi].unit == "money" else _word(kpi, shown)
    )
    return (
        f"<tr><td{tip}>{fmt.safe(line.sentence)}</td>"
        f'<td class="{_look(kpi, line.amount)}" title="{exact.strip()}">{written(kpi, shown)}</td></tr>'
    )


def effects_html(found: bridge.Attribution, kpis: Sequence[str], currency: str) -> str:
    """Every part in several measures at once: parts down, measures across, with the difference as the last line. Each
    column adds up as it is read."""
    kpis = [name for name in kpis if np.isfinite([found.start[name], found.end[name]]).all()]
    head = "".join(
        f'<th title="{fmt.safe(KPIS[name].formula)}">'
        f"{fmt.safe(KPIS[name].title)}, {fmt.safe(_short_unit(name, currency))}</th>"
        for name in kpis
    )
    columns = []
    for name in kpis:
        shown = stepped(
            name, [part.effects[name] for part in found.parts], (found.start[name], found.end[name])
        )
        columns.append([*shown, sum(shown)])
    body = ""
    for n, label in enumerate([*(part.group.label for part in found.parts), "Difference"]):
        cells = "".join(
            f'<td class="{_look(name, column[n])}" title="{_word(name, column[n])}">{written(name, column[n])}</td>'
            for name, column in zip(kpis, columns, strict=True)
        )
        bold = ' style="font-weight:600"' if n == len(found.parts) else ""
        body += f'<tr{bold}><td style="white-space:normal">{fmt.safe(label)}</td>{cells}</tr>'
    return (
        f'<table class="sop-table"><thead><tr><th>Part</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _short_unit(kpi: str, currency: str) -> str:
    return "pp" if KPIS[kpi].unit == "fraction" else unit(kpi, currency)


def good(kpi: str, value: float) -> bool | None:
    """Whether a part of that size is favourable; neither where it is nothing."""
    return favourable(kpi, value, 5e-7 if KPIS[kpi].unit == "fraction" else 5e-3)


def _look(kpi: str, value: float) -> str:
    return {True: "sop-good", False: "sop-bad", None: ""}[good(kpi, value)]


def _word(kpi: str, value: float) -> str:
    return {True: "favourable", False: "unfavourable", None: ""}[good(kpi, value)]


# -- by family --------------------------------------------------------------------------------------------


def matrix(steps: Sequence[bridge.Step], inputs: Inputs, family: str = "") -> pd.DataFrame:
    """Steps across, families down (or the products of one family), what belongs to no product in a line of its own;
    the last column and, without a family chosen, the last row are sums."""
    of_item = dict(zip(inputs.items, inputs.item_family, strict=True))
    titles = {name: inputs.title(i) for i, name in enumerate(inputs.items)}
    rows: dict[str, dict[str, float]] = {}
    for step in steps:
        lines = step.lines or (("", step.amount),)
        for name, amount in lines:
            if step.axis == "item":
                if family and of_item[name] != family:
                    continue
                row = titles[name] if family else of_item[name]
            elif step.axis == "family":
                if family:
                    continue
                row = name
            else:
                if family:
                    continue
                row = "People, machines and the rest"
            cells = rows.setdefault(row, {})
            cells[step.title] = cells.get(step.title, 0.0) + amount
    frame = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=[step.title for step in steps])
    frame = frame.fillna(0.0)
    frame["Total"] = frame.sum(axis=1)
    if len(frame):
        frame.loc["Total"] = frame.sum(axis=0)
    return frame


def matrix_html(frame: pd.DataFrame, kpi: str, currency: str, corner: str) -> str:
    """The matrix with favourable and unfavourable amounts marked."""
    head = "".join(f"<th>{fmt.safe(name)}</th>" for name in frame.columns)
    body = ""
    for name, row in zip(frame.index, frame.to_numpy(), strict=True):
        cells = "".join(
            f'<td class="{_look(kpi, value)}" title="{_word(kpi, value)}">{written(kpi, value)}</td>'
            for value in row
        )
        bold = ' style="font-weight:600"' if name == "Total" else ""
        body += f"<tr{bold}><td>{fmt.safe(name)}</td>{cells}</tr>"
    first = f"{fmt.safe(corner)}, {fmt.safe(unit(kpi, currency))}"
    return (
        '<div style="overflow:auto"><table class="sop-table" style="white-space:nowrap">'
        f"<thead><tr><th>{first}</th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def frame(
    lines: Sequence[Line],
    kpi: str,
    ends: tuple[float, float],
    names: tuple[str, str],
    steps: Sequence[bridge.Step] = (),
) -> pd.DataFrame:
    """What is downloaded: kpi, unit, step, part (of the step), amount, sentence. Parts are not added to the steps."""
    head = {"kpi": kpi, "unit": KPIS[kpi].unit}
    rows: list[Mapping[str, object]] = [
        head | {"step": names[0], "part": "", "amount": ends[0], "sentence": ""}
    ]
    parts = {step.title: step.lines for step in steps}
    for line in lines:
        rows.append(head | {"step": line.label, "part": "", "amount": line.amount, "sentence": line.sentence})
        rows += [
            head | {"step": line.label, "part": name, "amount": amount, "sentence": ""}
            for name, amount in parts.get(line.label, ())
        ]
    rows.append(head | {"step": names[1], "part": "", "amount": ends[1], "sentence": ""})
    return pd.DataFrame(rows)
