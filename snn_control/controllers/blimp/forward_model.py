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
of the flying hypothesis moves away from it by `shadow_gate_m`: the shadow then is the
estimate, and the lessons of the frozen value are withdrawn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp import forward_kernels as kernels
from snn_control.controllers.blimp import forward_layout as layout
from snn_control.controllers.blimp.forward_config import (
    BlimpForwardConfig,
    Hypothesis,
    kernel_constants,
)
from snn_control.controllers.blimp.motion import FULL, BlimpMotion
from snn_control.controllers.forward_model import ForwardModel, Wiring
from snn_control.errors import ParameterError
from snn_control.network.program import Program
from snn_control.plasticity.forward_model import BIAS, GAIN, POSITION, SHADOW, SPEED
from snn_control.plasticity.optional_kernel import is_compiled

__all__ = ["BlimpForwardModel"]

FloatArray = npt.NDArray[np.float64]


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
        self.config = config or BlimpForwardConfig()
        self._n = n = len(self.config.hypotheses)
        self._compiled = is_compiled(kernels.tick)
        bank, numbers = kernel_constants(self.config)
        self._bank, self._numbers = self._array(bank), self._array(numbers)
        names = [f"{part}_{k}" for k in range(n) for part in ("gain_m_s2", "bias_m_s2", "weight")]
        self.parameter_names = (*names, "flying")
        self.reset()

    def _array(self, values: FloatArray) -> Any:
        """Return numbers for the kernels: plain Python is faster with lists."""
        return values if self._compiled else values.tolist()

    def _numbers_of(self, values: Any) -> list[float]:
        """Return the Python numbers in an array of the kernels."""
        return values.tolist() if self._compiled else list(values)

    def reset(self) -> None:
        """Return to the state before the first tick: nominal parameters, equal weights."""
        n = self._n
        self._rows = self._array(np.zeros((n + 1) * layout.ROW))
        self._weights = self._array(np.zeros(3 * n))
        self._line = self._array(np.zeros(layout.SLOTS))
        self._status = self._array(np.zeros(layout.STATUS))
        self._elapsed_s = 0.0
        self._last: list[float] = []
        """Status after the last tick, as Python numbers."""
        self._start(0.0, 0.0)
        self._started = False

    def tick(
        self, observation: Sequence[float], sent: float, trusted: bool | None, learns: float
    ) -> None:
        """Advance to a range and learn from it, see `ForwardModel.tick`."""
        reference_m, range_m, dt_s = observation
        if not self._started or dt_s > layout.LONGEST_STEP_S:
            parameters = self.parameters
            self._elapsed_s = 0.0
            self._start(range_m, sent)
            self.restore(parameters)
            self._started = True
        else:
            self._elapsed_s += max(dt_s, 0.0)
        n_steps = round(self._elapsed_s / layout.STEP_S) - int(self._last[layout.STEP])
        kernels.tick(
            self._rows, self._bank, self._weights, self._line, self._status, self._numbers, sent,
            n_steps, reference_m, range_m, trusted is not False,
            self.config.shadow_gate_m if trusted is None else 0.0, learns, self._n,
        )  # fmt: skip
        self._last = self._numbers_of(self._status)

    def _start(self, range_m: float, sent: float) -> None:
        """Start all hypotheses at a measured height."""
        kernels.begin(
            self._rows, self._bank, self._weights, self._line, self._status, self._numbers,
            range_m, sent, self._n,
        )  # fmt: skip
        self._last = self._numbers_of(self._status)

    @property
    def predicted(self) -> tuple[float, ...]:
        """Height error, m, and climb rate, m/s, when the next command takes effect."""
        return self._last[layout.PREDICTED_ERROR], self._last[layout.SPEED_AHEAD]

    def command(self, output: float) -> float:
        """Return the command for an output in motor units of the nominal blimp at hover."""
        return float(kernels.command_for(self._rows, self._status, self._numbers, output))

    @property
    def parameters(self) -> tuple[float, ...]:
        """Gain, bias and weight of each hypothesis, and the one in use."""
        values: list[float] = []
        for k in range(self._n):
            at = k * layout.ROW
            values += self._rows[at + GAIN], self._rows[at + BIAS], self._weights[k]
        return tuple(map(float, (*values, self._status[layout.FLYING])))

    def restore(self, parameters: Sequence[float]) -> None:
        """Continue with parameters of an earlier time, see `ForwardModel.restore`."""
        names, config = self.parameter_names, self.config
        if len(parameters) != len(names):
            raise ParameterError(
                f"{len(parameters)} parameters; expected {len(names)} of {self._n} hypotheses"
            )
        limits = (config.gain_limit_m_s2, config.bias_limit_m_s2, 1.0) * self._n + (self._n - 1,)
        for name, value, limit in zip(names, parameters, limits, strict=True):
            lowest = -limit if name.startswith(("gain", "bias")) else 0.0
            if not lowest <= value <= limit:
                raise ParameterError(f"{name} is {value}; expected {lowest:g} to {limit:g}")
        if parameters[-1] % 1.0:
            raise ParameterError(f"flying is {parameters[-1]}; expected an index of a hypothesis")
        for k in range(self._n):
            at = k * layout.ROW
            gain, bias, self._weights[k] = parameters[3 * k : 3 * k + 3]
            for place in (at + GAIN, at + SHADOW + GAIN, at + layout.SLOW):
                self._rows[place], self._rows[place + 1] = gain, bias
        self._status[layout.FLYING] = self._last[layout.FLYING] = parameters[-1]

    @property
    def lost(self) -> bool:
        """True while the model rests because the lidar is frozen."""
        return self._last[layout.LOST] > 0.0

    @property
    def hypothesis(self) -> int:
        """Index of the hypothesis in use."""
        return int(self._last[layout.FLYING])

    @property
    def sign(self) -> float:
        """Sign of the thrust gain of the hypothesis in use."""
        return math.copysign(1.0, self._rows[self.hypothesis * layout.ROW + GAIN])

    @property
    def changes(self) -> int:
        """Number of changes of the hypothesis in use since the reset."""
        return int(self._last[layout.CHANGES])

    @property
    def normalised_innovation(self) -> float:
        """Squared prediction error of the last trusted range over its variance."""
        variance = self._last[layout.INNOVATION_VARIANCE]
        innovation = self._last[layout.INNOVATION]
        return innovation * innovation / variance

    @property
    def readouts(self) -> dict[str, float]:
        """Learned gain and bias, prediction, hypothesis in use and weights in the last tick."""
        status, flying = self._status, int(self._status[layout.FLYING])
        at = flying * layout.ROW
        values = {
            "learned_gain_m_s2": self._rows[at + GAIN],
            "learned_bias_m_s2": self._rows[at + BIAS],
            "model_height_m": self._rows[at + POSITION],
            "model_climb_rate_m_s": self._rows[at + SPEED],
            "predicted_height_m": status[layout.POSITION_AHEAD],
            "hypothesis": flying,
            "hypothesis_changes": status[layout.CHANGES],
            "lidar_frozen": status[layout.LOST],
        }
        values |= {f"weight_{k}": self._weights[k] for k in range(self._n)}
        return {name: float(value) for name, value in values.items()}

    def adapting_program(self, inner: Program, wiring: Wiring) -> Program:
        """Return a controller on this model as plain data, see `ForwardModel.adapting_program`."""
        from snn_control.controllers.blimp.adapting_program import adapting_program

        return adapting_program(inner, wiring, self.config)

    def document(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return dataclasses.asdict(self.config)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> BlimpForwardModel:
        """Build the model from the result of `document`; missing settings have their defaults.

        Raises:
            ParameterError: an unknown setting, or one out of range.
        """
        values = dict(settings)
        try:
            if "motion" in values:
                values["motion"] = BlimpMotion(**values["motion"])
            if "hypotheses" in values:
                values["hypotheses"] = tuple(Hypothesis(**each) for each in values["hypotheses"])
            return cls(BlimpForwardConfig(**values))
        except TypeError as exc:
            raise ParameterError(f"forward model of the blimp: {exc}") from exc
