"""Results of one tick of the control loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.supervision.modes import Mode

__all__ = ["Step", "Tick"]

FloatArray = npt.NDArray[np.float64]


class Step(NamedTuple):
    """Result of stepping the controller."""

    output: FloatArray
    """Output of the controller, (n_actions,); NaN if it has failed."""
    command: FloatArray
    """Requested command: the output, or that of the fallback if the controller has failed."""
    took_s: float
    """Wall time of the controller, s."""


class Tick(NamedTuple):
    """Result of processing one measurement."""

    number: int
    stamp_ns: int
    dt_s: float
    """Time since the previous usable measurement, s."""
    missed: int
    resets: int
    mode: Mode
    failed: bool
    output: FloatArray
    """Output of the controller, (n_actions,); NaN if it was not called."""
    command: FloatArray | None
    """Command to send, (n_actions,); None if there is none."""
    step_s: float
    observation: FloatArray
    """Input of the controller, also if it was not called; NaN if unavailable."""
    orders: tuple[float, ...] = ()
    """Inputs of the controller beside its observation, as in its `order_names`."""
    usable: bool = False
    """True if stamp and value of the measurement can be used."""
    stepped: bool = False
    """True if controller and fallback were stepped."""
    measured: bool = True
    """False for a tick on the estimate between measurements."""
    supervised: tuple[float, ...] = ()
    """State of the supervision, as in `VehicleAdapter.supervised_names`."""
    filter_s: float = 0.0
    """Wall time of checks and estimate, s."""
