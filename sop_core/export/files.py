"""The files that leave the executive review: how each is called, and how it is made of a pack."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pandas as pd

from sop_core.pack.value import Pack
from sop_core.signoff.record import Signoff

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]
#: Gives the frames of the plan; asked when they are needed.
Frames = Callable[[], Mapping[str, pd.DataFrame]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    name: str  #: pptx, xlsx, pdf: also its ending
    title: str
    mime: str
    says: str  #: what is in it


_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "pptx": Kind(
            "pptx", "Slides", f"{_OFFICE}presentationml.presentation",
            "The executives' slides with native charts, to be shown and edited in PowerPoint",
        ),
        "xlsx": Kind(
            "xlsx", "Workbook", f"{_OFFICE}spreadsheetml.sheet",
            "Every result on its sheet, with native charts; the KPIs are live formulas over the details",
        ),
        "pdf": Kind("pdf", "One-pager", "application/pdf", "The board's page, to be printed or sent"),
    }
)  # fmt: skip

#: Letters of each part of a file's name.
_PART: Final = 40


def make(
    kind: str,
    pack: Pack,
    frames: Frames,
    signed: Signoff | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> bytes:
    """The file of that kind (see KINDS). `frames` is asked for by the workbook alone.

    Raises SopError where it cannot be made or `stop` said so, KeyError for another kind.
    """
    # Each library takes a while to load, so only the one that is needed is.
    if kind == "pptx":
        from sop_core.export.deck import deck

        return deck(pack, signed, progress, stop)
    if kind == "pdf":
        from sop_core.export.one_pager import one_pager

        return one_pager(pack, progress, stop, signed=signed)
    if kind == "xlsx":
        from sop_core.export.workbook import workbook

        return workbook(pack, frames(), signed, progress, stop)
    raise KeyError(kind)


def file_name(pack: Pack, kind: str, signed: Signoff | None = None) -> str:
    """`larkfield-garden_plannings-proposal_2026-11_signed-3.xlsx`: company, scenario, cycle, and its number if signed."""
    parts = [_plain(pack.company), _plain(pack.title), pack.cycle]
    if signed is not None:
        parts.append(f"signed-{signed.number}")
    return f"{'_'.join(part for part in parts if part)}.{kind}"


def _plain(text: str) -> str:
    """Letters and digits that every file system takes; other scripts keep their letters."""
    text = unicodedata.normalize("NFKD", text.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return re.sub(r"[^\w]+", "-", text, flags=re.UNICODE).strip("-_").lower()[:_PART].strip("-_")
