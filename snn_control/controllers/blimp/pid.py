"""PID altitude controller: the baseline of every comparison and the target of imitation.

    e[k] = height_ref - height          (m)
    P = kp e[k]
    I = ki s[k],   s[k] = clip(s[k-1] + e[k] T, -integral_limit, integral_limit)
    D = kd (d[k] + ... + d[k-n+1]) / n, d[k] = (e[k] - e[k-1]) / T,  0 in the first two ticks
    D is divided by 10 where |D| > 10
    u = P + I + D                       (motor units, full scale 10; the plant clips)

Gains and tricks as flown by Burgers, Stroobants and de Croon (2023), arXiv:2309.12937, with n = 2;
n = 1 is the derivative of their logged flights.
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
    """Proportional gain, motor units a metre."""
    ki: float = 0.75
    """Integral gain, motor units a metre and second."""
    kd: float = 14.0
    """Derivative gain, motor units a metre per second."""
    derivative_taps: int = 2
    """How many differences the derivative averages, 1 or more."""
    derivative_knee: float = 10.0
    """Derivative action above which a reference step is suspected, motor units."""
    derivative_cut: float = 10.0
    """What the derivative action is divided by above the knee."""
    integral_limit: float = 10.0
    """Largest magnitude of the integral of the error, m s."""
    control_period_s: float = 0.1
    """Nominal control period T in s."""

    def __post_init__(self) -> None:
        if self.derivative_taps < 1:
            raise ParameterError(f"derivative_taps: {self.derivative_taps} is below 1")
        if not self.control_period_s > 0:
            raise ParameterError(f"control_period_s: {self.control_period_s} is not positive")
        if self.integral_limit < 0 or self.derivative_cut < 1 or self.derivative_knee < 0:
            raise ParameterError(
                "integral_limit and derivative_knee must not be negative, "
                "derivative_cut not below 1"
            )


class PID(Controller):
    """The PID of `PIDConfig`.

    Args:
        config: gains and limits.
        control_period_s: in place of the configuration's, s.
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
        """Forget the integral and the past errors."""
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
        """`p`, `i`, `d` and `pd` of the last tick in motor units; `spikes` is 0."""
        p, i, d = self._terms
        return {"p": p, "i": i, "d": d, "pd": p + d, "spikes": 0.0}
