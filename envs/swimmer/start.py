"""Where an episode starts, and what its sensors will get wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.mjcf import joint_limit_rad
from snn_control.errors import ParameterError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Start:
    """The start of one episode."""

    joint_rad: FloatArray
    """Joint angles, rad, shape (n_joints,)."""
    turn_rad: float
    """Direction of the head, rad."""
    sensor_error_rad: FloatArray = field(repr=False)
    """Noise and bias of each measured angle, rad, shape (n_ticks, n_joints); or (1, 0): none."""

    def check_joints(self, n_joints: int) -> None:
        """Refuse another body than the start's.

        Raises:
            ParameterError: with both numbers of joints.
        """
        if self.joint_rad.shape != (n_joints,):
            raise ParameterError(
                f"a start of {self.joint_rad.size} joints; the body has {n_joints}"
            )


def draw_start(n_links: int, seed: int | None, n_ticks: int, damage: Damage | None = None) -> Start:
    """Draw a start: joint angles in their ranges, then the direction, then errors of sensors."""
    rng, limit_rad, n_joints = np.random.default_rng(seed), joint_limit_rad(n_links), n_links - 1
    joint_rad = rng.uniform(-limit_rad, limit_rad, n_joints)
    turn_rad = float(rng.uniform(-math.pi, math.pi))
    error_rad = np.zeros((1, 0))
    if damage and (damage.noise_rad or damage.bias_rad):
        error_rad = rng.normal(0.0, damage.bias_rad, n_joints) + rng.normal(
            0.0, damage.noise_rad, (n_ticks, n_joints)
        )
    return Start(joint_rad, turn_rad, error_rad)
