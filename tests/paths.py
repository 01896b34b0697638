"""Folders used by tests: the checkout and the recorded data."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Root of the checkout."""
BLIMP_LOGS = Path(os.environ.get("SNN_CONTROL_DATA") or ROOT.parent / "shared/data/flights")
"""Folder of the recorded blimp flights; `SNN_CONTROL_DATA` overrides it."""
DATA = BLIMP_LOGS.parent
"""Folder of all recorded data."""
CASES = ROOT.parent / "shared/cases"
"""Folder of collected input files, beside the checkout."""
NO_LOGS = f"no recorded flights in {BLIMP_LOGS}; set SNN_CONTROL_DATA to their folder"
NO_CASES = f"no collected input files in {CASES}"
