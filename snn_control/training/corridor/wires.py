"""Wires of the corridor robot's channels in its environment."""

from __future__ import annotations

import gymnasium
import numpy as np
import numpy.typing as npt

from snn_control.loops.corridor import channels
from snn_control.loops.corridor.adapter import DRIVE, CorridorAdapter
from snn_control.loops.corridor.interface import NOT_FIRED_M
from snn_control.loops.corridor.rays import N_RAYS, REACH_M
from snn_control.training.interface import Interface
from snn_control.training.sensing.faulty_environment import Wire, Wiring

__all__ = ["wiring"]

FloatArray = npt.NDArray[np.float64]
RAYS = CorridorAdapter.observation_names[:N_RAYS]


def wiring(env: gymnasium.Env) -> Wiring | None:
    """Return the wires of the scan and the velocity; None for other environments.

    The increments of the odometry have no wire: `odom` on the bus is a pose.
    """
    interface = Interface.of(env)
    if interface.observation_names[:N_RAYS] != RAYS or interface.action_names[:2] != DRIVE:
        return None
    scan = Wire(channels.SCAN, RAYS, _as_sent, _as_observed)
    return Wiring((scan, Wire(channels.CMD_VEL, DRIVE)))


def _as_sent(ranges_m: FloatArray) -> FloatArray:
    """Return the ranges of a message: NaN for a ray that was not fired, infinity: no return."""
    returned = np.where(ranges_m >= REACH_M, np.inf, ranges_m)
    return np.where(ranges_m == NOT_FIRED_M, np.nan, returned)


def _as_observed(sent_m: FloatArray) -> FloatArray:
    """Return the entries of an observation, as the node reads a message."""
    return np.where(np.isnan(sent_m), NOT_FIRED_M, np.clip(sent_m, 0.0, REACH_M))
