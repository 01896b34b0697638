"""Altitude networks without a designed code: two dense layers of LIF neurons, random parameters.

They have no pairs, no graded thresholds and no part for the derivative, for training from scratch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.thermometer_pd import CONTROL_PERIOD_S, INPUT_NAME
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator

__all__ = ["SHORTEST_TAU_S", "FreeNetwork", "free_network"]

FloatArray = npt.NDArray[np.float64]


SHORTEST_TAU_S = 0.01
"""Smallest time constant, s."""


@dataclass(frozen=True)
class FreeNetwork:
    """Size and scales of a random network."""

    encode: int = 40
    """Neurons of the first layer."""
    hidden: int = 40
    """Neurons of the second, recurrent layer. The error reaches both layers; both are read out."""
    smallest_gain: float = 2.0
    """Smallest magnitude of the random input weights, 1 / m."""
    largest_gain: float = 80.0
    """Largest magnitude, 1 / m. With thresholds of 1, 80 / m resolves errors of 1 cm."""
    recurrence: float = 0.1
    """Spread of the recurrent weights, relative to the fan-in."""
    longest_tau_s: float = 0.3
    """Largest random time constant, s; the smallest is 0.01 s."""

    def __post_init__(self) -> None:
        if self.encode < 1 or self.hidden < 1:
            raise ParameterError(
                f"encode and hidden are {self.encode} and {self.hidden}; expected at least 1"
            )
        for low, high in (
            (self.smallest_gain, self.largest_gain),
            (SHORTEST_TAU_S, self.longest_tau_s),
        ):
            if not 0 < low < high < np.inf:
                raise ParameterError(f"a range of {low} to {high} is empty or not positive")


def free_network(numbers: FreeNetwork, rng: np.random.Generator, name: str = "pd") -> Network:
    """Draw a network with log-uniform gains and time constants; its one read-out has its name."""
    n = numbers

    def spread(low: float, high: float, size: int) -> FloatArray:
        return np.exp(rng.uniform(np.log(low), np.log(high), size))

    def neurons(size: int) -> LIF:
        return LIF(
            threshold=np.ones(size),
            bias=rng.uniform(-1.0, 1.0, size),
            tau_syn_s=spread(SHORTEST_TAU_S, n.longest_tau_s, size),
            tau_mem_s=spread(SHORTEST_TAU_S, n.longest_tau_s, size),
            reset="hard",
            normalised=True,
        )

    def dense(n_source: int, n_target: int, scale: float) -> FloatArray:
        return rng.normal(0.0, scale / np.sqrt(n_source), (n_source, n_target))

    def gains(size: int) -> FloatArray:
        return rng.choice([-1.0, 1.0], (1, size)) * spread(n.smallest_gain, n.largest_gain, size)

    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            Population("encode", n.encode, neurons(n.encode)),
            Population("hidden", n.hidden, neurons(n.hidden)),
            Population(name, 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "encode", gains(n.encode)),
            Connection("input", "hidden", gains(n.hidden)),
            Connection("encode", "hidden", dense(n.encode, n.hidden, 2.0)),
            Connection("hidden", "hidden", dense(n.hidden, n.hidden, n.recurrence), delay_ticks=1),
            Connection("encode", name, dense(n.encode, 1, 3.0)),
            Connection("hidden", name, dense(n.hidden, 1, 6.0)),
        ),
        (Readout(name, name),),
    )
