"""Triplet spike-timing-dependent plasticity with traces that a spike resets.

Traces, each set to 1 by a spike and decaying exponentially: a of the pre-synaptic side, b1 (fast)
and b2 (slow) of the post-synaptic one. For each synapse,

    pre-synaptic spike arrives:  w <- clip(w + sign pre_rate b1, 0, w_max),   then a = 1
    post-synaptic spike:         w <- clip(w + post_rate a b2, 0, w_max),     then b1 = b2 = 1

The sign is +1 in github.com/QVPR/VPRSNN (arXiv:2209.08723) and -1 in P. Diehl and M. Cook,
Front. Comput. Neurosci. 9 (2015) 99, doi:10.3389/fncom.2015.00099, whose rule it is, after
J.-P. Pfister and W. Gerstner, J. Neurosci. 26 (2006) 9673-9682.

Two homeostatic rules go with it: a spike raises its neuron's threshold, which falls back slowly;
and the weights onto each neuron are scaled to a fixed sum.
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
    """What the kernels need of a rule, for one time step."""

    pre_change: float
    post_rate: float
    w_max: float
    pre_per_step: float
    """Rate of decay of the pre-synaptic trace: a = exp(-steps pre_per_step)."""
    slow_per_step: float
    fast_kept: float
    """Share of the fast post-synaptic trace that is left after a step."""


@dataclass(frozen=True)
class TripletSTDP:
    """Constants of the rule.

    Raises:
        ParameterError: out of range.
    """

    pre_rate: float = 1e-4
    """Change of a weight by an arriving spike, for a fast trace of 1."""
    post_rate: float = 0.01
    """Change of a weight by a post-synaptic spike, for traces of 1."""
    pre_sign: int = 1
    """Whether an arriving spike strengthens, 1, or weakens, -1, its synapse."""
    tau_pre_s: float = 0.02
    """Decay of the pre-synaptic trace."""
    tau_fast_s: float = 0.02
    """Decay of the fast post-synaptic trace."""
    tau_slow_s: float = 0.04
    """Decay of the slow post-synaptic trace."""
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
        """Return what the kernels take, for steps of `dt_s`."""
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
    """Return a trace `steps` after the spike that set it to 1."""
    return math.exp(-steps * per_step)


@kernel(inline="always")
def after_arrival(w: float, fast: float, rule: Any) -> float:
    """Return a weight after a pre-synaptic spike arrived; `fast` is b1 of its target."""
    return min(max(w + rule.pre_change * fast, 0.0), rule.w_max)


@kernel(inline="always")
def after_spike(w: float, pre: float, slow: float, rule: Any) -> float:
    """Return a weight after a post-synaptic spike; `pre` is a, `slow` b2 before the spike."""
    return min(max(w + rule.post_rate * pre * slow, 0.0), rule.w_max)


SILENT = 1e-100
"""Below this a decaying number is put to 0: it adds nothing, and denormal numbers are slow."""


@kernel(inline="always")
def faded(value: float, kept: float) -> float:
    """Return a non-negative trace or conductance a step later, `kept` of it being left."""
    left = value * kept
    return left if left > SILENT else 0.0


@kernel(inline="always")
def raised(threshold: float, rise: float) -> float:
    """Return the homeostatic part of a threshold after a spike of its neuron."""
    return threshold + rise


@kernel(nogil=True)
def normalise(weights: Any, targets: Any, n_targets: int, total: float) -> None:
    """Scale the weights onto each neuron to a sum; a neuron without any keeps its zeros.

    Args:
        weights: shape (n_sources, n_synapses a source), at least 0; changed.
        targets: neuron that each synapse leads to, same shape.
        n_targets: number of neurons.
        total: sum over the synapses onto each.
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
