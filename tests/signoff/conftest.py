"""A store with three signed plans, made once and copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.signoff import signed


@pytest.fixture(scope="session")
def signed_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `signed.make`, never to be written to: copy it."""
    path = tmp_path_factory.mktemp("signed") / "company.duckdb"
    signed.make(path)
    return path
