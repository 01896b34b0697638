"""Spikes of a frame to wait for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """Spikes of a frame to wait for; by default all of them at once."""

    spiking: bool = False
    """Present the spikes one by one, all of them."""
    deadline_s: float | None = None
    """Time after which no further spikes are waited for, s; None: no limit."""
    early: bool = False
    """Stop once later spikes hardly ever change the answer of the frame alone."""
