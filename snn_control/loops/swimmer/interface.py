"""Joint states and velocities of a swimmer as angles and head commands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.errors import ConfigError, did_you_mean

FloatArray = npt.NDArray[np.float64]


def joint_names(names: Sequence[str], n_joints: int) -> tuple[str, ...]:
    """Return the joints' names, head first; if all are empty, `joint_0`, `joint_1` and so on.

    Raises:
        ConfigError: not one per joint, only some empty, or one repeated.
    """
    if not any(names):
        return tuple(f"joint_{k}" for k in range(n_joints))
    if len(names) != n_joints:
        raise ConfigError(
            f"joint_names has {len(names)} names, the model {n_joints} joints: list one name per "
            "joint, head first, or name another model"
        )
    if len(set(names)) < len(names) or "" in names:
        raise ConfigError(f"joint_names: {list(names)}; expected each joint once")
    return tuple(names)


class JointReader:
    """Selection of the joints of one body from joint states, by name.

    Args:
        names: names of the joints, in the order of the returned angles.
        max_rad: maximum plausible angle, to either side.
    """

    def __init__(self, names: Sequence[str], max_rad: float) -> None:
        self.names, self.max_rad = tuple(names), max_rad
        self._last: tuple[list[str] | None, list[int]] = (None, [])

    def read(self, names: Sequence[str], positions: Sequence[float]) -> tuple[FloatArray, str]:
        """Return the angles, rad, and their fault with its fix, or an empty string.

        Joints of other bodies are ignored, also if their angles are faulty.
        """
        angles = np.full(len(self.names), math.nan)
        indices, fault = self._indices(list(names))
        if fault:
            return angles, fault
        if len(positions) <= max(indices):
            return angles, (
                f"joint_states has {len(names)} names and {len(positions)} positions; expected one "
                "per name"
            )
        angles = np.array([positions[k] for k in indices], np.float64)
        for name, angle in zip(self.names, angles.tolist(), strict=True):
            if not math.isfinite(angle):
                return angles, f"{name} is {angle}: positions are angles in rad"
            if abs(angle) > self.max_rad:
                return angles, (
                    f"{name} is at {angle:g} rad, above joint_max_rad {self.max_rad:g}: are "
                    "the positions in degrees?"
                )
        return angles, ""

    def foreign(self, names: Sequence[str]) -> bool:
        """Return True if none of the joints is among these names."""
        return list(names) != self._last[0] and not set(self.names) & set(names)

    def _indices(self, names: list[str]) -> tuple[list[int], str]:
        """Return the index of each joint; cached, as names rarely change between messages."""
        if names == self._last[0]:
            return self._last[1], ""
        for name in self.names:
            if name not in names:
                return [], (
                    f"joint_states lacks {name!r}{did_you_mean(name, names)}; set joint_names to "
                    "its names of the joints, head first"
                )
            if names.count(name) > 1:
                return [], f"joint_states has {name!r} {names.count(name)} times; expected once"
        self._last = names, [names.index(name) for name in self.names]
        return self._last[1], ""


def head_command(
    forward_m_s: float,
    left_rad_s: float,
    full_speed_m_s: float,
    full_turn_rad_s: float,
    turn_limit: float,
) -> tuple[float, float]:
    """Return speed (0 to 1) and turn (positive is right) of the head for a velocity as in REP-103.

    A backward velocity gives speed 0: the wave of the circuit runs one way only.
    """
    speed = min(max(forward_m_s / full_speed_m_s, 0.0), 1.0)
    turn = min(max(-left_rad_s / full_turn_rad_s, -turn_limit), turn_limit)
    return speed, turn
