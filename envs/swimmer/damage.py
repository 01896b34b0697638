"""Damage of a swimmer: joints, muscles, fluid and sensors."""

from __future__ import annotations

import math
from dataclasses import dataclass

from snn_control.errors import ParameterError

__all__ = ["SIDES", "Damage"]

SIDES = ("dorsal", "ventral")


@dataclass(frozen=True)
class Damage:
    """Damage of body, fluid and sensors; damage of the circuit is the controller's `dead_cells`.

    Joint 0 is next to the head; positive effort acts on the dorsal muscle.
    """

    locked_joints: tuple[int, ...] = ()
    """Joints locked at their start angle."""
    lost_muscles: tuple[str, ...] = ()
    """Muscles without force: `dorsal_2`, `ventral_2`, or `both_2`."""
    density_scale: float = 1.0
    """Factor of the fluid's density."""
    viscosity_pa_s: float = 0.0
    """Viscosity of the fluid, Pa s; 0 in the published task, 0.001 for water."""
    noise_rad: float = 0.0
    """Standard deviation of the noise on each measured joint angle, rad."""
    bias_rad: float = 0.0
    """Standard deviation over joints of the constant error of the measured angle, rad."""

    def __post_init__(self) -> None:
        for name in ("density_scale", "viscosity_pa_s", "noise_rad", "bias_rad"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ParameterError(f"{name} is {value:g}; expected a number of at least 0")

    def efforts(self, n_joints: int) -> list[tuple[float, float]]:
        """Return the smallest and largest effort of each joint, within -1 and 1.

        Raises:
            ParameterError: a joint or muscle does not exist.
        """
        for joint in self.locked_joints:
            _check_joint(f"locked_joints: {joint}", joint, n_joints)
        low, high = [-1.0] * n_joints, [1.0] * n_joints
        for muscle in self.lost_muscles:
            side, _, number = muscle.rpartition("_")
            if side not in (*SIDES, "both") or not number.isdigit():
                raise ParameterError(
                    f"lost_muscles: {muscle!r}; expected `dorsal_`, `ventral_` or `both_` and the "
                    "number of the joint"
                )
            joint = int(number)
            _check_joint(f"lost_muscles: {muscle}", joint, n_joints)
            if side != "ventral":
                high[joint] = 0.0
            if side != "dorsal":
                low[joint] = 0.0
        return list(zip(low, high, strict=True))


def _check_joint(field: str, joint: int, n_joints: int) -> None:
    if not 0 <= joint < n_joints:
        raise ParameterError(f"{field}: the body has joints 0 to {n_joints - 1}")
