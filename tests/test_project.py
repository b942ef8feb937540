"""The project's own rules: its layout, what it imports, what it installs, how it is served."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from streamlit import config

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CODE = [ROOT / name for name in ("app.py", "pages", "sop_core")]

TOP_LEVEL = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    ".streamlit",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "app.py",
    "bench",
    "data",
    "docs",
    "pages",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "scripts",
    "sop_core",
    "static",
    "tests",
}
LONGEST = 500
#: Longer than LONGEST, and why that is better than the alternative.
LONG = {"sop_core/schema.py": "the data contract, one declaration after the other, stays in one place"}
#: scipy.optimize solves linear plans under these names; supply/solve.py is the room for that.
SOLVERS = {"linprog", "milp", "_highspy"}


def sources(*places: Path) -> list[Path]:
    """All Python files in the places."""
    return sorted(file for place in places for file in ([place] if place.is_file() else place.rglob("*.py")))


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every absolute import in a file, lazy ones included; the name is empty for `import x`."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module or "", alias.name) for alias in node.names)


def pins(name: str) -> dict[str, Requirement]:
    """What a requirements file fixes, by canonical name."""
    lines = [line.partition(" #")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def test_top_level_holds_what_the_picture_shows() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode != 0:
        pytest.skip("not a git clone, so nobody knows which files belong to the project")
    found = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    assert sorted(found - TOP_LEVEL) == [], "add it to docs/architecture.md and here, or move it"
    assert sorted(TOP_LEVEL - found) == []


def test_no_module_outgrows_its_reader() -> None:
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text().splitlines())
        for file in sources(*CODE, ROOT / "scripts", ROOT / "bench")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST and name not in LONG} == {}
    assert [name for name in LONG if lengths[name] <= LONGEST] == [], "needs no exemption any more"


def test_only_the_solver_modules_solve() -> None:
    found = {
        file.relative_to(ROOT).as_posix()
        for file in sources(*CODE)
        for module, name in imports(file)
        if module.split(".")[0] == "highspy"
        or (module.startswith("scipy.optimize") and name in SOLVERS | {""})
    }
    # Linear programs behind one door, whole numbers behind another.
    assert found == {"sop_core/supply/solve.py", "sop_core/supply/whole.py"}


def test_the_start_page_only_sets_up_and_navigates() -> None:
    found = {module.split(".")[0] for module, _ in imports(ROOT / "app.py")}
    assert found - set(sys.stdlib_module_names) <= {"streamlit", "pages"}


def test_every_import_is_a_declared_dependency() -> None:
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["dependencies"]}
    used = {module.split(".")[0] for file in sources(*CODE) for module, _ in imports(file)}
    ours = {"sop_core", "pages"}
    # A package may be called otherwise than what it is imported as: python-pptx is pptx.
    published = importlib.metadata.packages_distributions()
    needed = {published.get(name, [name])[0] for name in used - set(sys.stdlib_module_names) - ours}
    assert {canonicalize_name(name) for name in needed} <= declared


def test_dependencies_are_fixed_to_a_version_that_they_allow() -> None:
    fixed = pins("requirements.txt")
    for line in PROJECT["project"]["dependencies"]:
        wanted = Requirement(line)
        (pin,) = fixed[canonicalize_name(wanted.name)].specifier
        assert pin.version in wanted.specifier


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_one_exact_version(name: str) -> None:
    for requirement in pins(name).values():
        assert [pin.operator for pin in requirement.specifier] == ["=="], str(requirement)


def test_what_requirements_bring_along_is_fixed_too() -> None:
    run = pins("requirements.txt")
    everything = run | pins("requirements-dev.txt")
    for available, files in ((run, "requirements.txt"), (everything, "requirements-dev.txt")):
        for name in available:
            marker = available[name].marker
            if marker is not None and not marker.evaluate():
                continue  # for another system: it is not installed here
            for line in importlib.metadata.requires(name) or []:
                needs = Requirement(line)
                if needs.marker is None or needs.marker.evaluate({"extra": ""}):
                    assert canonicalize_name(needs.name) in available, (
                        f"{name} needs {line}: fix it in {files}"
                    )


def test_the_environment_is_the_one_that_is_written_down() -> None:
    for name, requirement in (pins("requirements.txt") | pins("requirements-dev.txt")).items():
        if requirement.marker is None or requirement.marker.evaluate():
            assert importlib.metadata.version(name) in requirement.specifier, (
                f"run make setup-dev: {requirement}"
            )


def test_the_server_knows_every_option_it_is_given() -> None:
    def flat(table: dict[str, Any], path: str = "") -> Iterator[str]:
        for key, value in table.items():
            if isinstance(value, dict):
                yield from flat(value, f"{path}{key}.")
            else:
                yield f"{path}{key}"

    given = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    known = set(config.get_config_options())
    assert sorted(set(flat(given)) - known) == []


def test_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert declared is not None
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(declared[1].split()) == set(re.findall(r"^  ([a-z-]+) ", told, re.M))


def test_links_in_the_documents_lead_somewhere() -> None:
    dead = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            path = target.partition("#")[0]
            if "://" not in target and path and not (page.parent / path).exists():
                dead.append(f"{page.relative_to(ROOT)}: {target}")
    assert dead == []


def test_changelog_starts_with_the_version_that_is_built() -> None:
    first = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert first is not None
    assert first[1] == PROJECT["project"]["version"]


def test_an_assignment_that_does_nothing_stops_a_test() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    with pytest.raises(pd.errors.ChainedAssignmentError):
        frame["a"][0] = 5


def test_a_warning_stops_a_test() -> None:
    with pytest.raises(UserWarning, match="careful"):
        warnings.warn("careful", stacklevel=1)
