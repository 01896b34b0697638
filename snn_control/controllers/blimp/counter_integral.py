"""Spiking network of I, described by few numbers: it counts graded spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.thermometer_pd import (
    CONTROL_PERIOD_S,
    INPUT_NAME,
    column_of,
    decoding_steps,
    widening_thresholds,
)
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, LeakyIntegrator

__all__ = ["RESERVE", "SILENCES", "CounterIntegral", "counter_integral", "counter_values"]

FloatArray = npt.NDArray[np.float64]
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


def counter_values(
    numbers: CounterIntegral, columns: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the free values of the parameters of several networks, as `thermometer_values`."""
    of = column_of(numbers, columns)
    coarse_pairs, fine_pairs = numbers.coarse_pairs, numbers.fine_pairs
    levels = widening_thresholds(numbers.sense_pairs, of("finest_m"), of("largest_m"))
    senses_at = levels - of("finest_m") / 2
    coarse_step = 2 * (fine_pairs - RESERVE) * of("quantum")
    return {
        "sense.threshold": senses_at,
        "coarse.threshold": (np.arange(coarse_pairs) + 0.5) * coarse_step,
        "fine.threshold": (np.arange(fine_pairs) + 0.5) * of("quantum"),
        "sense->count.weights": decoding_steps(senses_at) * of("ki") * CONTROL_PERIOD_S,
        "coarse->rest.weights": np.repeat(-coarse_step, coarse_pairs, axis=1),
        "coarse->i.weights": np.repeat(coarse_step, coarse_pairs, axis=1),
        "fine->i.weights": np.repeat(of("quantum"), fine_pairs, axis=1),
    }


def counter_integral(numbers: CounterIntegral, name: str = "i") -> Network:
    """Build the I network; its read-out `i` is in motor units."""
    n = numbers
    values = {key: rows[0] for key, rows in counter_values(numbers, {}).items()}
    senses, coarse = 2 * n.sense_pairs, 2 * n.coarse_pairs
    full = np.zeros((coarse, senses))
    full[-2, 0::2] = full[-1, 1::2] = SILENCES
    one = np.ones((1, 1))

    def code(name: str) -> Population:
        thresholds = values[f"{name}.threshold"]
        neurons = LIF(threshold=Shared.paired(thresholds), reset="hard")
        return Population(name, 2 * len(thresholds), neurons)

    def to_pairs(source: str, target: str, pairs: int) -> Connection:
        weights = Shared.mirrored(np.ones(pairs)).reshaped(1, 2 * pairs)
        return Connection(source, target, weights)

    def from_pairs(source: str, target: str) -> Connection:
        steps = values[f"{source}->{target}.weights"]
        return Connection(source, target, Shared.mirrored(steps).reshaped(2 * len(steps), 1))

    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            code("sense"),
            Population("count", 1, LeakyIntegrator(tau_mem_s=np.inf)),
            code("coarse"),
            Population("rest", 1, LeakyIntegrator()),
            code("fine"),
            Population("i", 1, LeakyIntegrator()),
        ),
        (
            to_pairs("input", "sense", n.sense_pairs),
            Connection("coarse", "sense", full, delay_ticks=1),
            from_pairs("sense", "count"),
            to_pairs("count", "coarse", n.coarse_pairs),
            Connection("count", "rest", one),
            from_pairs("coarse", "rest"),
            to_pairs("rest", "fine", n.fine_pairs),
            from_pairs("coarse", "i"),
            from_pairs("fine", "i"),
        ),
        (Readout("i", "i"),),
        start="steady",
    )
