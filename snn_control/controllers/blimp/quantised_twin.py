"""Quantised non-spiking twin of an altitude controller: the same function in 8-bit integers.

    q[k]  = clip(round(e[k] / 1 cm), -127, 127)                              input, int8
    pd    = clip(round(m1 (w0 q[k] + ... + w3 q[k-3])), -127, 127)           hard tanh, int8 weights
    s[k]  = clip(s[k-1] + wi q[k], -limit, limit)                            integrator, int32
    i     = clip(round(m2 s[k]), -127, 127)                                  int8
    u     = step (v0 pd + v1 i)                                              int8 weights, int32 sum

Its numbers are fitted by least squares to the output of the spiking networks, so it computes the
learned function, not the target of the learning. It is the smallest network known for this
function, not the spiking one with other neurons: four synapses to the first neuron, one to the
second and two to the command, and three rescalings (`m1`, `m2`, `step`). All ten are multiplied at
every decision. Weights, activations and sums are integers; the rescalings are those of B. Jacob
et al. (2018), arXiv:1712.05877, with multipliers of 16 bits and a shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.altitude import Altitude
from snn_control.controllers.controller import Controller
from snn_control.engines.native import NativeEngine
from snn_control.errors import ParameterError
from snn_control.export.costs.counts import Counts
from snn_control.network import Network

__all__ = [
    "HELD_TICKS",
    "HIGHEST",
    "OPERATIONS_PER_DECISION",
    "PROBE_TICKS",
    "QUANTUM_M",
    "SATURATING_M",
    "TAPS",
    "QuantisedTwin",
    "Rescaling",
    "TwinNumbers",
    "quantised_twin",
]

FloatArray = npt.NDArray[np.float64]

QUANTUM_M = 0.01
"""Step of the input, m: resolution of the lidar."""
TAPS = 4
HIGHEST = 127
PROBE_TICKS = 3000
HELD_TICKS = 1500
SATURATING_M = 1.2
"""Constant error that saturates the networks, to identify their limits, m."""
OPERATIONS_PER_DECISION = TAPS + 1 + 2 + 3
"""Multiplications by four, one and two synapses, and three rescalings."""


@dataclass(frozen=True)
class Rescaling:
    """Multiplication by a positive number in integers: `(multiplier x + half) >> shift`."""

    multiplier: int
    """16 bits."""
    shift: int

    @classmethod
    def of(cls, factor: float) -> Rescaling:
        """Return the rescaling closest to `factor`."""
        shift = 14 - int(np.floor(np.log2(factor)))
        return cls(round(factor * 2.0**shift), shift)

    def __call__(self, x: int) -> int:
        """Rescale and round."""
        scaled = self.multiplier * x
        if self.shift <= 0:
            return scaled << -self.shift
        return (scaled + (1 << (self.shift - 1))) >> self.shift


@dataclass(frozen=True)
class TwinNumbers:
    """Parameters of the twin."""

    weights: tuple[int, ...]
    """Weights of the last errors, int8, newest first, shape (4,)."""
    pd_rescaling: Rescaling
    integral_weight: int
    """Weight of the error in the integrator, int8."""
    integral_limit: int
    """Limit of the integrator, int32."""
    i_rescaling: Rescaling
    pd_weight: int
    """Weight of `pd` in the command, int8."""
    i_weight: int
    """Weight of `i` in the command, int8."""
    command_step: float
    """Size of one step of the command's sum, motor units."""


