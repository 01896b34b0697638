"""PID altitude controller: the baseline of every comparison and the target of imitation.

    e[k] = height_ref - height          (m)
    P = kp e[k]
    I = ki s[k],   s[k] = clip(s[k-1] + e[k] T, -integral_limit, integral_limit)
    D = kd (d[k] + ... + d[k-n+1]) / n, d[k] = (e[k] - e[k-1]) / T,  0 in the first two ticks
    D is divided by 10 where |D| > 10
    u = P + I + D                       (motor units, full scale 10; the plant clips)

Gains and rules of Burgers, Stroobants and de Croon (2023), arXiv:2309.12937, with n = 2; their
logged flights have the derivative of n = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError

__all__ = ["PID", "PIDConfig"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PIDConfig:
    """Gains and limits of the PID."""

    kp: float = 9.0
    """Proportional gain, motor units per metre."""
    ki: float = 0.75
    """Integral gain, motor units per metre and second."""
    kd: float = 14.0
    """Derivative gain, motor units per metre per second."""
    derivative_taps: int = 2
    """Number of differences that the derivative averages, 1 or more."""
    derivative_knee: float = 10.0
    """Magnitude of the derivative action that indicates a reference step, motor units."""
    derivative_cut: float = 10.0
    """Divisor of the derivative action above the knee."""
    integral_limit: float = 10.0
    """Largest magnitude of the integral of the error, m s."""
    control_period_s: float = 0.1
    """Nominal control period T, s."""

    def __post_init__(self) -> None:
        if self.derivative_taps < 1:
            raise ParameterError(f"derivative_taps: {self.derivative_taps}; expected at least 1")
        if not self.control_period_s > 0:
            raise ParameterError(f"control_period_s: {self.control_period_s}; expected more than 0")
        if self.integral_limit < 0 or self.derivative_cut < 1 or self.derivative_knee < 0:
            raise ParameterError(
                "integral_limit and derivative_knee must be at least 0, derivative_cut at least 1"
            )


class PID(Controller):
    """PID controller of the height error.

    Args:
        config: gains and limits.
        control_period_s: control period in place of that of `config`, s.
    """

    observation_names = ("height_error_m",)
    action_names = ("motor_command",)

    def __init__(
        self, config: PIDConfig | None = None, control_period_s: float | None = None
    ) -> None:
        self.config = config or PIDConfig()
        if control_period_s is not None:
            self.config = replace(self.config, control_period_s=control_period_s)
        self.control_period_s = self.config.control_period_s
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Clear the integral and the past errors."""
        self._tick = 0
        self._integral = 0.0
        self._last_error = 0.0
        self._differences = [0.0] * self.config.derivative_taps
        self._terms = (0.0, 0.0, 0.0)

    def _step(self, observation: FloatArray) -> FloatArray:
        c, error = self.config, float(observation[0])
        difference = (error - self._last_error) / c.control_period_s if self._tick else 0.0
        self._differences = [difference, *self._differences[:-1]]
        derivative = c.kd * sum(self._differences) / c.derivative_taps if self._tick > 1 else 0.0
        if abs(derivative) > c.derivative_knee:
            derivative /= c.derivative_cut
        integral = self._integral + error * c.control_period_s
        self._integral = min(max(integral, -c.integral_limit), c.integral_limit)
        self._last_error = error
        self._tick += 1
        self._terms = (c.kp * error, c.ki * self._integral, derivative)
        return np.array([sum(self._terms)])

    @property
    def readouts(self) -> dict[str, float]:
        """Terms `p`, `i`, `d` and `pd` of the last tick, motor units; `spikes` is 0."""
        p, i, d = self._terms
        return {"p": p, "i": i, "d": d, "pd": p + d, "spikes": 0.0}
