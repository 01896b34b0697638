"""Fault of the motors of the blimp: from its attribution until the blimp follows the commands."""

from __future__ import annotations

import math
from dataclasses import replace

from snn_control.copies import Copied
from snn_control.loops.blimp.estimator_config import EstimatorConfig
from snn_control.supervision.observer import Observer

__all__ = ["MotorFault"]

RESPONSE_S = 2.0
"""Time constant of the deviation from the commands, s."""
FIRST_DEVIATION_M_S2 = 1.0
"""Deviation at the start of a fault, m/s^2: it lasts for some seconds at least."""
WIDER = 0.3, 0.2, 0.3
"""Standard deviations of position, m, speed, m/s, and acceleration, m/s^2, that a fault adds."""


class MotorFault(Copied):
    """Evidence against the motors, and the noise of the motion that follows from it.

    Args:
        observer: observer of the height.
        config: noise and limits.
    """

    def __init__(self, observer: Observer, config: EstimatorConfig) -> None:
        self._observer, self._config = observer, config
        self._faulty = replace(config.motion, acceleration_m_s2_rs=config.fault_walk_m_s2_rs)
        self._blind = replace(config.motion, acceleration_m_s2_rs=config.blind_walk_m_s2_rs)
        self.count = 0
        """Number of faults so far."""
        self.end()

    def end(self) -> None:
        """Trust the motors."""
        self.evidence = ""
        """Evidence against the motors; empty if there is none."""
        self._healthy_m_s2 = self._deviation_m_s2 = self._watched_s = 0.0
        self._observer.noise = self._config.motion

    def begin(self, evidence: str, now_s: float) -> None:
        """Distrust the motors: the estimate follows the sensors instead of the model."""
        if not self.evidence:
            self.count += 1
            self._healthy_m_s2 = self._observer.unmodelled_m_s2
            self._deviation_m_s2 = FIRST_DEVIATION_M_S2
        self.evidence, self._watched_s = evidence, now_s
        self._observer.widen(*WIDER)
        self._observer.noise = self._faulty

    def watch(self, now_s: float) -> None:
        """End the fault once the blimp follows the commands again."""
        if not self.evidence:
            return
        deviation = abs(self._observer.unmodelled_m_s2 - self._healthy_m_s2)
        share = 1.0 - math.exp(-max(now_s - self._watched_s, 0.0) / RESPONSE_S)
        self._deviation_m_s2 += share * (deviation - self._deviation_m_s2)
        self._watched_s = now_s
        if self._deviation_m_s2 < self._config.response_floor_m_s2:
            self.end()

    def adjust_noise(self, height_measured: bool) -> None:
        """Let the estimate follow gusts by the accelerometer while no height is measured."""
        if not self.evidence:
            self._observer.noise = self._config.motion if height_measured else self._blind
