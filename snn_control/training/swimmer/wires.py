"""Wires of the swimmer's channels in its environments."""

from __future__ import annotations

import re

import gymnasium

from snn_control.loops.swimmer import channels
from snn_control.training.interface import Interface
from snn_control.training.sensing.faulty_environment import Wire, Wiring

__all__ = ["wiring"]


def wiring(env: gymnasium.Env) -> Wiring | None:
    """Return the wires of all joint angles and of all efforts; None for other environments."""
    interface = Interface.of(env)
    joints = _matching(r"joint_\d+_rad", interface.observation_names)
    efforts = _matching(r"joint_\d+_effort", interface.action_names)
    if not (joints and efforts):
        return None
    return Wiring((Wire(channels.JOINT_STATES, joints), Wire(channels.JOINT_EFFORTS, efforts)))


def _matching(pattern: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if re.fullmatch(pattern, name))
