"""Altitude controllers beside which adapting ones are judged.

| name | controller |
|---|---|
| frozen | `blimp-altitude` as shipped |
| pid | PID as shipped |
| pid-iae | PID tuned on the integral of the absolute error alone |
| pid-integral | PID with a further integral of its P + D, clipped |
| pid-battery | PID whose thrust is divided by the square of the voltage, relative to the start |
| pd-oracle | P + D of the PID on the true hover command, without gusts |
| snn-pes | `blimp-altitude` with PES on a constant feature: P + D is the error |
| snn-pes-random | the same with a rate in a random walk |
| snn-observer | P + D of `blimp-altitude` on the present state, learned lift in place of I |
| snn-predicted | `blimp-altitude` on the forward model |
| snn-predicted-frozen | the same without learning |
| pd-predicted | P + D without spikes on the forward model |
| adaptive | `blimp-adaptive`: spiking network evolved for the forward model |
| adaptive-needs | the same, learning only with a need: tracking error or saturation |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from snn_control.controllers import PID, Controller, PIDConfig, load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.adapting_config import AdaptingConfig, Orders
from snn_control.controllers.blimp.forward_config import BlimpForwardConfig, Hypothesis
from snn_control.controllers.blimp.forward_kernels import settled_command
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.controllers.blimp.motion import COUNT_AT_REST, COUNTS, COUNTS_PER_UNIT, FULL
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.disturbances import mean_lift_m_s2
from snn_control.envs.blimp.scenario import Scenario
from snn_control.plasticity.need import EssentialVariable
from snn_control.plasticity.pes import pes

__all__ = ["BASELINES", "PredictedPDController", "baseline"]

FloatArray = npt.NDArray[np.float64]
ERROR_LIMIT = 3.6
"""Largest P + D that an integral learns from, motor units."""
BOUND = 8.0
"""Largest learned command, motor units."""
PD_MODEL = BlimpForwardConfig(
    speed_walk_m_s_rs=0.0296,
    bias_walk_m_s2_rs=0.0082,
    range_sd_m=0.0041,
    beyond_delay_s=0.098,
    error_gain=1.0,
    speed_gain_s=0.0,
    output_gain=1.0,
)
"""Forward model of `PredictedPDController`, tuned on seeds 100 to 103 and, wide, 200 to 207."""
NEEDS = (
    EssentialVariable("height_error_m", high=0.03, width=0.05, tau_s=5.0, squared=True),
    EssentialVariable("saturation_share", high=0.2, width=0.2),
)


class PredictedPDController(Controller):
    """P + D without spikes on predicted height error and climb rate."""

    observation_names = ("height_error_m", "climb_rate_m_s")
    action_names = ("motor_command",)
    control_period_s = 0.1

    def __init__(self, kp: float = 43.2, kd: float = 46.3, limit: float = 9.55) -> None:
        self._kp, self._kd, self._limit = kp, kd, limit

    def reset(self, seed: int | None = None) -> None:
        """Return to the start: there is no state."""

    def _step(self, observation: FloatArray) -> FloatArray:
        output = self._kp * observation[0] - self._kd * observation[1]
        return np.clip(np.array([output]), -self._limit, self._limit)

    @property
    def readouts(self) -> dict[str, float]:
        """No read-outs."""
        return {}


class LearnedOffset(Controller):
    """Controller with an added command that PES learns on a constant feature.

    Args:
        inner: controller with a read-out `pd`, the error of the rule.
        rate: learning rate, 1/s.
        walks: True for a rate that takes a step of a tenth of its start up or down at every tenth
            tick, reflected at 0.
    """

    action_names = ("motor_command",)

    def __init__(self, inner: Controller, rate: float, walks: bool = False) -> None:
        self._inner, self._start, self._walks = inner, rate, walks
        self.observation_names = inner.observation_names
        self.control_period_s, self.networks = inner.control_period_s, inner.networks
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset the controller, and forget the offset."""
        self._inner.reset(seed)
        self._rng = np.random.default_rng([seed or 0, 5])
        self._rate, self._decoder = self._start, np.zeros((1, 1))
        self._ticks = 0

    def _step(self, observation: FloatArray) -> FloatArray:
        action = self._inner.step(observation)
        errors = np.array([self._inner.readouts["pd"]])
        pes(
            self._decoder, np.ones(1), errors, self._rate, self.control_period_s, ERROR_LIMIT, 0.0,
            BOUND,
        )  # fmt: skip
        self._ticks += 1
        if self._walks and self._ticks % 10 == 0:
            step = 0.1 * self._start * (1.0 if self._rng.random() < 0.5 else -1.0)
            self._rate = abs(self._rate + step)
        return action + self._decoder[0]

    @property
    def readouts(self) -> dict[str, float]:
        """Read-outs of the controller."""
        return self._inner.readouts


