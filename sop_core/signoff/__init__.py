"""Sign-off: a plan frozen with everything it rests on, in a chain of signatures that can be verified."""

from __future__ import annotations

from sop_core.signoff.record import FIRST, FORMAT, Signoff, digest

__all__ = ["FIRST", "FORMAT", "Signoff", "digest"]
