"""Wires of the blimp's channels in its environments, in the units of the bus."""

from __future__ import annotations

import math

import gymnasium
import numpy as np
import numpy.typing as npt

from snn_control.atmosphere import STANDARD_GRAVITY_M_S2, height_m, pressure_pa
from snn_control.loops.blimp import channels
from snn_control.training.interface import Interface
from snn_control.training.sensing.faulty_environment import Wire, Wiring

__all__ = ["wiring"]

FloatArray = npt.NDArray[np.float64]


def wiring(env: gymnasium.Env) -> Wiring | None:
    """Return the wires of a `BlimpAltitude` environment; None for other environments.

    `BlimpAltitude-v0` has no channels `pressure` and `imu`.
    """
    names = Interface.of(env).observation_names
    if names[:3] != ("height_error_m", "height_ref_m", "range_m"):
        return None
    wires = [
        Wire(channels.HEIGHT_SET_POINT, ("height_ref_m",)),
        Wire(channels.BATTERY, ("battery_v",)),
        Wire(channels.RANGE, ("range_m",)),
        Wire(channels.MOTOR_COMMAND, ("motor_command",)),
    ]
    if "barometer_m" in names:
        wires += [
            Wire(channels.PRESSURE, ("barometer_m",), _pressure, _height),
            Wire(channels.IMU, ("vertical_acceleration_m_s2",), _force, _acceleration),
        ]
    return Wiring(tuple(wires), _derive)


def _derive(observation: FloatArray) -> None:
    observation[0] = observation[1] - observation[2]


def _pressure(heights_m: FloatArray) -> FloatArray:
    return np.array([pressure_pa(height) for height in heights_m.tolist()])


def _height(pressures_pa: FloatArray) -> FloatArray:
    return np.array([height_m(p) if math.isfinite(p) else math.nan for p in pressures_pa.tolist()])


def _force(accelerations: FloatArray) -> FloatArray:
    return accelerations + STANDARD_GRAVITY_M_S2


def _acceleration(forces: FloatArray) -> FloatArray:
    return forces - STANDARD_GRAVITY_M_S2
