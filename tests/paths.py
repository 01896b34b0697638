"""Folders that tests read: the checkout, and real data where they are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""
FLIGHTS = Path(os.environ.get("SNN_CONTROL_DATA") or ROOT.parent / "shared/data/flights")
"""Recorded flights; `SNN_CONTROL_DATA` names another folder of them."""
DATA = FLIGHTS.parent
"""Folder of all data."""
