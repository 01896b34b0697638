"""Mapping of a genome to the free values of the parameters of a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError, did_you_mean
from snn_control.network import Network, Shared
from snn_control.units import decay, time_constant

__all__ = [
    "ParameterCodec",
    "ParameterRange",
    "expanded",
    "filled",
    "parameters_of",
    "with_parameters",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ParameterRange:
    """Evolved parameter of a network and the bounds of its values.

    A time constant is evolved as its decay in one tick, exp(-dt / tau), in [0, 1]; with `log`, in
    seconds.
    """

    parameter: str
    """`population.field`, such as `code.threshold`, or `label.weights` of a connection, such as
    `input->code.weights`."""
    low: float
    high: float
    log: bool = False
    """Logarithmic scale; needs positive bounds."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ParameterError(
                f"{self.parameter}: bounds {self.low}, {self.high}; expected finite low < high"
            )
        if self.log and self.low <= 0.0:
            raise ParameterError(f"{self.parameter}: a logarithmic scale needs positive bounds")

    @property
    def is_decay(self) -> bool:
        """Return True if the genes are decays of a time constant."""
        return _is_time(self.parameter) and not self.log

    def decode(self, shares: FloatArray) -> FloatArray:
        """Map fractions of the range, in [0, 1], to values within the bounds."""
        if self.log:
            return np.exp(np.log(self.low) + shares * np.log(self.high / self.low))
        return self.low + shares * (self.high - self.low)

    def encode(self, values: FloatArray) -> FloatArray:
        """Map values to fractions of the range; outside [0, 1] if they are out of bounds."""
        if self.log:
            positive = np.maximum(values, np.finfo(np.float64).tiny)
            return np.log(positive / self.low) / np.log(self.high / self.low)
        return (values - self.low) / (self.high - self.low)


class ParameterCodec:
    """Codec with one gene per free value of the evolved parameters of a network.

    Shared parameters stay shared: a `Shared` has one gene per value, an array one per entry.

    Args:
        template: network with the structure and all parameters that are not evolved.
        ranges: evolved parameters, in the order of their genes.

    Raises:
        ParameterError: no ranges, the network has no such parameter, or decays exceed [0, 1].
    """

    def __init__(self, template: Network, ranges: Sequence[ParameterRange]) -> None:
        if not ranges:
            raise ParameterError("no ranges: name at least one parameter to evolve")
        self.template = template
        self._parameters = parameters_of(template)
        self.ranges = tuple(ranges)
        self._sizes = []
        for r in self.ranges:
            if r.parameter not in self._parameters:
                raise ParameterError(
                    f"{template.name!r} has no parameter {r.parameter!r}"
                    f"{did_you_mean(r.parameter, self._parameters)}"
                )
            if r.is_decay and not (r.low >= 0.0 and r.high <= 1.0):
                raise ParameterError(
                    f"{r.parameter}: decays of a time constant are {r.low} to {r.high}; "
                    "expected [0, 1]"
                )
            self._sizes.append(_free(self._parameters[r.parameter]).size)
        self._ends = np.cumsum(self._sizes)

    @property
    def genes_of(self) -> dict[str, slice]:
        """Slice of a genome for each parameter."""
        starts = [0, *self._ends[:-1].tolist()]
        return {
            r.parameter: slice(start, start + size)
            for r, start, size in zip(self.ranges, starts, self._sizes, strict=True)
        }

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return int(self._ends[-1])

    def decode(self, genome: FloatArray) -> Network:
        """Return the network of a genome of shape (n_genes,), each gene in [0, 1]."""
        free = self.free_values(genome[None])
        values = {
            name: _with_free(self._parameters[name], numbers[0]) for name, numbers in free.items()
        }
        return with_parameters(self.template, values)

    def free_values(self, genomes: FloatArray) -> dict[str, FloatArray]:
        """Return the free values of each parameter, shape (n_genomes, n_values), in SI units.

        Args:
            genomes: genomes, shape (n_genomes, n_genes).
        """
        free = {}
        for r, genes in zip(self.ranges, np.split(genomes, self._ends[:-1], axis=1), strict=True):
            numbers = r.decode(genes)
            if r.is_decay:
                numbers = time_constant(numbers, self.template.dt_s)
            free[r.parameter] = numbers
        return free

    def expanded_values(self, genomes: FloatArray) -> dict[str, FloatArray]:
        """Return each parameter of all genomes with shared values expanded, (n_genomes, ...)."""
        return expanded(self._parameters, self.free_values(genomes))

    def encode(self, network: Network) -> FloatArray:
        """Return the genome of a network with the template's structure, clipped to the bounds."""
        parameters = parameters_of(network)
        genes = []
        for r in self.ranges:
            numbers = _free(parameters[r.parameter])
            if r.is_decay:
                numbers = decay(numbers, network.dt_s)
            genes.append(r.encode(numbers))
        return np.clip(np.concatenate(genes), 0.0, 1.0)


def parameters_of(network: Network) -> dict[str, Any]:
    """Return all parameters by name, as numbers, arrays or `Shared`."""
    parameters: dict[str, Any] = {}
    for population in network.populations:
        for field in population.params.numeric_fields():
            parameters[f"{population.name}.{field.name}"] = getattr(population.params, field.name)
    for connection in network.connections:
        parameters[f"{connection.label}.weights"] = connection.weights
    return parameters


def expanded(
    parameters: Mapping[str, Any], free: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return parameters of several networks with shared values expanded, for `Layout.rows_with`.

    Args:
        parameters: parameters of one network, see `parameters_of`.
        free: free values by parameter, each of shape (n_networks, n_values).

    Returns:
        Values by parameter, each of shape (n_networks, *shape of the parameter).
    """
    full = {}
    for name, numbers in free.items():
        value = parameters[name]
        if isinstance(value, Shared):
            full[name] = numbers[:, value.index] * value.sign
        else:
            full[name] = numbers.reshape(len(numbers), *np.shape(value))
    return full


def with_parameters(network: Network, values: dict[str, Any]) -> Network:
    """Return the network with some parameters replaced; names are those of `parameters_of`."""
    populations = []
    for p in network.populations:
        changed = {
            f.name: values[f"{p.name}.{f.name}"]
            for f in p.params.numeric_fields()
            if f"{p.name}.{f.name}" in values
        }
        populations.append(
            dataclasses.replace(p, params=dataclasses.replace(p.params, **changed))
            if changed
            else p
        )
    connections = (
        dataclasses.replace(c, weights=values[f"{c.label}.weights"])
        if f"{c.label}.weights" in values
        else c
        for c in network.connections
    )
    return dataclasses.replace(
        network, populations=tuple(populations), connections=tuple(connections)
    )


def filled(network: Network, numbers: Mapping[str, float]) -> dict[str, Any]:
    """Return parameters filled with their number each; a `Shared` keeps index and signs."""
    parameters = parameters_of(network)
    return {
        name: _with_free(parameters[name], np.full(_free(parameters[name]).shape, number))
        for name, number in numbers.items()
    }


def _is_time(parameter: str) -> bool:
    return parameter.endswith("_s")


def _free(value: Any) -> FloatArray:
    """Return the free values of a parameter, shape (n,)."""
    return value.values if isinstance(value, Shared) else np.asarray(value, np.float64).ravel()


def _with_free(value: Any, numbers: FloatArray) -> Any:
    if isinstance(value, Shared):
        return Shared(numbers, value.index, value.sign)
    shape = np.shape(value)
    return numbers.reshape(shape) if shape else float(numbers[0])
