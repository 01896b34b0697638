"""Leaky integrator: synaptic current and membrane without spikes, for traces and read-outs.

    i[t] = d_syn i[t-1] + drive[t] + bias
    y[t] = d_mem y[t-1] + g i[t]

with d = exp(-dt / tau) and g = 1, or 1 - d_mem if `normalised` (the "complementary leak" of
Burgers, Stroobants and de Croon, 2023, arXiv:2309.12937).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

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
class LeakyIntegrator(NeuronParams):
    """Parameters of the leaky integrator."""

    model: ClassVar[str] = "leaky_integrator"
    spiking: ClassVar[bool] = False

    tau_mem_s: Values = time_constant_s(0.0)
    """Time constant of the membrane in s."""
    tau_syn_s: Values = time_constant_s(0.0)
    """Time constant of the synaptic current in s."""
    bias: Values = parameter(0.0)
    """Constant drive added every tick."""
    normalised: bool = False
    """Scale the input by 1 - d_mem instead of 1."""


class Coefficients(NamedTuple):
    """Coefficients of one tick, each of shape (size,)."""

    bias: FloatArray
    decay_syn: FloatArray
    decay_mem: FloatArray
    gain: FloatArray


class State(NamedTuple):
    """Synaptic current and output, each of shape (size,)."""

    current: FloatArray
    output: FloatArray


def coefficients(params: LeakyIntegrator, size: int, dt_s: float) -> Coefficients:
    """Return the coefficients of one tick of `dt_s` seconds."""
    decay_mem = decay(params.expanded("tau_mem_s", size), dt_s)
    return Coefficients(
        bias=params.expanded("bias", size),
        decay_syn=decay(params.expanded("tau_syn_s", size), dt_s),
        decay_mem=decay_mem,
        gain=1.0 - decay_mem if params.normalised else np.ones(size),
    )


def init(params: LeakyIntegrator, size: int) -> State:
    """Return the resting state."""
    zeros = np.zeros(size)
    return State(zeros, zeros)


def step(params: LeakyIntegrator, c: Coefficients, state: State, drive: FloatArray) -> State:
    """Advance one tick; `drive` is the summed weighted input, shape (size,)."""
    current = c.decay_syn * state.current + (c.bias + drive)
    return State(current, c.decay_mem * state.output + c.gain * current)
