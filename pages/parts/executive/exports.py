"""Slides, workbook and one-pager to take away: made when asked for, beside the screen, then kept for everybody.

    downloads(pack, plan.frames)                                   # a proposal
    downloads(pack, lambda: store.signoffs.frames(3), signed)      # as it was signed

A file is known by the digest of the pack that it draws (and of the sign-off), so the same proposal is made once and a
changed one is never mistaken for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import streamlit as st

from pages.parts import format as fmt
from pages.parts import jobs
from sop_core.export import files
from sop_core.export.files import KINDS, Frames, Kind
from sop_core.pack.codec import to_json
from sop_core.pack.value import Pack
from sop_core.signoff.record import Signoff, digest

#: Files kept for all sessions: three of each of the last packs.
KEPT = 12

_ICONS = {"pptx": ":material/slideshow:", "xlsx": ":material/table_view:", "pdf": ":material/picture_as_pdf:"}

#: Digest of what is drawn, and kind.
Key = tuple[str, str]


class _Files:
    """The last files that were made; the least recently used go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> bytes | None:
        """The file, if it is there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, content: bytes) -> None:
        """Keeps a file."""
        with self._lock:
            self._kept[key] = content
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


@st.cache_resource(max_entries=1, show_spinner=False)
def _files() -> _Files:
    return _Files()


def downloads(pack: Pack, frames: Frames, signed: Signoff | None = None) -> None:
    """Three files: a button makes one, progress stands in its place, then a button gives it.

    `frames` gives the frames of the plan that the pack shows; it is called beside the screen, for the workbook alone.
    """
    mark = _digest(pack, signed)
    with st.container(key="exec_exports"):
        st.html(
            '<p class="sop-said">Files to take away: '
            f"{'as it was signed' if signed is not None else 'the proposal as it stands now'}.</p>"
        )
        for place, kind in zip(st.columns(len(KINDS), gap="medium"), KINDS.values(), strict=True):
            with place:
                _file(_Wish(kind, (mark, kind.name), pack, frames, signed))


@dataclass(frozen=True, slots=True)
class _Wish:
    """A file that can be had."""

    kind: Kind
    key: Key
    pack: Pack
    frames: Frames
    signed: Signoff | None

    @property
    def job(self) -> str:
        """The name of its work."""
        return f"export_{self.kind.name}"


def _file(wish: _Wish) -> None:
    """One of the three: to be made, being made, failed, or there."""
    kind, shelf = wish.kind, _files()
    job: jobs.Job[bytes] | None = jobs.current(wish.job)
    if job is not None and job.key != wish.key:
        job = None
    content = shelf.get(wish.key)
    if content is None and job is not None and not job.running and job.result is not None:
        content = job.result
        shelf.put(wish.key, content)
    if content is not None:
        st.download_button(
            f"{kind.title} ({_size(len(content))})", content, files.file_name(wish.pack, kind.name, wish.signed),
            kind.mime, key=f"exec_get_{kind.name}", icon=":material/download:", on_click="ignore", type="primary",
            width="stretch", help=kind.says,
        )  # fmt: skip
    elif job is not None and job.running:
        jobs.watch(job)
    else:
        st.button(
            f"Make the {kind.title.lower()}", key=f"exec_make_{kind.name}", icon=_ICONS[kind.name],
            on_click=_start, args=(wish,), width="stretch", help=f"{kind.says}. It is made beside the screen.",
        )  # fmt: skip
        if job is not None and job.error and not job.stopped:
            st.error(fmt.plain(job.error), icon=":material/error:")


def _start(wish: _Wish) -> None:
    known: jobs.Job[bytes] | None = jobs.current(wish.job)
    if known is not None and not known.running:
        known.stop()  # it failed or was stopped: the same wish is work anew
    jobs.start(
        wish.job,
        wish.key,
        lambda tell, stopped: files.make(wish.kind.name, wish.pack, wish.frames, wish.signed, tell, stopped),
    )


def _digest(pack: Pack, signed: Signoff | None) -> str:
    """What the files draw; worked out once while the same pack is on the screen."""
    known = st.session_state.get("_exec_digest")
    if known is None or known[0] is not pack or known[1] is not signed:
        mark = digest(to_json(pack) + ("" if signed is None else signed.digest))
        known = (pack, signed, mark)
        st.session_state["_exec_digest"] = known
    return str(known[2])


def _size(count: int) -> str:
    """`1.4 MB`."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(count / 1e3, 1):.0f} kB"
