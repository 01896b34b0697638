"""Graded neuron: a bounded rectifier without memory.

    y[t] = min(max(drive[t] + bias, 0), ceiling)

With ceiling 1, these are the graded cells of the C. elegans circuit of Bhattasali, Zador and Engel
(2022), NeurIPS, arXiv:2201.05242.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from snn_control.network.neurons.parameters import FloatArray, NeuronParams, Values, parameter


@dataclass(frozen=True, eq=False)
class Graded(NeuronParams):
    """Parameters of the graded neuron."""

    model: ClassVar[str] = "graded"
    spiking: ClassVar[bool] = False

    bias: Values = parameter(0.0)
    """Constant drive added every tick."""
    ceiling: Values = parameter(1.0, low=0.0, infinite=True)
    """Largest output."""


class Coefficients(NamedTuple):
    """Coefficients of one tick, each of shape (size,)."""

    bias: FloatArray
    ceiling: FloatArray


class State(NamedTuple):
    """Output, shape (size,)."""

    output: FloatArray


def coefficients(params: Graded, size: int, dt_s: float) -> Coefficients:
    """Return the parameters of each neuron; the model is independent of `dt_s`."""
    return Coefficients(params.expanded("bias", size), params.expanded("ceiling", size))


def init(params: Graded, size: int) -> State:
    """Return the resting state."""
    return State(np.zeros(size))


def step(params: Graded, c: Coefficients, state: State, drive: FloatArray) -> State:
    """Advance one tick; `drive` is the summed weighted input, shape (size,)."""
    return State(np.minimum(np.maximum(c.bias + drive, 0.0), c.ceiling))
