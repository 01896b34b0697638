"""Motion model of a point mass with a force as the command."""

from __future__ import annotations

from snn_control.supervision.motion import MotionModel
from snn_control.supervision.observer import ObserverNoise

NOISE = ObserverNoise(0.2, 0.1, 0.01, 0.008, model_error=0.15)


class PointMass(MotionModel):
    """Point mass of 1 kg: the command is the acceleration, m/s^2."""

    def __init__(self, damping_per_s: float = 0.0, lowest_m: float = -1e9) -> None:
        self.lowest_m = lowest_m
        self._damping_per_s = damping_per_s
        self.start(0.0, 0.0)

    def start(self, command: float, now_s: float) -> None:
        self._force = command

    def send(self, command: float, now_s: float) -> None:
        self._force = command

    def advance(self, end_s: float) -> float:
        return self._force

    def damping_per_s(self, speed_m_s: float) -> float:
        return self._damping_per_s
