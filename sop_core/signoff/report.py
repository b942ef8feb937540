"""What a verification found: findings as sentences, and what was checked, for the page, the command line and scripts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

#: Kinds of findings, in the order in which they are told, and what each is about.
KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("chain", "Chain of signatures"),
    ("contents", "What was signed"),
    ("data", "Data it rests on"),
    ("decisions", "Decisions and assumptions"),
    ("replay", "Plan made again"),
    ("engine", "Second solver engine"),
    ("cache", "Forecasts kept in the store"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was signed."""

    kind: str  #: of KINDS
    where: str  #: `Sign-off 2`, or what else it is about
    sentence: str
    remedy: str
    number: int | None = None  #: the sign-off, None: all of them

    def line(self) -> str:
        """`Sign-off 2: ... Remedy: ...`."""
        return f"{self.where}: {self.sentence} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked of one sign-off."""

    number: int
    title: str
    fingerprint: str  #: the record's digest
    plan_rows: int = 0
    data_rows: int = 0
    tables: int = 0
    decisions: int = 0
    assumptions: int = 0
    kpis: int = 0  #: compared with the plan made again; 0: it was not
    engine: str = ""  #: that made the plan again
    second: str = ""  #: the second engine, blank: none was asked for
    same_environment: bool = True
    remarks: tuple[str, ...] = ()

    def sentence(self) -> str:
        """What was looked at, in one sentence."""
        parts = [
            f"{self.plan_rows:,} plan rows",
            f"{self.data_rows:,} data rows in {self.tables} tables",
            _count(self.decisions, "decision"),
            _count(self.assumptions, "assumption"),
        ]
        said = f"{', '.join(parts[:-1])} and {parts[-1]} held against what was signed"
        if self.kpis:
            said += f"; planned again with {self.engine}, {self.kpis} KPIs compared"
        if self.second:
            said += f"; and once more with {self.second}"
        return f"{said}."


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a verification. `ok`: nothing was found and nothing was left out by a stop."""

    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    signoffs: int  #: how many the store has
    engine: str = ""  #: second engine asked for
    replayed: bool = True
    stopped: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def ok(self) -> bool:
        """Whether all is as it was signed."""
        return not self.findings and not self.stopped

    def sentence(self) -> str:
        """The result in one sentence."""
        if self.findings:
            about = {finding.where for finding in self.findings}
            where = next(iter(about)) if len(about) == 1 else _count(len(about), "place")
            return f"{_count(len(self.findings), 'finding')} ({where}): not all is as it was signed."
        if self.stopped:
            return f"Stopped: {len(self.checked)} of {self.signoffs} sign-offs were checked, nothing was found in them."
        if not self.signoffs:
            return "Nothing is signed in this store yet, so there is nothing to verify."
        what = (
            f"Sign-off {self.checked[0].number} is" if len(self.checked) == 1
            else f"All {len(self.checked)} sign-offs are"
        )  # fmt: skip
        how = "chain, contents, data and decisions are unchanged"
        again = ", and the plan made again is the same" if self.replayed else ""
        second = f", with {self.engine} as well" if self.engine and self.replayed else ""
        return f"{what} as signed: {how}{again}{second}."

    def lines(self) -> list[str]:
        """The report as lines of text, the result first."""
        told = [self.sentence()]
        for number, line in enumerate((finding.line() for finding in self.findings), start=1):
            told.append(f"  {number}. {line}")
        for one in self.checked:
            told.append(f"{one.title} ({one.fingerprint[:12]}): {one.sentence()}")
            told.extend(f"  {remark}" for remark in one.remarks)
        return told

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        return {
            "ok": self.ok,
            "result": self.sentence(),
            "signoffs": self.signoffs,
            "replayed": self.replayed,
            "engine": self.engine,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 3),
            "findings": [asdict(finding) for finding in self.findings],
            "checked": [asdict(one) | {"remarks": list(one.remarks)} for one in self.checked],
        }


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
