"""Formats of a network in integers: binary scales, integer coefficients and integer weights.

A number of a population is stored as an integer in units of 2^-exponent. A connection sums integer
weights times sources and rescales the sum to the exponent of its target, see `arithmetic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.engines.integer.arithmetic import LIMIT, IntArray, Rescaling
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population

__all__ = ["ConnectionFormat", "InputFormat", "NetworkFormat", "PopulationFormat"]


@dataclass(frozen=True)
class InputFormat:
    """Input as a 16-bit integer.

    Raises:
        ParameterError: a value is out of range.
    """

    lsb: float = 2.0**-12
    """Value of one unit."""
    largest: int = 2**15 - 1
    """Largest magnitude in units; values beyond it saturate."""

    def __post_init__(self) -> None:
        if not 0.0 < self.lsb < np.inf:
            raise ParameterError(f"lsb is {self.lsb}; expected above 0")
        if not 0 < self.largest < 2**15:
            raise ParameterError(f"largest is {self.largest}; expected 1 to 32767")

    def quantised(self, values: npt.ArrayLike) -> IntArray:
        """Return the integers of finite values: nearest, halves away from zero, saturated."""
        with np.errstate(over="ignore"):
            units = np.asarray(values, np.float64) / self.lsb
        magnitude = np.minimum(np.abs(units), self.largest)
        whole = np.floor(magnitude)
        whole += magnitude - whole >= 0.5
        return np.copysign(whole, units).astype(np.int64)


@dataclass(frozen=True, eq=False)
class PopulationFormat:
    """Population in integers; arrays have shape (size,)."""

    population: Population
    """Population."""
    exponent: int
    """Negative binary logarithm of the unit of all numbers."""
    limit: int
    """Largest magnitude of an analog output."""
    drive_limit: int
    """Largest magnitude of the rescaled sum of one connection."""
    coefficients: Mapping[str, IntArray]
    """Integer coefficients by name: those of the neuron model, and `compared`, the threshold
    rounded down."""
    steady: tuple[Rescaling, Rescaling] | None
    """Factors from drive to current, and from current to output, in the steady state."""
    trace_exponent: int = 0
    """Exponent of the trace of IWTA neurons."""
    own: Rescaling | None = None
    """Factors from a neuron's trace to its threshold, IWTA only."""
    cross: Rescaling | None = None
    """Factors from the partner's trace to the threshold, IWTA only."""

    @property
    def trace_unit(self) -> int:
        """Step of the trace by the neuron's spike; 0 if a unit of the trace is larger."""
        return min(2**self.trace_exponent, LIMIT) if self.trace_exponent >= 0 else 0

    @property
    def model(self) -> str:
        """Name of the neuron model."""
        return self.population.params.model

    @property
    def spiking(self) -> bool:
        """True for outputs of 0 and 1."""
        return self.population.params.spiking


@dataclass(frozen=True, eq=False)
class ConnectionFormat:
    """Connection in integers."""

    connection: Connection
    """Connection."""
    weights: IntArray
    """Integer weights, shape (sources, targets)."""
    scale: float
    """Real weight of one unit."""
    bound: int
    """Largest magnitude of a sum over the sources."""
    rescaling: Rescaling
    """Factor from the sum to the target's exponent; a single one."""
    rounding: str
    """`exact`, `nearest` or `diffused`."""


@dataclass(frozen=True, eq=False)
class NetworkFormat:
    """Network in integers."""

    network: Network
    """Network."""
    bits: int
    """Bits of a weight with its sign."""
    inputs: tuple[InputFormat, ...]
    """Format of each input."""
    populations: Mapping[str, PopulationFormat]
    """Formats by name of the population."""
    connections: tuple[ConnectionFormat, ...]
    """Formats in the order of the network, without connections whose integers are all 0."""

    def incoming(self, name: str, port: str) -> list[ConnectionFormat]:
        """Return the connections that end at a port of a population."""
        return [
            each
            for each in self.connections
            if each.connection.target == name and each.connection.port == port
        ]

    def output_exponent(self, name: str) -> int:
        """Return the exponent of a population's output; 0 for spikes."""
        form = self.populations[name]
        return 0 if form.spiking else form.exponent
