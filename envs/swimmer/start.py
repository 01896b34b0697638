"""Start of an episode and its sensor errors."""

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
    """Start pose of one episode, with its sensor errors."""

    joint_rad: FloatArray
    """Joint angles, rad, shape (n_joints,)."""
    turn_rad: float
    """Direction of the head, rad."""
    sensor_error_rad: FloatArray = field(repr=False)
    """Error of each measured angle, rad, shape (n_ticks, n_joints), or (1, 0) without errors."""

    def check_joints(self, n_joints: int) -> None:
        """Raise an error if a body has another number of joints than the start.

        Raises:
            ParameterError: the numbers of joints differ.
        """
        if self.joint_rad.shape != (n_joints,):
            raise ParameterError(
                f"the start has {self.joint_rad.size} joints; the body has {n_joints}"
            )


def draw_start(n_links: int, seed: int | None, n_ticks: int, damage: Damage | None = None) -> Start:
    """Draw a start: joint angles within their limits, direction of the head, sensor errors."""
    rng, limit_rad, n_joints = np.random.default_rng(seed), joint_limit_rad(n_links), n_links - 1
    joint_rad = rng.uniform(-limit_rad, limit_rad, n_joints)
    turn_rad = float(rng.uniform(-math.pi, math.pi))
    error_rad = np.zeros((1, 0))
    if damage and (damage.noise_rad or damage.bias_rad):
        error_rad = rng.normal(0.0, damage.bias_rad, n_joints) + rng.normal(
            0.0, damage.noise_rad, (n_ticks, n_joints)
        )
    return Start(joint_rad, turn_rad, error_rad)
