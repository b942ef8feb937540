"""A store of its own for each test, and files written in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sop_core.errors import DataError
from sop_core.store import Finding, Store

Write = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "company.duckdb") as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write("sales.csv", text) puts a file into a folder of its own and returns its path."""
    folder = tmp_path / "files"
    folder.mkdir()

    def write_file(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write_file


@pytest.fixture
def refused(store: Store) -> Callable[..., tuple[Finding, ...]]:
    """refused(path) imports, expects a refusal that leaves the store as it was, and returns the errors."""

    def errors_of(*paths: Path, **options: object) -> tuple[Finding, ...]:
        before = store.latest_version(), store.content_fingerprint()
        with pytest.raises(DataError) as caught:
            store.import_files(list(paths), "tester", **options)  # type: ignore[arg-type]
        assert (store.latest_version(), store.content_fingerprint()) == before
        errors = tuple(f for f in caught.value.findings if f.severity == "error")
        assert errors
        assert all(f.message and f.sentence() for f in errors)
        return errors

    return errors_of
