"""Integrate-and-fire neuron (IF), without leak.

    v[t] = max(v[t-1] + drive[t] + bias, floor) - s[t-1] threshold     soft reset
    v[t] = max(r[t-1] + drive[t] + bias, floor)                        hard reset, r as in `lif`
    s[t] = 1 where v[t] > threshold, else 0

With soft reset and a constant drive I in (0, threshold] the rate is I / threshold spikes per tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from snn_control.network.neurons.parameters import FloatArray, NeuronParams, Values, parameter


@dataclass(frozen=True, eq=False)
class IntegrateAndFire(NeuronParams):
    """Parameters of the IF neuron; potentials are dimensionless."""

    model: ClassVar[str] = "integrate_and_fire"
    spiking: ClassVar[bool] = True

    threshold: Values = parameter(1.0)
    """Potential above which the neuron spikes."""
    bias: Values = parameter(0.0)
    """Constant drive added every tick."""
    reset_potential: Values = parameter(0.0)
    """Potential after a spike, hard reset only."""
    floor: Values = parameter(-1e30)
    """Lower bound of the potential before the soft reset; limits wind-up by inhibition."""
    reset: Literal["soft", "hard"] = "soft"
    """Soft subtracts the threshold, hard sets the potential to `reset_potential`."""


class Coefficients(NamedTuple):
    """Coefficients of one tick, each of shape (size,)."""

    bias: FloatArray
    threshold: FloatArray
    reset_potential: FloatArray
    floor: FloatArray


class State(NamedTuple):
    """Potential and spikes (0 or 1), each of shape (size,)."""

    potential: FloatArray
    output: FloatArray


def coefficients(params: IntegrateAndFire, size: int, dt_s: float) -> Coefficients:
    """Return the parameters of each neuron; the model is independent of `dt_s`."""
    return Coefficients(*(params.expanded(name, size) for name in Coefficients._fields))


def init(params: IntegrateAndFire, size: int) -> State:
    """Return the resting state."""
    zeros = np.zeros(size)
    return State(zeros, zeros)


def step(params: IntegrateAndFire, c: Coefficients, state: State, drive: FloatArray) -> State:
    """Advance one tick; `drive` is the summed weighted input, shape (size,)."""
    before = state.potential
    if params.reset == "hard":
        before = np.where(state.output > 0.0, c.reset_potential, before)
    potential = np.maximum(before + (c.bias + drive), c.floor)
    if params.reset == "soft":
        potential = potential - state.output * c.threshold
    return State(potential, (potential > c.threshold).astype(np.float64))
