"""Wires of the swimmer's channels in its environments."""

from __future__ import annotations

import re

import gymnasium
import numpy as np

from snn_control.controllers.swimmer.trials import SPEED_SENSOR
from snn_control.loops.swimmer import channels
from snn_control.training.interface import Interface
from snn_control.training.sensing.faulty_environment import FloatArray, Wire, Wiring

__all__ = ["wiring"]


def wiring(env: gymnasium.Env) -> Wiring | None:
    """Return the wires of speed, joint angles and efforts; None for other environments."""
    interface = Interface.of(env)
    joints = _matching(r"joint_\d+_rad", interface.observation_names)
    efforts = _matching(r"joint_\d+_effort", interface.action_names)
    if not (joints and efforts):
        return None
    wires = [Wire(channels.JOINT_STATES, joints), Wire(channels.JOINT_EFFORTS, efforts)]
    if SPEED_SENSOR in interface.observation_names:
        wires.insert(0, Wire(channels.ODOMETRY, (SPEED_SENSOR,), _reversed, _reversed))
    return Wiring(tuple(wires))


def _reversed(values: FloatArray) -> FloatArray:
    """Convert between the forward speed and the observation, which is positive towards the tail."""
    return np.negative(values)


def _matching(pattern: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if re.fullmatch(pattern, name))
