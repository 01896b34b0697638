"""Hypotheses, noise and limits of the blimp's forward model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp import forward_layout as layout
from snn_control.controllers.blimp.motion import (
    COUNT_AT_REST,
    COUNTS,
    COUNTS_PER_UNIT,
    BlimpMotion,
)
from snn_control.errors import ParameterError
from snn_control.ranges import require_not_negative, require_positive

__all__ = ["CHANGES", "DELAYS", "BlimpForwardConfig", "Hypothesis", "kernel_constants"]

FloatArray = npt.NDArray[np.float64]

LONGEST_DELAY_S = (layout.SLOTS - layout.MOST_STEPS - 1) * layout.STEP_S
SMALLEST_GAIN_M_S2 = 0.1
"""Smallest magnitude of the thrust gain in the command, m/s^2."""
START_SPEED_SD_M_S = 0.1
"""Standard deviation of the climb rate at the start, m/s."""
SERVO_RATE_RAD_S = math.radians(600.0)
"""Slew rate of the servo that turns the thrusters over, rad/s."""


@dataclass(frozen=True)
class Hypothesis:
    """One forward model of the bank.

    Raises:
        ParameterError: a value is out of range.
    """

    delay_s: float = 0.33
    """Delay from command to motor, s."""
    lag_s: float = 0.15
    """First-order lag of the motors, s."""
    gain_walk_m_s2_rs: float = 0.005
    """Random walk of the thrust gain, m/s^2 per root second: the rate at which it is learned."""
    inverted: bool = False
    """True to start with the opposite sign of the thrust gain."""
    restarts: bool = False
    """True to start again from the flying hypothesis when its weight is lost."""

    def __post_init__(self) -> None:
        require_positive({"lag_s": self.lag_s}, "Hypothesis")
        require_not_negative({"gain_walk_m_s2_rs": self.gain_walk_m_s2_rs}, "Hypothesis")
        if not 0.0 <= self.delay_s <= LONGEST_DELAY_S:
            raise ParameterError(
                f"Hypothesis: delay_s is {self.delay_s}; expected 0 to {LONGEST_DELAY_S:g} s"
            )


DELAYS = (
    Hypothesis(),
    Hypothesis(0.20, 0.12),
    Hypothesis(0.40, 0.20),
    Hypothesis(0.33, 0.45),
    Hypothesis(0.33, 0.80),
)
"""Delays and lags of blimps that differ; the first one is nominal."""
CHANGES = (
    Hypothesis(restarts=True),
    Hypothesis(gain_walk_m_s2_rs=0.1, restarts=True),
    Hypothesis(gain_walk_m_s2_rs=1.0, restarts=True),
    Hypothesis(inverted=True, restarts=True),
)
"""Rates of learning and signs of the thrust, for actuators that fail or are swapped in flight."""


@dataclass(frozen=True)
class BlimpForwardConfig:
    """Hypotheses, noise and limits.

    Raises:
        ParameterError: a value is out of range.
    """

    motion: BlimpMotion = field(default_factory=BlimpMotion)
    """Nominal blimp."""
    hypotheses: tuple[Hypothesis, ...] = DELAYS
    """Bank; the first one flies at the start."""
    speed_walk_m_s_rs: float = 0.0109
    """Random walk of the climb rate, m/s per root second."""
    bias_walk_m_s2_rs: float = 0.0041
    """Random walk of the lift, m/s^2 per root second."""
    range_sd_m: float = 0.0207
    """Standard deviation of a range, m."""
    estimate_sd_m: float = 0.05
    """Standard deviation of an estimate in place of a range, m."""
    gain_sd_m_s2: float = 0.1
    """Standard deviation of the thrust gain at the start, m/s^2."""
    bias_sd_m_s2: float = 0.05
    """Standard deviation of the lift at the start, m/s^2."""
    gain_limit_m_s2: float = 3.0
    """Largest magnitude of the thrust gain, m/s^2."""
    bias_limit_m_s2: float = 1.0
    """Largest magnitude of weight less lift, m/s^2."""
    share: float = 0.001
    """Part of the weights that is spread evenly at each measurement, 0 to 1."""
    cap: float = 60.0
    """Largest squared prediction error over its variance that counts for the weights."""
    factor: float = 2.0
    """Ratio of the weights at which another hypothesis takes over, at least 1."""
    shadow_gate_m: float = 0.08
    """Distance of a repeated range from the shadow that proves a frozen lidar, m; 0: no check."""
    beyond_delay_s: float = -0.056
    """Prediction beyond the delay of the flying hypothesis, s."""
    error_gain: float = 2.40
    """Gain of the predicted height error."""
    speed_gain_s: float = 0.170
    """Gain of the predicted climb rate, s."""
    output_gain: float = 0.991
    """Gain of the controller's output."""

    def __post_init__(self) -> None:
        if not self.hypotheses:
            raise ParameterError("hypotheses: expected at least one")
        positive = (
            "range_sd_m", "estimate_sd_m", "gain_limit_m_s2", "bias_limit_m_s2", "cap",
            "error_gain", "output_gain",
        )  # fmt: skip
        require_positive({name: getattr(self, name) for name in positive})
        others = (
            "speed_walk_m_s_rs", "bias_walk_m_s2_rs", "gain_sd_m_s2", "bias_sd_m_s2",
            "shadow_gate_m", "speed_gain_s",
        )  # fmt: skip
        require_not_negative({name: getattr(self, name) for name in others})
        if not 0.0 <= self.share < 1.0 or not 1.0 <= self.factor < math.inf:
            raise ParameterError(
                f"share is {self.share}, factor {self.factor}; expected 0 to 1, and at least 1"
            )
        if not -1.0 <= self.beyond_delay_s <= 1.0:
            raise ParameterError(f"beyond_delay_s is {self.beyond_delay_s}; expected -1 to 1 s")
        if self.motion.thrust_gain_m_s2 > self.gain_limit_m_s2:
            raise ParameterError(
                f"gain_limit_m_s2 is {self.gain_limit_m_s2:g}, the nominal gain "
                f"{self.motion.thrust_gain_m_s2:g}: all hypotheses contradict the limit; raise it"
            )
        if abs(nominal_bias(self.motion)) > self.bias_limit_m_s2:
            raise ParameterError(
                f"bias_limit_m_s2 is {self.bias_limit_m_s2:g}, the nominal bias "
                f"{nominal_bias(self.motion):g}: all hypotheses contradict the limit; raise it"
            )


