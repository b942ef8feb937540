"""Sign-off: a plan frozen with everything it rests on, in a chain of signatures that can be verified.

`freeze.draw_up` makes the proposal, `store.signoffs.sign` signs it, `verify` checks it. (Those two read the store,
and the store keeps the values here: so they are imported from their modules.)
"""

from __future__ import annotations

from sop_core.signoff.proposal import Proposal
from sop_core.signoff.record import FIRST, FORMAT, Signoff, digest

__all__ = ["FIRST", "FORMAT", "Proposal", "Signoff", "digest"]
