"""A fingerprint of a company's content that depends on values alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from sop_core.schema import TABLES


def content_fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 (hex) over all contract tables, rows in the given order.

    Tables without rows and columns without values do not count, so that a contract that has gained tables or
    columns leaves the fingerprints of older data as they were.
    """
    digest = hashlib.sha256()
    for name in sorted(TABLES):
        frame = tables.get(name)
        if frame is None or not len(frame):
            continue
        digest.update(f"table {name} {len(frame)}\n".encode())
        for column in TABLES[name].columns:
            values = frame[column.name]
            blank = values.isna().to_numpy()
            if blank.all():
                continue
            digest.update(f"column {column.name} {column.kind}\n".encode())
            digest.update(np.packbits(blank).tobytes())
            digest.update(_bytes(values[~blank], column.kind))
    return digest.hexdigest()


def _bytes(values: pd.Series, kind: str) -> bytes:
    """Values without blanks in a form that no library version changes."""
    if kind in ("number", "integer"):
        return (values.to_numpy(dtype="<f8") + 0.0).tobytes()  # + 0.0: minus zero is zero
    if kind == "bool":
        return values.to_numpy(dtype=bool).tobytes()
    if kind in ("date", "month"):
        return values.to_numpy().astype("datetime64[D]").astype("<i8").tobytes()
    texts = [str(value).encode() for value in values]
    lengths = np.array([len(text) for text in texts], dtype="<i8")
    return lengths.tobytes() + b"".join(texts)
