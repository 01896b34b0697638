"""LIF neuron with input-weighted threshold adaptation (IWTA).

    i[t]     = d_syn i[t-1] + drive[t] + bias
    v[t]     = d_mem v[t-1] + g i[t] - s[t-1] theta[t-1]
    q[t]     = d_ada q[t-1] + s[t-1]                where `own_spikes`, else q[t-1]
    q[t]     = d_ada q[t] + adaptation_drive[t]     where connections end at the adaptation port
    q[t]     = clip(q[t], -limit, limit)
    theta[t] = threshold + adaptation q[t] + partner_adaptation q_partner[t]
    s[t]     = 1 where v[t] > theta[t], else 0

Burgers, Stroobants and de Croon (2023), arXiv:2309.12937: the soft reset uses the threshold of the
last tick, the spike test uses the new one. With both kinds of input the trace leaks twice a tick.
Neurons 2k and 2k+1 are partners; `adaptation` = -a and `partner_adaptation` = a is the 2x2 block
a [[-1, 1], [1, -1]]. With an infinite `tau_adaptation_s` the trace is a perfect integral of the
spikes, and `limit` is its anti-windup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.network.neurons.parameters import (
    FloatArray,
    NeuronParams,
    Values,
    parameter,
    time_constant_s,
)
from snn_control.units import decay


@dataclass(frozen=True, eq=False)
class IWTA(NeuronParams):
    """Parameters of the IWTA neuron; potentials are dimensionless."""

    model: ClassVar[str] = "iwta"
    spiking: ClassVar[bool] = True

    threshold: Values = parameter(1.0)
    """Base threshold."""
    adaptation: Values = parameter(0.0)
    """Threshold change per unit of the neuron's own trace."""
    partner_adaptation: Values = parameter(0.0)
    """Threshold change per unit of the partner's trace; needs an even population."""
    tau_adaptation_s: Values = time_constant_s(np.inf)
    """Time constant of the trace in s."""
    limit: Values = parameter(np.inf, low=0.0, infinite=True)
    """Largest magnitude of the trace."""
    tau_syn_s: Values = time_constant_s(0.0)
    """Time constant of the synaptic current in s."""
    tau_mem_s: Values = time_constant_s(0.0)
    """Time constant of the membrane in s."""
    bias: Values = parameter(0.0)
    """Constant drive added every tick."""
    own_spikes: bool = True
    """Include the neuron's own spikes in its trace."""
    normalised: bool = False
    """Scale the input by 1 - d_mem instead of 1."""


class Coefficients(NamedTuple):
    """Coefficients of one tick, each of shape (size,)."""

    bias: FloatArray
    decay_syn: FloatArray
    decay_mem: FloatArray
    gain: FloatArray
    threshold: FloatArray
    decay_adaptation: FloatArray
    adaptation: FloatArray
    partner_adaptation: FloatArray
    limit: FloatArray


class State(NamedTuple):
    """Current, potential, trace, threshold and spikes (0 or 1), each of shape (size,)."""

    current: FloatArray
    potential: FloatArray
    trace: FloatArray
    theta: FloatArray
    output: FloatArray


def coefficients(params: IWTA, size: int, dt_s: float) -> Coefficients:
    """Return the coefficients of one tick of `dt_s` seconds."""
    decay_mem = decay(params.expanded("tau_mem_s", size), dt_s)
    return Coefficients(
        bias=params.expanded("bias", size),
        decay_syn=decay(params.expanded("tau_syn_s", size), dt_s),
        decay_mem=decay_mem,
        gain=1.0 - decay_mem if params.normalised else np.ones(size),
        threshold=params.expanded("threshold", size),
        decay_adaptation=decay(params.expanded("tau_adaptation_s", size), dt_s),
        adaptation=params.expanded("adaptation", size),
        partner_adaptation=params.expanded("partner_adaptation", size),
        limit=params.expanded("limit", size),
    )


def init(params: IWTA, size: int) -> State:
    """Return the resting state."""
    zeros = np.zeros(size)
    return State(zeros, zeros, zeros, params.expanded("threshold", size), zeros)


def partner(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Swap neurons 2k and 2k+1; an odd last neuron is its own partner."""
    swapped = values.copy()
    even = values.size // 2 * 2
    swapped[:even] = values[:even].reshape(-1, 2)[:, ::-1].ravel()
    return swapped


def step(
    params: IWTA,
    c: Coefficients,
    state: State,
    drive: FloatArray,
    adaptation_drive: FloatArray | None = None,
) -> State:
    """Advance one tick.

    Args:
        params: parameters; only the choice fields are read.
        c: coefficients of the tick.
        state: state after the last tick.
        drive: summed weighted input to the current, shape (size,).
        adaptation_drive: summed weighted input to the trace, shape (size,); None if there is none.
    """
    current = c.decay_syn * state.current + (c.bias + drive)
    potential = c.decay_mem * state.potential + c.gain * current
    potential = potential - state.output * state.theta
    trace = state.trace
    if params.own_spikes:
        trace = c.decay_adaptation * trace + state.output
    if adaptation_drive is not None:
        trace = c.decay_adaptation * trace + adaptation_drive
    trace = np.minimum(np.maximum(trace, -c.limit), c.limit)
    theta = c.threshold + c.adaptation * trace + c.partner_adaptation * partner(trace)
    return State(current, potential, trace, theta, (potential > theta).astype(np.float64))
