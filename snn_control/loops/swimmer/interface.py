"""Joint states and velocities of a swimmer as angles and head commands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.errors import ConfigError, did_you_mean

FloatArray = npt.NDArray[np.float64]


def joint_names(given: Sequence[str], n_joints: int) -> tuple[str, ...]:
    """Return the names of the joints, head first, of a parameter.

    Raises:
        ConfigError: not as many as the controller has joints, or a name twice.
    """
    if not any(given):
        return tuple(f"joint_{k}" for k in range(n_joints))
    if len(given) != n_joints:
        raise ConfigError(
            f"joint_names has {len(given)} names, the model {n_joints} joints: name as many, head "
            "first, or a model of another body"
        )
    if len(set(given)) < len(given) or "" in given:
        raise ConfigError(f"joint_names: {list(given)}; expected each joint once")
    return tuple(given)


class JointReader:
    """Picks the joints of one body out of joint states, by name.

    Args:
        names: of the joints, in the order of the angles to return.
        max_rad: largest plausible angle, to either side.
    """

    def __init__(self, names: Sequence[str], max_rad: float) -> None:
        self.names, self.max_rad = tuple(names), max_rad
        self._known: tuple[list[str] | None, list[int]] = (None, [])

    def read(self, names: Sequence[str], positions: Sequence[float]) -> tuple[FloatArray, str]:
        """Return the angles, rad, and their fault and how to mend it.

        Joints of other bodies are ignored, whatever is wrong with their angles.
        """
        angles = np.full(len(self.names), math.nan)
        places, wrong = self._places(list(names))
        if wrong:
            return angles, wrong
        if len(positions) <= max(places):
            return angles, (
                f"joint_states has {len(names)} names and {len(positions)} positions; expected one "
                "a name"
            )
        angles = np.array([positions[k] for k in places], np.float64)
        for name, angle in zip(self.names, angles.tolist(), strict=True):
            if not math.isfinite(angle):
                return angles, f"{name} is {angle}: positions are angles in rad"
            if abs(angle) > self.max_rad:
                return angles, (
                    f"{name} is at {angle:g} rad, beyond joint_max_rad {self.max_rad:g}: are "
                    "the positions in degrees?"
                )
        return angles, ""

    def foreign(self, names: Sequence[str]) -> bool:
        """Whether none of the joints is among these."""
        return list(names) != self._known[0] and not set(self.names) & set(names)

    def _places(self, names: list[str]) -> tuple[list[int], str]:
        """Return where each joint stands; a robot names its joints alike each time."""
        if names == self._known[0]:
            return self._known[1], ""
        for name in self.names:
            if name not in names:
                return [], (
                    f"joint_states lacks {name!r}{did_you_mean(name, names)}; set joint_names as "
                    "it names the joints, head first"
                )
            if names.count(name) > 1:
                return [], f"joint_states has {name!r} {names.count(name)} times; expected once"
        self._known = names, [names.index(name) for name in self.names]
        return self._known[1], ""


def head_command(
    forward_m_s: float,
    left_rad_s: float,
    full_speed_m_s: float,
    full_turn_rad_s: float,
    turn_limit: float,
) -> tuple[float, float]:
    """Return speed (0 to 1) and turn (positive is right) that mean a velocity as in REP-103.

    Backwards is rest: the circuit's wave runs one way.
    """
    speed = min(max(forward_m_s / full_speed_m_s, 0.0), 1.0)
    turn = min(max(-left_rad_s / full_turn_rad_s, -turn_limit), turn_limit)
    return speed, turn
