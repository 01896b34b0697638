"""Result of running a network over many ticks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Trace"]


class Trace(NamedTuple):
    """Read-outs and spikes of a run."""

    readouts: npt.NDArray[np.floating]
    """Read-outs in every control tick, shape (n_ticks, n_readouts)."""
    spikes: npt.NDArray[np.floating]
    """Spikes of every spiking neuron in every control tick, shape (n_ticks, n_spiking)."""