class QuantisedTwin(Controller):
    """Controller in 8-bit integers; `quantised_twin` makes it."""

    observation_names = ("height_error_m",)
    action_names = ("motor_command",)

    def __init__(self, numbers: TwinNumbers, control_period_s: float) -> None:
        self.numbers = numbers
        self.control_period_s = control_period_s
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Clear the integral; the first error fills the past errors."""
        self._past: list[int] = []
        self._integral = 0
        self._values = (0.0, 0.0)

    def _step(self, observation: FloatArray) -> FloatArray:
        n = self.numbers
        q = _clip(round(float(observation[0]) / QUANTUM_M), HIGHEST)
        self._past = [q, *(self._past or [q] * TAPS)[: TAPS - 1]]
        total = sum(w * x for w, x in zip(n.weights, self._past, strict=True))
        pd = _clip(n.pd_rescaling(total), HIGHEST)
        self._integral = _clip(self._integral + n.integral_weight * q, n.integral_limit)
        i = _clip(n.i_rescaling(self._integral), HIGHEST)
        command = n.pd_weight * pd + n.i_weight * i
        self._values = (n.command_step * n.pd_weight * pd, n.command_step * n.i_weight * i)
        return np.array([n.command_step * command])

    def synaptic_operations(self, spike_counts: npt.ArrayLike, n_ticks: int) -> float:
        """Return the multiplications of an episode, see `OPERATIONS_PER_DECISION`."""
        return float(OPERATIONS_PER_DECISION * n_ticks)

    def operation_counts(self, spike_counts: npt.ArrayLike, n_ticks: int) -> Counts:
        """Return the work of a decision, which is the same in every tick.

        Of the int8 errors three are read and one is written, together one word of 32 bits; the
        integral is read and written. `pd`, the integral and `i` are clipped at both ends. The three
        multipliers are constants of the code.
        """
        return Counts(
            multiply_accumulates=TAPS + 1 + 2,
            analog_updates=3,
            update_additions=3 * 2,
            update_multiplications=3,
            state_words=1 + 2,
            synapses=TAPS + 1 + 2,
        )

    @property
    def readouts(self) -> dict[str, float]:
        """Terms `pd` and `i` of the last tick, motor units; `spikes` is 0."""
        pd, i = self._values
        return {"pd": pd, "i": i, "spikes": 0.0}


def quantised_twin(controller: Altitude) -> QuantisedTwin:
    """Make the twin of `controller`, which stays unchanged.

    Raises:
        ParameterError: it has no read-outs `pd` and `i`, or they do not follow the error.
    """
    taps, top = _identify_pd(_network(controller, "pd"))
    gain, limit = _identify_i(_network(controller, "i"))
    if not (np.abs(taps).max() > 0 and top > 0 and gain > 0 and limit > 0):
        raise ParameterError("the read-outs `pd` and `i` do not follow the error: there is no twin")
    scale = float(np.abs(taps).max()) * QUANTUM_M / HIGHEST
    per_count = gain * QUANTUM_M / HIGHEST
    command_step = max(top, limit) / HIGHEST / HIGHEST
    return QuantisedTwin(
        TwinNumbers(
            weights=tuple(int(w) for w in np.round(taps * QUANTUM_M / scale)),
            pd_rescaling=Rescaling.of(scale * HIGHEST / top),
            integral_weight=HIGHEST,
            integral_limit=round(limit / per_count),
            i_rescaling=Rescaling.of(per_count * HIGHEST / limit),
            pd_weight=round(top / HIGHEST / command_step),
            i_weight=round(limit / HIGHEST / command_step),
            command_step=command_step,
        ),
        controller.control_period_s,
    )


def _network(controller: Altitude, readout: str) -> tuple[Network, int]:
    for network in controller.networks:
        for index, candidate in enumerate(network.readouts):
            if candidate.name == readout:
                return network, index
    raise ParameterError(f"the controller has no read-out {readout!r}: there is no twin")


def _run(source: tuple[Network, int], errors: npt.NDArray[Any]) -> FloatArray:
    network, index = source
    return np.asarray(NativeEngine(network).run(errors[:, None]).readouts[:, index], np.float64)


def _identify_pd(source: tuple[Network, int]) -> tuple[FloatArray, float]:
    """Return the gains of the last four errors (motor units per metre) and the largest output."""
    rng = np.random.default_rng(0)
    ticks = np.arange(PROBE_TICKS)
    waves = [
        rng.uniform(0.02, 0.1) * np.sin(ticks / rng.uniform(3.0, 40.0) + rng.uniform(0, 6.3))
        for _ in range(5)
    ]
    errors = QUANTUM_M * np.round(np.sum(waves, axis=0) / QUANTUM_M)
    output = _run(source, errors)
    top = float(np.abs(_run(source, np.full(50, SATURATING_M))).max())
    rows = np.stack([np.roll(errors, k) for k in range(TAPS)], axis=1)[TAPS:]
    output = output[TAPS:]
    free = np.abs(output) < 0.8 * top
    taps = np.linalg.lstsq(rows[free], output[free], rcond=None)[0]
    return taps, top


def _identify_i(source: tuple[Network, int]) -> tuple[float, float]:
    """Return the gain in one tick (motor units per metre) and the largest output."""
    rng = np.random.default_rng(1)
    errors = QUANTUM_M * rng.integers(-20, 21, PROBE_TICKS).repeat(20)[:PROBE_TICKS]
    limit = float(np.abs(_run(source, np.full(HELD_TICKS, SATURATING_M))).max())
    output = _run(source, errors)
    summed = np.cumsum(errors)
    bounded = np.abs(output) < 0.8 * limit
    end = PROBE_TICKS if bounded.all() else int(np.argmin(bounded))
    below = float(summed[:end] @ summed[:end])
    return (float(summed[:end] @ output[:end]) / below if below else 0.0), limit


def _clip(value: int, limit: int) -> int:
    return max(-limit, min(value, limit))
