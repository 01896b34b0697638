"""Triplet spike-timing-dependent plasticity (STDP) with resetting traces.

Traces are set to 1 by a spike and decay exponentially: a of the pre-synaptic side, b1 (fast) and b2
(slow) of the post-synaptic side. For each synapse,

    pre-synaptic spike arrives:  w <- clip(w + sign pre_rate b1, 0, w_max),   then a = 1
    post-synaptic spike:         w <- clip(w + post_rate a b2, 0, w_max),     then b1 = b2 = 1

The sign is +1 in github.com/QVPR/VPRSNN (arXiv:2209.08723) and -1 in P. Diehl and M. Cook,
Front. Comput. Neurosci. 9 (2015) 99, doi:10.3389/fncom.2015.00099, the source of the rule, after
J.-P. Pfister and W. Gerstner, J. Neurosci. 26 (2006) 9673-9682.

Two homeostatic rules complement it: each spike increases the threshold of its neuron, which decays
slowly, and the weights onto each neuron are scaled to a constant sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from snn_control.compiled import kernel
from snn_control.errors import ParameterError

__all__ = [
    "SILENT",
    "TripletNumbers",
    "TripletSTDP",
    "after_arrival",
    "after_spike",
    "faded",
    "normalise",
    "raised",
    "trace",
]


class TripletNumbers(NamedTuple):
    """Constants of the rule for the kernels, per time step."""

    pre_change: float
    post_rate: float
    w_max: float
    pre_per_step: float
    """Decay rate of the pre-synaptic trace: a = exp(-steps pre_per_step)."""
    slow_per_step: float
    fast_kept: float
    """Decay factor of the fast post-synaptic trace per step."""


@dataclass(frozen=True)
class TripletSTDP:
    """Parameters of the rule.

    Raises:
        ParameterError: out of range.
    """

    pre_rate: float = 1e-4
    """Change of a weight per arriving spike, for a fast trace of 1."""
    post_rate: float = 0.01
    """Change of a weight per post-synaptic spike, for traces of 1."""
    pre_sign: int = 1
    """Sign of the change by an arriving spike, 1 (strengthens) or -1 (weakens)."""
    tau_pre_s: float = 0.02
    """Time constant of the pre-synaptic trace, s."""
    tau_fast_s: float = 0.02
    """Time constant of the fast post-synaptic trace, s."""
    tau_slow_s: float = 0.04
    """Time constant of the slow post-synaptic trace, s."""
    w_max: float = 1.0
    """Largest weight."""

    def __post_init__(self) -> None:
        if self.pre_sign not in (1, -1):
            raise ParameterError(f"pre_sign is {self.pre_sign}; expected 1 or -1")
        for name in ("pre_rate", "post_rate"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected at least 0")
        for name in ("tau_pre_s", "tau_fast_s", "tau_slow_s", "w_max"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ParameterError(f"{name} is {getattr(self, name):g}; expected above 0")

    def numbers(self, dt_s: float) -> TripletNumbers:
        """Return the constants for the kernels, for time steps of `dt_s`."""
        return TripletNumbers(
            self.pre_sign * self.pre_rate,
            self.post_rate,
            self.w_max,
            dt_s / self.tau_pre_s,
            dt_s / self.tau_slow_s,
            math.exp(-dt_s / self.tau_fast_s),
        )


@kernel(inline="always")
def trace(steps: int, per_step: float) -> float:
    """Return the value of a trace `steps` after the spike that set it to 1."""
    return math.exp(-steps * per_step)


@kernel(inline="always")
def after_arrival(w: float, fast: float, rule: Any) -> float:
    """Return a weight after the arrival of a pre-synaptic spike; `fast` is b1 of its target."""
    return min(max(w + rule.pre_change * fast, 0.0), rule.w_max)


@kernel(inline="always")
def after_spike(w: float, pre: float, slow: float, rule: Any) -> float:
    """Return a weight after a post-synaptic spike; `pre` is a, `slow` b2 before the spike."""
    return min(max(w + rule.post_rate * pre * slow, 0.0), rule.w_max)


SILENT = 1e-100
"""Magnitude below which decaying numbers are set to 0, since denormal numbers are slow."""


@kernel(inline="always")
def faded(value: float, kept: float) -> float:
    """Return a non-negative trace or conductance one step later; `kept` is its decay factor."""
    decayed = value * kept
    return decayed if decayed > SILENT else 0.0


@kernel(inline="always")
def raised(threshold: float, rise: float) -> float:
    """Return the homeostatic part of a threshold after a spike of its neuron."""
    return threshold + rise


@kernel(nogil=True)
def normalise(weights: Any, targets: Any, n_targets: int, total: float) -> None:
    """Scale the weights onto each neuron to a given sum; zero weights stay zero.

    Args:
        weights: shape (n_sources, synapses per source), at least 0; changed in place.
        targets: target neuron of each synapse, same shape.
        n_targets: number of target neurons.
        total: sum of the weights onto each neuron.
    """
    sums = np.zeros(n_targets)
    for i in range(weights.shape[0]):
        for p in range(weights.shape[1]):
            sums[targets[i, p]] += weights[i, p]
    for j in range(n_targets):
        sums[j] = total / sums[j] if sums[j] > 0.0 else 1.0
    for i in range(weights.shape[0]):
        for p in range(weights.shape[1]):
            weights[i, p] *= sums[targets[i, p]]
