"""The executive review without a screen: exports, signatures, and the proof that what was signed still stands."""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any

from sop_core import risk
from sop_core.cli.output import Progress, print_json, print_result, say
from sop_core.cli.reading import existing, snapshot_of
from sop_core.errors import SopError, StoreError
from sop_core.export import files
from sop_core.export.files import Frames
from sop_core.export.tables import write_whole
from sop_core.pack.build import build
from sop_core.pack.evidence import Evidence
from sop_core.pack.gather import gather
from sop_core.pack.value import Pack
from sop_core.planner import Planner, prepare
from sop_core.scenario import Scenario
from sop_core.signoff.freeze import draw_up
from sop_core.signoff.record import Signoff
from sop_core.signoff.verify import verify as verify_store
from sop_core.store import Store


def export(wanted: argparse.Namespace) -> None:
    """Makes one file of a scenario's proposal or of a signed plan."""
    kind = _kind(wanted)
    tell = Progress(wanted.json)
    began = time.perf_counter()
    try:
        with existing(wanted.store) as store:
            if wanted.signoff is not None:
                signed: Signoff | None = store.signoffs.get(wanted.signoff)
                pack = store.signoffs.pack(wanted.signoff)
                frames: Frames = partial(store.signoffs.frames, wanted.signoff)
            else:
                signed = None
                evidence = _evidence(store, wanted, tell)
                pack, frames = build(evidence), evidence.plan.frames
            # Inside: the frames of a signed plan are read when the workbook asks for them.
            content = files.make(kind, pack, frames, signed, tell.step)
    finally:
        tell.done()
    write_whole(wanted.out, content)
    seconds = time.perf_counter() - began
    told = f"{files.KINDS[kind].title} of {_named(pack, signed)}: {wanted.out}"
    body = {
        "out": str(wanted.out), "format": kind, "bytes": len(content), "scenario": pack.title, "cycle": pack.cycle,
        "signoff": None if signed is None else signed.number, "plan_fingerprint": pack.basis.plan_fingerprint,
        "seconds": round(seconds, 3),
    }  # fmt: skip
    print_result(wanted, body, [told])


def signoff(wanted: argparse.Namespace) -> None:
    """Signs a scenario's plan, made at the newest data."""
    if wanted.reason and wanted.supersedes is None:
        raise SopError("A reason belongs to a sign-off that is replaced: give its number with --supersedes.")
    for name, what in ((wanted.who, "who signs: --who NAME"), (wanted.role, "in which role: --role ROLE")):
        if not name.strip():  # before minutes are spent on planning
            raise SopError(f"Say {what}.")
    if wanted.supersedes is not None and not wanted.reason.strip():
        raise SopError(f"Say why sign-off {wanted.supersedes} is replaced: --reason TEXT.")
    tell = Progress(wanted.json)
    try:
        with existing(wanted.store) as store:
            evidence = _evidence(store, wanted, tell)
            proposal = draw_up(store, evidence.plan, build(evidence), progress=tell.step)
            if proposal.undecided and not wanted.undecided:
                open_ones = ", ".join(f"“{title}”" for title in proposal.undecided)
                raise SopError(
                    f"Nobody has decided yet on {open_ones}. Decide on the Executive page, or sign with them open: "
                    "--undecided."
                )
            signed = store.signoffs.sign(
                proposal, wanted.who, wanted.role, wanted.comment,
                supersedes=wanted.supersedes, reason=wanted.reason, undecided=wanted.undecided,
            )  # fmt: skip
    finally:
        tell.done()
    print_result(wanted, _record(signed), _lines(signed))


def signoffs(wanted: argparse.Namespace) -> None:
    """Lists the sign-offs, newest first."""
    with existing(wanted.store) as store:
        found, broken = store.signoffs.list(), store.signoffs.broken()
    replaced = {one.supersedes: one.number for one in found if one.supersedes is not None}
    lines = [
        one.sentence() + (f"; superseded by {replaced[one.number]}" if one.number in replaced else "")
        for one in found
    ]
    body: dict[str, Any] = {
        "signoffs": [_record(one) | {"superseded_by": replaced.get(one.number)} for one in found]
    }
    body["broken"] = list(broken)
    print_result(wanted, body, lines or ([] if broken else ["Nothing is signed in this store yet."]))
    if broken:
        which = ", ".join(map(str, broken))
        raise StoreError(
            f"The record of sign-off {which} is not as it was signed. See what changed with: verify."
        )


def verify(wanted: argparse.Namespace) -> int:
    """Verifies one sign-off or all; 1 where something is not as it was signed."""
    tell = Progress(wanted.json)
    try:
        with existing(wanted.store) as store:
            report = verify_store(store, wanted.signoff, engine=wanted.engine, progress=tell.step)
    finally:
        tell.done()
    if wanted.json:
        print_json(report.as_dict())
    else:
        print_result(wanted, {}, report.lines())
    if not report.ok:
        say(report.sentence())
    return 0 if report.ok else 1


def _evidence(store: Store, wanted: argparse.Namespace, tell: Progress) -> Evidence:
    """What the pack of a stored scenario rests on, at the newest data."""
    name: str = wanted.scenario
    paths = risk.PATHS if wanted.paths is None else wanted.paths
    names = [stored.name for stored in store.scenarios()]
    if name != Scenario.base().name and name not in names:
        have = ", ".join(repr(known) for known in names[:20])
        raise SopError(
            f"There is no scenario called '{name}' in the store. "
            + (f"It has {have}." if names else "It has none: only Base can be exported or signed.")
        )
    company = prepare(
        snapshot_of(store, None),
        verdicts=store.cleansing.verdicts(),
        cache=store.forecasts,
        progress=tell.step,
    )
    return gather(store, Planner(company), name, paths=paths, progress=tell.step)


def _kind(wanted: argparse.Namespace) -> str:
    """The kind of file, as asked for or as the file is called."""
    ending = wanted.out.suffix.lower().lstrip(".")
    kind = wanted.format or ending
    if kind not in files.KINDS and not wanted.out.is_dir():
        raise SopError(f"{wanted.out}: say what it shall be: --format {', '.join(files.KINDS)}.")
    if ending in files.KINDS and ending != kind:
        raise SopError(f"{wanted.out} is called .{ending}, but --format says {kind}. Call it .{kind}.")
    if wanted.out.is_dir():
        raise SopError(
            f"{wanted.out} is a folder. Name a file in it: {wanted.out / ('plan.' + (kind or 'pdf'))}."
        )
    if not wanted.out.absolute().parent.is_dir():
        raise SopError(
            f"There is no folder {wanted.out.parent} to write into. Make it, or choose another one."
        )
    return str(kind)


def _named(pack: Pack, signed: Signoff | None) -> str:
    return f"'{pack.title}'" if signed is None else f"sign-off {signed.number} ('{pack.title}')"


def _lines(signed: Signoff) -> list[str]:
    lines = [signed.sentence()]
    if signed.supersedes is not None:
        lines.append(f"It supersedes {signed.supersedes}: {signed.reason}")
    return [
        *lines,
        f"Data version {signed.data_version}, plan {signed.plan_fingerprint}",
        f"Digest {signed.digest}",
    ]


def _record(signed: Signoff) -> dict[str, Any]:
    names = (
        "number", "cycle", "who", "role", "at", "comment", "supersedes", "reason", "scenario", "scenario_revision",
        "data_version", "data_fingerprint", "plan_fingerprint", "engine", "status", "code_version", "previous",
    )  # fmt: skip
    return {name: getattr(signed, name) for name in names} | {
        "kpis": dict(signed.kpis),
        "digest": signed.digest,
    }
