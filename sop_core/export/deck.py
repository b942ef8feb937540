"""The executive review as slides: `deck(pack)` gives a PowerPoint file with native charts, ten to twelve slides.

It draws the pack and works nothing out that the pack knows. Equal packs give equal bytes: nothing in the file tells
when or where it was made.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any, Final

from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml import parse_xml

from sop_core.calendar import month_label, to_month
from sop_core.errors import SopError
from sop_core.export.slides import (
    capacity,
    choices,
    closing,
    kpis,
    money,
    opening,
    volumes,
)
from sop_core.export.slides.common import Brief
from sop_core.export.slides.template import template, theme
from sop_core.export.slides.text import clean
from sop_core.pack.value import Pack
from sop_core.signoff.record import Signoff

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

#: What is written as the day on which the parts of the file were packed.
_PACKED: Final = (1980, 1, 1, 0, 0, 0)
_EPOCH: Final = dt.datetime(2000, 1, 1)


def deck(
    pack: Pack, signed: Signoff | None = None, progress: Progress | None = None, stop: Stop | None = None
) -> bytes:
    """The pack as a PowerPoint file (.pptx). `signed`: its sign-off, which is then named on the slides.

    `progress` is told each slide's subject, how many are done and how many there are. Raises SopError where `stop` said
    so: there is no half a deck.
    """
    brief = Brief(pack, signed, template())
    slides = _slides(brief)
    for at, (subject, draw) in enumerate(slides):
        if stop is not None and stop():
            raise SopError("The slides were stopped before their end, so there are none. Start them again.")
        if progress is not None:
            progress(f"Slides: {subject}", at, len(slides))
        draw()
    _properties(brief)
    buffer = io.BytesIO()
    brief.deck.save(buffer)
    return _packed(buffer.getvalue())


def _slides(brief: Brief) -> Sequence[tuple[str, Callable[[], None]]]:
    """The slides in their order. What would stay empty is told on a neighbour: ten slides at least, twelve at most."""
    pack = brief.pack
    lonely = pack.bridge is None and len(pack.scenarios) < 2
    listed = closing.has_agenda(brief)
    found: list[tuple[str, Callable[[], None]]] = [
        ("Proposal and decisions", lambda: opening.opening(brief)),
        ("KPIs", lambda: kpis.kpis(brief)),
        ("Demand", lambda: volumes.demand(brief)),
        ("Supply", lambda: volumes.supply(brief)),
        ("Capacity", lambda: capacity.capacity(brief)),
        ("Stock", lambda: volumes.stock(brief)),
        ("Money", lambda: money.money_slide(brief)),
        ("Scenarios", lambda: choices.scenarios(brief, with_bridge=lonely)),
        ("Risk", lambda: choices.risk(brief)),
    ]
    if not lonely:
        found.append(("Bridge", lambda: money.bridge_slide(brief)))
    if listed:
        found.append(("Assumptions and actions", lambda: closing.agenda(brief)))
    found.append(("Definitions and basis", lambda: closing.basis(brief, alone=not listed)))
    return found


def _properties(brief: Brief) -> None:
    pack = brief.pack
    core = brief.deck.core_properties
    company = clean(pack.company)
    cycle = month_label(to_month(pack.cycle))
    core.title = _short(f"Executive S&OP {cycle}: {clean(pack.title)}")
    core.author = core.last_modified_by = _short(company or "S&OP")
    core.subject = _short(f"{company or 'S&OP'}, cycle {cycle}, data version {pack.basis.data_version}")
    core.keywords = f"plan {pack.basis.plan_fingerprint[:16]}"
    core.category = "Executive S&OP"
    core.created = core.modified = _EPOCH
    core.revision = 1
    # The notes' own theme is PowerPoint's: they are printed too.
    for relation in brief.deck.notes_master.part.rels.values():
        if relation.reltype == RT.THEME:
            relation.target_part._element = parse_xml(theme().encode())


def _short(text: str) -> str:
    """Properties hold 255 signs at most."""
    return text if len(text) <= 255 else f"{text[:254]}…"


def _packed(content: bytes) -> bytes:
    """The same parts without the days on which they were packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            entry: Any = zipfile.ZipInfo(name, _PACKED)
            entry.external_attr = 0o600 << 16
            # Workbooks are packed already.
            kind = zipfile.ZIP_STORED if name.endswith(".xlsx") else zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name), kind)
    return buffer.getvalue()
