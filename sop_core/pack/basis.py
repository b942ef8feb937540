"""What a pack rests on: data, scenario, code, packages, and every default."""

from __future__ import annotations

import hashlib
import tomllib
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Final

from sop_core.pack.evidence import Evidence
from sop_core.pack.value import Basis

#: Packages that the numbers of a plan come from.
_PACKAGES: Final = ("duckdb", "highspy", "holidays", "numpy", "pandas", "prophet", "scipy")


@lru_cache(maxsize=1)
def code_version() -> str:
    """`0.1.0 (3fa94c01be22)`: the release, and a digest of the core's source files, which tells changed code."""
    root = Path(__file__).resolve().parents[1]
    project = root.parent / "pyproject.toml"
    release = "0"
    if project.is_file():
        release = str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return f"{release} ({digest.hexdigest()[:12]})"


def packages() -> dict[str, str]:
    """Versions of the packages that the numbers come from, as installed, by name."""
    return {name: metadata.version(name) for name in _PACKAGES}


def basis(evidence: Evidence) -> Basis:
    """What the pack rests on, and how its plan was obtained."""
    plan = evidence.plan
    solver = plan.solution.solver
    return Basis(
        data_version=plan.data_version,
        data_fingerprint=evidence.data_fingerprint,
        imported=evidence.imported,
        review=plan.review,
        scenario=plan.scenario.name,
        scenario_revision=evidence.scenario_revision,
        scenario_json=evidence.scenario_json,
        plan_fingerprint=plan.fingerprint,
        engine=solver.engine,
        status=solver.status,
        gap=solver.gap,
        code_version=evidence.code_version,
        packages=dict(evidence.packages),
        agreement="" if evidence.agreement is None else evidence.agreement.minutes(),
        defaults=tuple(dict.fromkeys(note.sentence() for note in plan.notes)),
    )
