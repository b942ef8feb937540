"""What all tests share. Warnings are errors: see pyproject.toml, where each exemption is justified."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from sop_core.planner import Company, Planner

ROOT = Path(__file__).resolve().parent.parent

# Examples take as long as they take on a busy machine; in CI the same ones are drawn every time, so that a
# red run is about the change and not about luck. At a desk new ones are drawn, and failures are remembered.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


class OneBrowserAtATime(LoadScopeScheduling):
    """Deals tests out by file, so that what a file's tests share is made once; those in a browser go to one worker,
    first, as the longest job.

    (`--dist loadgroup` is meant for this, but xdist 3.8 marks the groups in a place where pytest 9.2 no
    longer looks, and spreads them over all workers without a word.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.split("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneBrowserAtATime:
    """How `-n` shares the suite out, whatever `--dist` says."""
    config.option.loadscopereorder = (
        False  # the order of `pytest_collection_modifyitems`, not by number of tests
    )
    return OneBrowserAtATime(config, log)


#: Folders in the order in which they are dealt out, longest jobs first, so that no worker is left waiting at the end.
_FIRST = ("tests/browser/", "tests/pages/", "tests/demand/", "tests/supply/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long jobs first."""
    items.sort(
        key=lambda item: next((n for n, f in enumerate(_FIRST) if item.nodeid.startswith(f)), len(_FIRST))
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real data and published cases that lie beside the project, where they are; they are not part of it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(
            "real data and published cases are not on this machine (a folder `shared` beside the project)"
        )
    return folder


@pytest.fixture(scope="session")
def demo_company() -> Company:
    """The demo company, forecast; never edited."""
    from sop_core import demo
    from sop_core.planner import prepare
    from sop_core.snapshot import Snapshot

    return prepare(Snapshot.from_tables(demo.build(), version=1))


@pytest.fixture(scope="session")
def demo_planner(demo_company: Company) -> Planner:
    """Answers scenarios of the demo company; answers do not depend on what was asked before."""
    from sop_core.planner import Planner

    return Planner(demo_company)
