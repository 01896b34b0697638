"""Options of the presentation of one frame to spiking recognisers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PresentationOptions:
    """Delivery of the spikes of a frame; by default all of them in one matrix product."""

    spiking: bool = False
    """Deliver all spikes one by one."""
    deadline_s: float | None = None
    """Time limit of the presentation, s; None: no limit."""
    early: bool = False
    """Stop once later spikes rarely change the answer of the frame alone."""
