"""Simulated swimmer that advances independently of its controller and accepts efforts at any time.

Body, start and damage equal those of `Swim`: if each effort arrives at its measurement, the
episodes are equal, bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.swimmer.body import CONTROL_PERIOD_S, ROOT, SUBSTEPS, SwimmerBody
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.metrics import swim_metrics
from snn_control.envs.swimmer.mjcf import LINK_M, PHYSICS_STEP_S
from snn_control.envs.swimmer.start import draw_start
from snn_control.envs.swimmer.swim import swim_reward
from snn_control.errors import ParameterError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Measurement:
    """Measurement of one control period; x is forward, y left (REP-103)."""

    tick: int
    """Index of the control period, from 0."""
    time_s: float
    """Time since the start, s."""
    joint_rad: FloatArray
    """Measured joint angles, rad, with the errors of damaged sensors."""
    joint_rad_s: FloatArray
    """True joint velocities, rad/s."""
    position_m: tuple[float, float]
    """Position of the nose in the world frame, m; the origin is the start."""
    heading_rad: float
    """Direction of the head, anticlockwise from x of the world, rad."""
    forward_m_s: float
    """Forward speed of the nose, m/s."""
    left_m_s: float
    """Speed of the nose to the left, m/s."""
    turning_rad_s: float
    """Rate of the heading, rad/s."""


class SwimmerRobot(Copied):
    """One episode, advanced physics step by physics step.

    Args:
        n_links: number of links, 3 to 30.
        seed: seed of the start and of the sensor errors.
        n_ticks: length of the episode, control periods.
        damage: damage of body and sensors.
        effort_timeout_s: time without efforts after which the effort becomes 0, s.

    Raises:
        ParameterError: n_links out of range, or damage of a joint or muscle that does not exist.
    """

    def __init__(
        self,
        n_links: int,
        seed: int,
        n_ticks: int,
        damage: Damage | None = None,
        effort_timeout_s: float = math.inf,
    ) -> None:
        self.body, self.n_ticks = SwimmerBody(n_links, damage), n_ticks
        self.effort_timeout_s = effort_timeout_s
        start = draw_start(n_links, seed, n_ticks, damage)
        self.body.reset(start)
        self._errors = start.sensor_error_rad
        self.step, self._tick = 0, 0
        self._commanded_at = 0
        self._effort = np.zeros(self.body.n_joints)
        self._path = np.zeros((n_ticks + 1, 2))
        self._path[0] = self.body.position_m
        self._headings, self._speeds = np.zeros(n_ticks), np.zeros(n_ticks)
        self._joints, self._efforts = np.zeros((2, n_ticks, self.body.n_joints))

    @property
    def time_s(self) -> float:
        """Time since the start, s."""
        return self.step * PHYSICS_STEP_S

    @property
    def finished(self) -> bool:
        """True at the end of the episode."""
        return self.step >= self.n_ticks * SUBSTEPS

    @property
    def heading_rad(self) -> float:
        """Direction of the head, -y of its link, anticlockwise from x of the world, +-pi."""
        return math.remainder(float(self.body.data.qpos[2]) - 0.5 * math.pi, 2.0 * math.pi)

    def command(self, effort: FloatArray) -> None:
        """Hold efforts, fractions of the full effort, shape (n_joints,), clipped to [-1, 1].

        Raises:
            ParameterError: wrong shape or not finite; the last efforts stay active.
        """
        if effort.shape != self._effort.shape or not np.isfinite(effort).all():
            raise ParameterError(
                f"efforts are {effort.tolist()}; expected {self._effort.size} finite numbers"
            )
        self._effort, self._commanded_at = effort.copy(), self.step

    def measure(self) -> Measurement | None:
        """Return the measurement due at this physics step, once; None if none is due."""
        if self.finished or self.step < self._tick * SUBSTEPS:
            return None
        tick, self._tick = self._tick, self._tick + 1
        body, errors = self.body, self._errors
        joint_rad = body.joint_rad.copy()
        if errors.size:
            joint_rad += errors[min(tick, len(errors) - 1)]
        # The frame of the head's link has y towards the tail and x to the left; its velocity is
        # that of its centre, behind the nose.
        left_m_s, back_m_s, turning_rad_s = body.link_velocities[:3].tolist()
        left_m_s += 0.5 * LINK_M * turning_rad_s
        self._joints[tick], self._headings[tick] = joint_rad, self.heading_rad
        x_m, y_m = body.position_m.tolist()
        return Measurement(
            tick, self.time_s, joint_rad, body.data.qvel[ROOT:].copy(), (x_m, y_m),
            self.heading_rad, -back_m_s, left_m_s, turning_rad_s,
        )  # fmt: skip

    def advance(self) -> None:
        """Advance by one physics step, 0.002 s.

        Raises:
            ParameterError: the episode is at its end.
        """
        if self.finished:
            raise ParameterError(f"the episode ended after {self.time_s:g} s")
        silent_s = (self.step - self._commanded_at) * PHYSICS_STEP_S
        if silent_s >= self.effort_timeout_s:
            self._effort = np.zeros(self.body.n_joints)
        tick, into = divmod(self.step, SUBSTEPS)
        self.body.data.ctrl[:] = np.clip(self._effort, -1.0, 1.0)
        mujoco.mj_step(self.body.model, self.body.data)
        self.step += 1
        if into == SUBSTEPS - 1:
            self._efforts[tick] = self._effort
            self._speeds[tick] = self.body.forward_speed_m_s
            self._path[tick + 1] = self.body.position_m

    def trace(self) -> dict[str, FloatArray]:
        """Return the time series so far, one sample per complete control period.

        `time_s`, `heading_rad`, `joint_rad` (n, n_joints) at its start; `effort` (n, n_joints),
        `forward_speed_m_s` and the `reward` of `Swim` at its end; `path_m` (n + 1, 2), the
        positions of the nose before and after each period.
        """
        n = self.step // SUBSTEPS
        speeds = self._speeds[:n].copy()
        return {
            "time_s": np.arange(n) * CONTROL_PERIOD_S,
            "path_m": self._path[: n + 1].copy(),
            "heading_rad": self._headings[:n].copy(),
            "joint_rad": self._joints[:n].copy(),
            "effort": self._efforts[:n].copy(),
            "forward_speed_m_s": speeds,
            "reward": swim_reward(speeds),
        }

    def metrics(self) -> dict[str, float]:
        """Return `metrics.swim_metrics` so far."""
        n = self.step // SUBSTEPS
        return swim_metrics(self._speeds[:n], self._path[: n + 1])
