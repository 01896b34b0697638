"""Learned forward model of the blimp: lift, thrust gain, and the delay and lag of its motors.

Several hypotheses run side by side. Each has its own delay and lag of the motors, a Kalman filter
of height, climb rate, thrust gain k and lift b (`plasticity.forward_model`), and a weight by its
predictions (`plasticity.fixed_share`). The heaviest one flies: its height z and climb rate v are
rolled on through the commands under way, to the time at which the next command takes effect. A
controller made for the nominal blimp acts on that prediction,

    e = error_gain (reference - z_p) - speed_gain v_p,
    u = f^-1((a output_gain controller(e) - b) / k),    f(u) = sign(u) ((9 + 3 |u|) / 45)^2,

with the acceleration a of one motor unit at the nominal hover command. Its model of bias, gain and
dead time replaces an integral.

Without a monitor of the lidar, a measurement is taken for frozen if it is repeated while the shadow
of the flying hypothesis moves away from it by `shadow_gate_m`: the blimp then flies on the shadow,
and what the frozen value taught is withdrawn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from snn_control.controllers.blimp import forward_kernels as kernels
from snn_control.controllers.blimp.motion import COUNT_AT_REST, COUNTS, COUNTS_PER_UNIT, FULL, BlimpMotion
from snn_control.controllers.forward_model import ForwardModel
from snn_control.errors import ParameterError
from snn_control.plasticity.forward_model import BIAS, GAIN, POSITION, SHADOW, SPEED, start
from snn_control.plasticity.optional_kernel import is_compiled
from snn_control.ranges import require_not_negative, require_positive

__all__ = ["CHANGES", "DELAYS", "BlimpForwardConfig", "BlimpForwardModel", "Hypothesis"]

LONGEST_DELAY_S = (kernels.SLOTS - kernels.MOST_STEPS - 1) * kernels.STEP_S
LONGEST_STEP_S = 2.0
"""Time between two ticks above which the motion starts again from the measurement, s."""
SMALLEST_GAIN = 0.1
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
        if abs(nominal_gain(self.motion)) > self.gain_limit_m_s2:
            raise ParameterError(
                f"gain_limit_m_s2 is {self.gain_limit_m_s2:g}, the nominal gain "
                f"{nominal_gain(self.motion):g}: every hypothesis contradicts the limit; raise it"
            )
        if abs(nominal_bias(self.motion)) > self.bias_limit_m_s2:
            raise ParameterError(
                f"bias_limit_m_s2 is {self.bias_limit_m_s2:g}, the nominal bias "
                f"{nominal_bias(self.motion):g}: every hypothesis contradicts the limit; raise it"
            )


def nominal_gain(motion: BlimpMotion) -> float:
    """Return the thrust gain, m/s^2."""
    return motion.thrust_gain_m_s2


def hover_duty(motion: BlimpMotion) -> float:
    """Return the duty at the hover command, before the truncation of its count."""
    return (COUNT_AT_REST + COUNTS_PER_UNIT * motion.hover_motor_units) / COUNTS


def nominal_bias(motion: BlimpMotion) -> float:
    """Return lift less weight, m/s^2."""
    return -motion.thrust_gain_m_s2 * hover_duty(motion) ** 2


class BlimpForwardModel(ForwardModel):
    """Bank of forward models of a blimp.

    Args:
        config: hypotheses, noise and limits.
    """

    name = "blimp"
    observation_names = ("height_ref_m", "range_m", "dt_s")
    predicted_names = ("height_error_m", "climb_rate_m_s")
    unobserved_names = ("climb_rate_m_s",)
    action_name = "motor_command"
    command_limit = FULL

    def __init__(self, config: BlimpForwardConfig | None = None) -> None:
        self.config = config = config or BlimpForwardConfig()
        motion, h = config.motion, kernels.STEP_S
        self._n = n = len(config.hypotheses)
        array = np.array if is_compiled(kernels.tick) else np.ndarray.tolist
        self._array = array
        bank = [
            [round(each.delay_s / h), -math.expm1(-h / each.lag_s), each.gain_walk_m_s2_rs,
             each.inverted, each.restarts]
            for each in config.hypotheses
        ]  # fmt: skip
        self._bank = array(np.ravel(bank).astype(np.float64))
        self._numbers = array(np.array([
            motion.linear_drag_per_s, motion.quadratic_drag_per_m, SERVO_RATE_RAD_S * h,
            motion.rest_height_m, motion.dead_zone_motor_units, config.speed_walk_m_s_rs,
            config.bias_walk_m_s2_rs, config.range_sd_m, config.estimate_sd_m, config.share,
            config.cap, config.factor, config.gain_limit_m_s2,
            config.bias_limit_m_s2, round(config.beyond_delay_s / h),
        ]))  # fmt: skip
        duty = hover_duty(motion)
        self._unit_m_s2 = 2.0 * motion.thrust_gain_m_s2 * duty * COUNTS_PER_UNIT / COUNTS
        self._hover = motion.hover_motor_units
        names = [f"{part}_{k}" for k in range(n) for part in ("gain_m_s2", "bias_m_s2", "weight")]
        self.parameter_names = (*names, "flying")
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick: nominal parameters, equal weights."""
        n = self._n
        self._rows = self._array(np.zeros((n + 1) * kernels.ROW))
        self._weights = self._array(np.full(3 * n, 1.0 / n))
        self._line = self._array(np.zeros(kernels.SLOTS))
        self._status = self._array(np.zeros(kernels.STATUS))
        self._status[kernels.INNOVATION_VARIANCE] = 1.0
        self._reference_m = self._elapsed_s = 0.0
        self._started = False

    def tick(
        self, observation: Sequence[float], sent: float, trusted: bool | None, learns: float
    ) -> None:
        """Advance to a range and learn from it, see `ForwardModel.tick`."""
        self._reference_m, range_m, dt_s = observation
        if not self._started:
            self._start(range_m, sent)
        elif dt_s > LONGEST_STEP_S:
            parameters = self.parameters
            self.reset()
            self._reference_m = observation[0]
            self._start(range_m, sent)
            self.restore(parameters)
        else:
            self._elapsed_s += max(dt_s, 0.0)
        n_steps = round(self._elapsed_s / kernels.STEP_S) - int(self._status[kernels.STEP])
        kernels.tick(
            self._rows, self._bank, self._weights, self._line, self._status, self._numbers, sent,
            n_steps, range_m, trusted is not False,
            self.config.shadow_gate_m if trusted is None else 0.0, learns, self._n,
        )  # fmt: skip

    def _start(self, range_m: float, sent: float) -> None:
        """Start all hypotheses at a measured height, at rest, with the motors settled."""
        config, motion = self.config, self.config.motion
        gain, bias = nominal_gain(motion), nominal_bias(motion)
        duty = kernels.signed_duty(sent or self._hover, motion.dead_zone_motor_units)
        for slot in range(kernels.SLOTS):
            self._line[slot] = duty
        for k, each in enumerate(config.hypotheses):
            at = k * kernels.ROW
            start(
                self._rows, at, range_m, -gain if each.inverted else gain, bias, config.range_sd_m,
                START_SPEED_SD_M_S, config.gain_sd_m_s2, config.bias_sd_m_s2,
            )  # fmt: skip
            self._rows[at + kernels.DUTY] = abs(duty)
            self._rows[at + kernels.ANGLE] = math.pi if duty < 0.0 else 0.0
        self._status[kernels.LAST_M] = math.nan
        self._started = True

    @property
    def predicted(self) -> tuple[float, ...]:
        """Height error, m, and climb rate, m/s, when the next command takes effect."""
        config, speed = self.config, self._status[kernels.SPEED_AHEAD]
        error = self._reference_m - self._status[kernels.POSITION_AHEAD]
        return config.error_gain * error - config.speed_gain_s * speed, speed

    def command(self, output: float) -> float:
        """Return the command for an output in motor units of the nominal blimp at hover."""
        at = int(self._status[kernels.FLYING]) * kernels.ROW
        gain, bias = self._rows[at + GAIN], self._rows[at + BIAS]
        gain = math.copysign(max(abs(gain), SMALLEST_GAIN), gain)
        wanted_m_s2 = self._unit_m_s2 * self.config.output_gain * output - bias
        return float(kernels.command_for(wanted_m_s2 / gain))

    @property
    def parameters(self) -> tuple[float, ...]:
        """Gain, bias and weight of each hypothesis, and the flying one."""
        values: list[float] = []
        for k in range(self._n):
            at = k * kernels.ROW
            values += self._rows[at + GAIN], self._rows[at + BIAS], self._weights[k]
        return tuple(map(float, (*values, self._status[kernels.FLYING])))

    def restore(self, parameters: Sequence[float]) -> None:
        """Continue with parameters of an earlier time, see `ForwardModel.restore`."""
        names, config = self.parameter_names, self.config
        if len(parameters) != len(names):
            raise ParameterError(
                f"{len(parameters)} parameters; expected {len(names)} of {self._n} hypotheses"
            )
        limits = (config.gain_limit_m_s2, config.bias_limit_m_s2, 1.0) * self._n + (self._n - 1,)
        for name, value, limit in zip(names, parameters, limits, strict=True):
            if not abs(value) <= limit:
                raise ParameterError(f"{name} is {value}; its magnitude is limited to {limit:g}")
        for k in range(self._n):
            at = k * kernels.ROW
            gain, bias, self._weights[k] = parameters[3 * k : 3 * k + 3]
            self._rows[at + GAIN] = self._rows[at + SHADOW + GAIN] = gain
            self._rows[at + BIAS] = self._rows[at + SHADOW + BIAS] = bias
        self._status[kernels.FLYING] = parameters[-1]

    @property
    def lost(self) -> bool:
        """True while the model rests because the lidar is frozen."""
        return bool(self._status[kernels.LOST])

    @property
    def hypothesis(self) -> int:
        """Index of the hypothesis in use."""
        return int(self._status[kernels.FLYING])

    @property
    def normalised_innovation(self) -> float:
        """Squared prediction error of the last trusted range over its variance."""
        variance = self._status[kernels.INNOVATION_VARIANCE]
        return float(self._status[kernels.INNOVATION] ** 2 / variance)

    @property
    def readouts(self) -> dict[str, float]:
        """Learned gain and bias, prediction, hypothesis in use and weights in the last tick."""
        status, flying = self._status, int(self._status[kernels.FLYING])
        at = flying * kernels.ROW
        values = {
            "learned_gain_m_s2": self._rows[at + GAIN],
            "learned_bias_m_s2": self._rows[at + BIAS],
            "model_height_m": self._rows[at + POSITION],
            "model_climb_rate_m_s": self._rows[at + SPEED],
            "predicted_height_m": status[kernels.POSITION_AHEAD],
            "hypothesis": flying,
            "lidar_frozen": status[kernels.LOST],
        }
        values |= {f"weight_{k}": self._weights[k] for k in range(self._n)}
        return {name: float(value) for name, value in values.items()}

    def document(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return dataclasses.asdict(self.config)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> BlimpForwardModel:
        """Build the model from the result of `document`; missing settings have their defaults.

        Raises:
            ParameterError: an unknown setting, or one out of range.
        """
        given = dict(settings)
        try:
            if "motion" in given:
                given["motion"] = BlimpMotion(**given["motion"])
            if "hypotheses" in given:
                given["hypotheses"] = tuple(Hypothesis(**each) for each in given["hypotheses"])
            return cls(BlimpForwardConfig(**given))
        except TypeError as exc:
            raise ParameterError(f"forward model of the blimp: {exc}") from exc
