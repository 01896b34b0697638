"""Current-based leaky integrate-and-fire neuron (LIF).

    i[t] = d_syn i[t-1] + drive[t] + bias
    v[t] = d_mem v[t-1] + g i[t] - s[t-1] threshold       soft reset
    v[t] = d_mem r[t-1] + g i[t]                          hard reset, with
           r[t-1] = reset_potential where s[t-1] = 1, else v[t-1]
    s[t] = 1 where v[t] > threshold, else 0

with d = exp(-dt / tau). The gain g is 1, or 1 - d_mem if `normalised`, so that the potential
converges to the value of a constant current. Soft reset as in Burgers, Stroobants and de Croon
(2023), arXiv:2309.12937: the subtracted threshold does not decay. The normalised model with hard
reset is the LIF cell of Norse with `dt / tau` replaced by `1 - d`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from snn_control.network.neurons.parameters import (
    FloatArray,
    NeuronParams,
    Values,
    parameter,
    time_constant_s,
)
from snn_control.units import decay


@dataclass(frozen=True, eq=False)
class LIF(NeuronParams):
    """Parameters of the LIF neuron; potentials are dimensionless."""

    model: ClassVar[str] = "lif"
    spiking: ClassVar[bool] = True

    threshold: Values = parameter(1.0)
    """Potential above which the neuron spikes."""
    tau_syn_s: Values = time_constant_s(0.0)
    """Time constant of the synaptic current in s."""
    tau_mem_s: Values = time_constant_s(0.0)
    """Time constant of the membrane in s."""
    bias: Values = parameter(0.0)
    """Constant drive added every tick."""
    reset_potential: Values = parameter(0.0)
    """Potential after a spike, hard reset only."""
    reset: Literal["soft", "hard"] = "soft"
    """Soft subtracts the threshold, hard sets the potential to `reset_potential`."""
    normalised: bool = False
    """Scale the input by 1 - d_mem instead of 1."""


class Coefficients(NamedTuple):
    """Coefficients of one tick, each of shape (size,)."""

    bias: FloatArray
    decay_syn: FloatArray
    decay_mem: FloatArray
    gain: FloatArray
    threshold: FloatArray
    reset_potential: FloatArray


class State(NamedTuple):
    """Synaptic current, potential and spikes (0 or 1), each of shape (size,)."""

    current: FloatArray
    potential: FloatArray
    output: FloatArray


def coefficients(params: LIF, size: int, dt_s: float) -> Coefficients:
    """Return the coefficients of one tick of `dt_s` seconds."""
    decay_mem = decay(params.expanded("tau_mem_s", size), dt_s)
    return Coefficients(
        bias=params.expanded("bias", size),
        decay_syn=decay(params.expanded("tau_syn_s", size), dt_s),
        decay_mem=decay_mem,
        gain=1.0 - decay_mem if params.normalised else np.ones(size),
        threshold=params.expanded("threshold", size),
        reset_potential=params.expanded("reset_potential", size),
    )


def init(params: LIF, size: int) -> State:
    """Return the resting state."""
    zeros = np.zeros(size)
    return State(zeros, zeros, zeros)


def step(params: LIF, c: Coefficients, state: State, drive: FloatArray) -> State:
    """Advance one tick; `drive` is the summed weighted input, shape (size,)."""
    current = c.decay_syn * state.current + (c.bias + drive)
    if params.reset == "soft":
        potential = c.decay_mem * state.potential + c.gain * current
        potential = potential - state.output * c.threshold
    else:
        rested = np.where(state.output > 0.0, c.reset_potential, state.potential)
        potential = c.decay_mem * rested + c.gain * current
    return State(current, potential, (potential > c.threshold).astype(np.float64))
