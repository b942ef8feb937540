"""`python -m sop_core`: see cli.py."""

from __future__ import annotations

import sys

from sop_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
