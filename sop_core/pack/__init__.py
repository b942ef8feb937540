"""The board pack: what the executives are shown and sign, as plain values; see `value.py`."""

from __future__ import annotations

from sop_core.pack.codec import canonical, from_json, to_json
from sop_core.pack.value import FORMAT, PICTURES, YARDSTICKS, Pack

__all__ = ["FORMAT", "PICTURES", "YARDSTICKS", "Pack", "canonical", "from_json", "to_json"]
