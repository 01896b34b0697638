"""Spiking network of I, described by few numbers: it counts graded spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snn_control.controllers.blimp.thermometer_pd import (
    CONTROL_PERIOD_S,
    INPUT_NAME,
    decoding_steps,
    widening_thresholds,
)
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, LeakyIntegrator

__all__ = ["RESERVE", "SILENCES", "CounterIntegral", "counter_integral"]

RESERVE = 2
"""Fine pairs beyond half a coarse step, as a margin for mismatch of weights and thresholds."""
SILENCES = -1e3
"""Weight that keeps a neuron silent at any error."""


@dataclass(frozen=True)
class CounterIntegral:
    """Parameters of the network that integrates the error.

    Pairs of neurons sense the error in levels; each spike moves one counter, a perfect integrator,
    by a step of ki e dt. A coarse thermometer reads the counter, and a fine one the remainder. All
    parts but the counter are memoryless and nothing is counted twice, so mismatch of weights and
    thresholds distorts the characteristic but causes no drift or stiction. Errors below the first
    level are not counted: a held value stays. The outermost coarse neurons silence the sensing
    neurons of their sign (anti-windup).
    """

    ki: float = 0.75
    """Integral gain, motor units per metre and second."""
    quantum: float = 0.04
    """Step of the fine thermometer, motor units."""
    finest_m: float = 0.01
    """Step between the lowest levels of the error, m; the first level is half a step."""
    largest_m: float = 1.0
    """Highest level of the error, m."""
    sense_pairs: int = 17
    """Pairs that sense the error."""
    fine_pairs: int = 10
    """Pairs of the fine thermometer, more than 2."""
    coarse_pairs: int = 12
    """Pairs of the coarse thermometer."""

    def __post_init__(self) -> None:
        if self.fine_pairs <= RESERVE or self.coarse_pairs < 1:
            raise ParameterError(
                f"fine_pairs is {self.fine_pairs}, coarse_pairs {self.coarse_pairs}; "
                f"expected more than {RESERVE} and at least 1"
            )

    @property
    def coarse_step(self) -> float:
        """Step of the coarse thermometer, motor units."""
        return 2 * (self.fine_pairs - RESERVE) * self.quantum

    @property
    def limit(self) -> float:
        """Output magnitude at which counting away from zero stops, motor units."""
        return (self.coarse_pairs - 0.5) * self.coarse_step


def counter_integral(numbers: CounterIntegral, name: str = "i") -> Network:
    """Build the I network; its read-out `i` is in motor units."""
    n = numbers
    levels = widening_thresholds(n.sense_pairs, n.finest_m, n.largest_m)
    increments = decoding_steps(levels - n.finest_m / 2) * n.ki * CONTROL_PERIOD_S
    coarse_at = (np.arange(n.coarse_pairs) + 0.5) * n.coarse_step
    fine_at = (np.arange(n.fine_pairs) + 0.5) * n.quantum
    senses, coarse = 2 * n.sense_pairs, 2 * n.coarse_pairs
    full = np.zeros((coarse, senses))
    full[-2, 0::2] = full[-1, 1::2] = SILENCES
    one = np.ones((1, 1))

    def code(name: str, thresholds: np.ndarray) -> Population:
        size = 2 * len(thresholds)
        return Population(name, size, LIF(threshold=Shared.paired(thresholds), reset="hard"))

    def to_pairs(pairs: int) -> Shared:
        return Shared.mirrored(np.ones(pairs)).reshaped(1, 2 * pairs)

    def steps(pairs: int, step: float) -> Shared:
        return Shared.mirrored(np.full(pairs, step)).reshaped(2 * pairs, 1)

    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            code("sense", levels - n.finest_m / 2),
            Population("count", 1, LeakyIntegrator(tau_mem_s=np.inf)),
            code("coarse", coarse_at),
            Population("rest", 1, LeakyIntegrator()),
            code("fine", fine_at),
            Population("i", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "sense", to_pairs(n.sense_pairs)),
            Connection("coarse", "sense", full, delay_ticks=1),
            Connection("sense", "count", Shared.mirrored(increments).reshaped(senses, 1)),
            Connection("count", "coarse", to_pairs(n.coarse_pairs)),
            Connection("count", "rest", one),
            Connection("coarse", "rest", steps(n.coarse_pairs, -n.coarse_step)),
            Connection("rest", "fine", to_pairs(n.fine_pairs)),
            Connection("coarse", "i", steps(n.coarse_pairs, n.coarse_step)),
            Connection("fine", "i", steps(n.fine_pairs, n.quantum)),
        ),
        (Readout("i", "i"),),
        start="steady",
    )
