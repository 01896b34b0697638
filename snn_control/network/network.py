"""A network as plain data: inputs, populations, signed connections and read-outs. No behaviour.

Populations are evaluated once a tick, in their order. A connection with delay 0 transmits the
output of its source in the same tick, so the source must precede the target. With delay d >= 1 it
transmits the output of d ticks ago. Recurrent connections need a delay of at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from snn_control.errors import ControlPeriodError, ParameterError, did_you_mean
from snn_control.network.neurons import NeuronParams
from snn_control.network.shared import Shared, expand

INPUT = "input"
"""Source name of connections from the inputs of the network."""

Kind = Literal["dense", "diagonal", "block2", "sparse"]
Port = Literal["current", "adaptation"]
Weights = npt.NDArray[np.float64] | Shared


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one model."""

    name: str
    size: int
    """Number of neurons, at least 1."""
    params: NeuronParams


@dataclass(frozen=True, eq=False)
class Connection:
    """Weights from one population (or the inputs) to another."""

    source: str
    target: str
    weights: Weights
    """Shape by `kind`: dense (n_source, n_target); diagonal (n,); block2 (n / 2, 2, 2) with axes
    pair, source in pair, target in pair; sparse (n_synapses,)."""
    kind: Kind = "dense"
    delay_ticks: int = 0
    """Transmission delay, in ticks."""
    port: Port = "current"
    """Variable that receives the input: synaptic current, or adaptation trace (IWTA neurons)."""
    pre: npt.NDArray[np.int64] | None = None
    """Sparse only: source neuron of each synapse, shape (n_synapses,), ascending."""
    post: npt.NDArray[np.int64] | None = None
    """Sparse only: target neuron of each synapse, shape (n_synapses,)."""

    @property
    def synapses(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Source and target neuron of each synapse of a sparse connection."""
        if self.pre is None or self.post is None:
            raise ParameterError(f"{self.label}: sparse needs `pre` and `post`")
        return self.pre, self.post

    @property
    def label(self) -> str:
        """Name in messages and files: `source->target` with the delay and port if not default."""
        tail = f"@{self.delay_ticks}" if self.delay_ticks else ""
        return f"{self.source}->{self.target}{tail}" + (
            "" if self.port == "current" else f":{self.port}"
        )


@dataclass(frozen=True)
class Readout:
    """Named output of a network: the output of one neuron."""

    name: str
    population: str
    neuron: int = 0


@dataclass(frozen=True, eq=False)
class Network:
    """Spiking network as data.

    Raises:
        ParameterError: a shape, range, name or order is wrong; the message names the field.
    """

    name: str
    control_period_s: float
    """Control period of the network in s."""
    inputs: tuple[str, ...]
    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    readouts: tuple[Readout, ...]
    sub_ticks: int = 1
    """Network ticks in one control period, during which the input is held constant."""
    start: Literal["rest", "steady"] = "rest"
    """State before the first tick: at rest, or the steady state of the leaky integrators for the
    first input and no spikes. A loop of leaky integrators, with or without graded neurons, starts
    in its state after 200 such ticks. A perfect integrator outside a loop has no steady state and
    starts at 0."""
    _by_name: dict[str, Population] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {p.name: p for p in self.populations})
        _check(self)

    @property
    def dt_s(self) -> float:
        """Length of one network tick in s."""
        return self.control_period_s / self.sub_ticks

    @property
    def n_spiking(self) -> int:
        """Number of spiking neurons."""
        return sum(p.size for p in self.populations if p.params.spiking)

    @property
    def max_delay_ticks(self) -> int:
        """Largest delay of any connection in ticks."""
        return max((c.delay_ticks for c in self.connections), default=0)

    def population(self, name: str) -> Population:
        """Return the population called `name`.

        Raises:
            ParameterError: the name is unknown; the message suggests similar names.
        """
        if name not in self._by_name:
            raise ParameterError(f"no population {name!r}{did_you_mean(name, self._by_name)}")
        return self._by_name[name]

    def size_of(self, source: str) -> int:
        """Return the number of neurons of a population, or of inputs for `INPUT`."""
        return len(self.inputs) if source == INPUT else self.population(source).size

    def require_period(self, control_period_s: float) -> None:
        """Refuse a control period that differs from that of the network.

        Raises:
            ControlPeriodError: the periods differ; the message names both and the remedy.
        """
        if not np.isclose(control_period_s, self.control_period_s, rtol=1e-6):
            raise ControlPeriodError(
                f"network {self.name!r} was made for a control period of "
                f"{self.control_period_s:g} s; the requested one is {control_period_s:g} s; "
                "run it at its own period, design a network for the requested one, or call "
                f"snn_control.network.resample(network, {control_period_s:g})"
            )


def _check(network: Network) -> None:
    if not (np.isfinite(network.control_period_s) and network.control_period_s > 0):
        raise ParameterError(f"control_period_s: {network.control_period_s} is not positive")
    if network.sub_ticks < 1:
        raise ParameterError(f"sub_ticks: {network.sub_ticks} is below 1")
    if network.start not in ("rest", "steady"):
        raise ParameterError(f"start: {network.start!r} is neither 'rest' nor 'steady'")
    if not network.inputs:
        raise ParameterError("inputs: a network needs at least one input")
    names = [INPUT, *(p.name for p in network.populations)]
    if len(set(names)) != len(names):
        raise ParameterError(f"populations: names must differ and not be {INPUT!r}: {names[1:]}")
    for population in network.populations:
        if population.size < 1:
            raise ParameterError(f"{population.name}.size: {population.size} is below 1")
        population.params.check(population.size, population.name)
    order = {name: k for k, name in enumerate(names)}
    for connection in network.connections:
        _check_connection(network, connection, order)
    for readout in network.readouts:
        size = network.population(readout.population).size
        if not 0 <= readout.neuron < size:
            raise ParameterError(f"readout {readout.name!r}: neuron {readout.neuron} of {size}")


def _check_connection(network: Network, c: Connection, order: dict[str, int]) -> None:
    for end in (c.source, c.target):
        if end not in order:
            raise ParameterError(f"{c.label}: no population {end!r}{did_you_mean(end, order)}")
    if c.target == INPUT:
        raise ParameterError(f"{c.label}: inputs cannot be a target")
    if c.delay_ticks < 0:
        raise ParameterError(f"{c.label}.delay_ticks: {c.delay_ticks} is negative")
    if c.delay_ticks == 0 and order[c.source] >= order[c.target]:
        raise ParameterError(
            f"{c.label}.delay_ticks: a delay of 0 needs the source before the target; "
            "reorder the populations or give the connection a delay of 1"
        )
    if c.port == "adaptation" and network.population(c.target).params.model != "iwta":
        raise ParameterError(f"{c.label}.port: only iwta neurons have an adaptation port")
    n_source, n_target = network.size_of(c.source), network.size_of(c.target)
    expected: tuple[int, ...]
    match c.kind:
        case "dense":
            expected = (n_source, n_target)
        case "diagonal" | "block2":
            if n_source != n_target or (c.kind == "block2" and n_source % 2):
                raise ParameterError(
                    f"{c.label}: {c.kind} needs equal{' even' * (c.kind == 'block2')} sizes, "
                    f"got {n_source} and {n_target}"
                )
            expected = (n_source,) if c.kind == "diagonal" else (n_source // 2, 2, 2)
        case "sparse":
            expected = _check_synapses(c, n_source, n_target)
        case _:
            raise ParameterError(f"{c.label}.kind: unknown {c.kind!r}")
    weights = expand(c.weights)
    if weights.shape != expected:
        raise ParameterError(f"{c.label}.weights: shape {weights.shape}, expected {expected}")
    if not np.all(np.isfinite(weights)):
        raise ParameterError(f"{c.label}.weights: not finite")


def _check_synapses(c: Connection, n_source: int, n_target: int) -> tuple[int, ...]:
    pre, post = c.synapses
    if pre.shape != post.shape or pre.ndim != 1:
        raise ParameterError(
            f"{c.label}: `pre` and `post` must be one-dimensional and of equal length"
        )
    if pre.size and (pre.min() < 0 or pre.max() >= n_source or np.any(np.diff(pre) < 0)):
        raise ParameterError(f"{c.label}.pre: must ascend within [0, {n_source})")
    if post.size and (post.min() < 0 or post.max() >= n_target):
        raise ParameterError(f"{c.label}.post: outside [0, {n_target})")
    return pre.shape