class BatteryFeedForward(Controller):
    """PID whose thrust is corrected for the voltage of the battery."""

    observation_names = ("height_error_m", "battery_v")
    action_names = ("motor_command",)

    def __init__(self) -> None:
        self._pid = PID()
        self.control_period_s = self._pid.control_period_s
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset the PID; the next voltage is that of the start."""
        self._pid.reset(seed)
        self._start_v = 0.0

    def _step(self, observation: FloatArray) -> FloatArray:
        error_m, voltage = observation.tolist()
        self._start_v = self._start_v or voltage
        command = self._pid.step(np.array([error_m])).item()
        return np.array([settled_command(push_of(command) * (self._start_v / voltage) ** 2)])

    @property
    def readouts(self) -> dict[str, float]:
        """Terms of the PID."""
        return self._pid.readouts


class OracleHover(Controller):
    """P + D of the PID on the command that holds the true lift.

    Args:
        scenario: flight, with its lift and thrust.
    """

    observation_names = ("height_error_m", "dt_s")
    action_names = ("motor_command",)

    def __init__(self, scenario: Scenario) -> None:
        self._pid = PID(PIDConfig(ki=0.0))
        self._constants, self._lift = scenario.constants, mean_lift_m_s2(scenario)
        self.control_period_s = self._pid.control_period_s
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Reset the PID and the time."""
        self._pid.reset(seed)
        self._time_s = 0.0

    def _step(self, observation: FloatArray) -> FloatArray:
        error_m, dt_s = observation.tolist()
        self._time_s += dt_s
        sag = 1.0 - self._constants[plant.SAG_PER_S] * self._time_s
        gain = self._constants[plant.GAIN] * sag * sag
        hover = settled_command(-self._lift(self._time_s) / gain)
        return self._pid.step(np.array([error_m])) + hover

    @property
    def readouts(self) -> dict[str, float]:
        """Terms of the PID."""
        return self._pid.readouts


def push_of(command: float) -> float:
    """Return the signed square of the duty at a command in motor units."""
    duty = (COUNT_AT_REST + COUNTS_PER_UNIT * min(abs(command), FULL)) / COUNTS
    return math.copysign(duty * duty, command)


def predicted(
    inner: Controller, model: BlimpForwardConfig | None = None, learns: bool = True
) -> Adapting:
    """Return a controller on the forward model."""
    readout = "pd" if "pd" in inner.readouts else ""
    adapting = Adapting(inner, BlimpForwardModel(model), AdaptingConfig(readout=readout))
    if not learns:
        adapting.take_orders(Orders(frozen=1.0))
    return adapting


def _with_needs() -> Controller:
    shipped = load("blimp-adaptive")
    assert isinstance(shipped, Adapting)
    return Adapting(shipped.inner, shipped.model, replace(shipped.config, needs=NEEDS))


OBSERVER = BlimpForwardConfig(
    hypotheses=(Hypothesis(gain_walk_m_s2_rs=0.0),), gain_sd_m_s2=0.0, beyond_delay_s=-0.33,
    error_gain=1.0, speed_gain_s=0.0, output_gain=1.0,
)  # fmt: skip
"""Forward model that learns the lift and predicts nothing."""

BASELINES: dict[str, Callable[[Scenario], Controller]] = {
    "frozen": lambda _: load("blimp-altitude"),
    "pid": lambda _: PID(),
    "pid-iae": lambda _: PID(PIDConfig(kp=12.2, ki=3.2, kd=15.3)),
    "pid-integral": lambda _: LearnedOffset(PID(), 0.2),
    "pid-battery": lambda _: BatteryFeedForward(),
    "pd-oracle": OracleHover,
    "snn-pes": lambda _: LearnedOffset(load("blimp-altitude"), 0.2),
    "snn-pes-random": lambda _: LearnedOffset(load("blimp-altitude"), 0.1, walks=True),
    "snn-observer": lambda _: predicted(load("blimp-altitude"), OBSERVER),
    "snn-predicted": lambda _: predicted(load("blimp-altitude")),
    "snn-predicted-frozen": lambda _: predicted(load("blimp-altitude"), learns=False),
    "pd-predicted": lambda _: predicted(PredictedPDController(), PD_MODEL),
    "adaptive": lambda _: load("blimp-adaptive"),
    "adaptive-needs": lambda _: _with_needs(),
}
"""Controllers by name, each made for a scenario."""


def baseline(name: str, scenario: Scenario) -> Controller:
    """Return one of `BASELINES`; only the oracle uses the scenario."""
    return BASELINES[name](scenario)
