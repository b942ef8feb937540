"""The part of docs/scenario-file.md that comes from the declarations: one section a Change."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sop_core.changes.base import GROUPS, REGISTRY, Change
from sop_core.changes.fields import NO_NEUTRAL, FieldSpec
from sop_core.changes.scope import AXES

#: The line in docs/scenario-file.md after which the generated part stands.
MARK = "<!-- From here on written by sop_core.changes.reference; edit the Change classes instead. -->"


def reference() -> str:
    """Markdown: every Change by group, with what its scope may hold, its fields and an example."""
    parts = [MARK]
    for group in GROUPS:
        parts.append(f"## {group}")
        parts += [_section(cls) for cls in REGISTRY.values() if cls.group == group]
    return "\n\n".join(parts) + "\n"


def _section(cls: type[Change]) -> str:
    example = dict(cls.example)
    meaning = " ".join((cls.__doc__ or "").split())
    scope = ", ".join("first, last" if axis == "months" else axis for axis in cls.axes)
    lines = [
        f"### {cls.title}: `{cls.kind}`",
        "",
        meaning,
        "",
        f"Scope: {scope}." if scope else "No scope.",
        "",
    ]
    if cls.specs():
        lines += ["| field | what | allowed | default |", "| --- | --- | --- | --- |"]
        lines += [_row(spec) for spec in cls.specs()] + [""]
    said = Change.from_dict(example).sentence()
    lines += ["```json", json.dumps(example, ensure_ascii=False), "```", "", f"*{said}*"]
    return "\n".join(lines)


def _row(spec: FieldSpec) -> str:
    what = f"{spec.label}: {spec.help}" if spec.help else spec.label
    unit = "" if spec.unit in ("", "%") else f" ({spec.unit})"
    if spec.choices:
        allowed = ", ".join(f"`{choice}`" for choice in spec.choices)
    else:
        kinds = {"percent": "fraction", "promotion": "text", "launch": "text", "months": "numbers by month"}
        allowed = kinds.get(spec.kind, spec.kind)
        allowed += spec.limits.removeprefix("it must be").replace("e+12", "e12")
    if spec.required:
        default = "required"
    elif spec.default is None:
        default = "as it is" if spec.acts else "none"
    else:
        default = f"{spec.default:g}" if isinstance(spec.default, float | int) else f"`{spec.default}`"
    if spec.neutral is NO_NEUTRAL or spec.default is None or spec.default != spec.neutral:
        return f"| `{spec.name}` | {what}{unit} | {allowed} | {default} |"
    return f"| `{spec.name}` | {what}{unit} | {allowed} | {default} = no change |"


def axes_table() -> str:
    """Markdown table of what a scope may hold."""
    rows = [f"| `{axis.name}` | {axis.many} | `{axis.table}` |" for axis in AXES.values()]
    return "\n".join(["| field | names of | table |", "| --- | --- | --- |", *rows])


def renew(page: Path) -> None:
    """Writes the generated part of the page anew; what stands before the mark stays."""
    text = page.read_text(encoding="utf-8")
    page.write_text(text[: text.index(MARK)] + reference(), encoding="utf-8")


if __name__ == "__main__":
    renew(Path(sys.argv[1]))