def hover_duty(motion: BlimpMotion) -> float:
    """Return the duty at the hover command, before the truncation of its count."""
    return (COUNT_AT_REST + COUNTS_PER_UNIT * motion.hover_motor_units) / COUNTS


def nominal_bias(motion: BlimpMotion) -> float:
    """Return lift less weight, m/s^2."""
    return -motion.thrust_gain_m_s2 * hover_duty(motion) ** 2


def kernel_constants(config: BlimpForwardConfig) -> tuple[FloatArray, FloatArray]:
    """Return the arrays `bank` and `numbers` of `forward_kernels`."""
    motion, h = config.motion, layout.STEP_S
    bank = [
        [round(each.delay_s / h), -math.expm1(-h / each.lag_s), each.gain_walk_m_s2_rs,
         each.inverted, each.restarts]
        for each in config.hypotheses
    ]  # fmt: skip
    unit_m_s2 = 2.0 * motion.thrust_gain_m_s2 * hover_duty(motion) * COUNTS_PER_UNIT / COUNTS
    numbers = np.zeros(layout.NUMBERS)
    for place, value in {
        layout.LINEAR_DRAG: motion.linear_drag_per_s,
        layout.QUADRATIC_DRAG: motion.quadratic_drag_per_m,
        layout.SERVO_STEP: SERVO_RATE_RAD_S * h,
        layout.LOWEST_M: motion.rest_height_m,
        layout.DEAD_ZONE: motion.dead_zone_motor_units,
        layout.HOVER: motion.hover_motor_units,
        layout.SPEED_WALK: config.speed_walk_m_s_rs,
        layout.BIAS_WALK: config.bias_walk_m_s2_rs,
        layout.RANGE_SD: config.range_sd_m,
        layout.ESTIMATE_SD: config.estimate_sd_m,
        layout.START_GAIN: motion.thrust_gain_m_s2,
        layout.START_BIAS: nominal_bias(motion),
        layout.SPEED_SD: START_SPEED_SD_M_S,
        layout.GAIN_SD: config.gain_sd_m_s2,
        layout.BIAS_SD: config.bias_sd_m_s2,
        layout.SHARE: config.share,
        layout.CAP: config.cap,
        layout.FACTOR: config.factor,
        layout.GAIN_LIMIT: config.gain_limit_m_s2,
        layout.BIAS_LIMIT: config.bias_limit_m_s2,
        layout.SMALLEST_GAIN: SMALLEST_GAIN_M_S2,
        layout.BEYOND_STEPS: round(config.beyond_delay_s / h),
        layout.ERROR_GAIN: config.error_gain,
        layout.SPEED_GAIN: config.speed_gain_s,
        layout.OUTPUT_M_S2: unit_m_s2 * config.output_gain,
    }.items():
        numbers[place] = value
    return np.ravel(bank).astype(np.float64), numbers
