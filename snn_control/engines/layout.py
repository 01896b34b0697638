"""Layout of a network in flat arrays: integer program, weight row and coefficient row.

The native engine and the genome codecs share this layout. A population of networks with the same
structure has one program and two matrices with one row per network.

Program, int64, all sizes in elements:
    header of `HEADER` numbers, with the indices N_INPUTS to N_STATE,
    value index of each read-out,
    for each population:
        `POPULATION` numbers, with the relative indices MODEL to N_CONNECTIONS,
        for each of its incoming connections:
            `CONNECTION` numbers, with the relative indices KIND to SOURCE_SPIKING,
    for each sparse connection: source pointers and targets.
Values are the outputs of one tick: first the inputs, then the populations in order. Values,
coefficients and state of a population begin at a multiple of `CACHE_LINE`; gaps are unused.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network import (
    INPUT,
    Connection,
    Network,
    Population,
    looped_populations,
    settling_passes,
)
from snn_control.network.neurons import NEURON_MODELS
from snn_control.network.shared import expand

HEADER = 8
N_INPUTS, N_VALUES, RING, N_POPULATIONS, SUB_TICKS, N_READOUTS, SETTLING_PASSES, N_STATE = range(8)
"""Indices in the header. RING: number of value slots; N_STATE: length of the state."""
POPULATION = 8
MODEL, VARIANT, OFFSET, SIZE, COEFFICIENTS, STATE, SPIKING, N_CONNECTIONS = range(8)
"""Indices in a population. OFFSET, COEFFICIENTS, STATE: offsets of values, coefficients, state."""
CONNECTION = 9
KIND, SOURCE_OFFSET, SOURCE_SIZE, SOURCE, DELAY, WEIGHTS, PORT, SYNAPSES, SOURCE_SPIKING = range(9)
"""Indices in a connection. SOURCE: index of the population, 0 for the inputs; DELAY: ticks;
WEIGHTS: offset; PORT: 1 for adaptation; SYNAPSES: offset of pointers and targets if sparse."""
CACHE_LINE = 16
"""Length of a cache line in float32 numbers; vectors across two lines load at half the speed."""

IF, LIF, IWTA, LEAKY, GRADED = 0, 1, 2, 3, 4
DENSE, DIAGONAL, BLOCK2, SPARSE = 0, 1, 2, 3
MODEL_CODES = {name: code for code, name in enumerate(NEURON_MODELS)}
KIND_CODES = {"dense": DENSE, "diagonal": DIAGONAL, "block2": BLOCK2, "sparse": SPARSE}
STATE_ROWS = {"integrate_and_fire": 1, "lif": 2, "iwta": 4, "leaky_integrator": 2, "graded": 0}

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """Program of a network, and position of each named parameter.

    Attributes:
        network: network of the layout.
        program: integer program, see the module docstring.
        weight_slices: slice of a weight row for each connection.
        coefficient_slices: slice of a coefficient row by (population, coefficient).
        n_weights: length of a weight row.
        n_coefficients: length of a coefficient row.
    """

    network: Network
    program: npt.NDArray[np.int64]
    weight_slices: tuple[slice, ...]
    coefficient_slices: dict[tuple[str, str], slice]
    n_weights: int
    n_coefficients: int

    def row(self, network: Network | None = None) -> tuple[FloatArray, FloatArray]:
        """Return the weight row and coefficient row of a network of this structure."""
        network = network or self.network
        weights = np.zeros(self.n_weights)
        for part, connection in zip(self.weight_slices, network.connections, strict=True):
            weights[part] = expand(connection.weights).ravel()
        coefficients = np.zeros(self.n_coefficients)
        for population in network.populations:
            model = NEURON_MODELS[population.params.model]
            values = model.coefficients(population.params, population.size, network.dt_s)
            for name, value in values._asdict().items():
                coefficients[self.coefficient_slices[population.name, name]] = value
        return weights, coefficients

    def rows_with(self, values: dict[str, FloatArray], n: int) -> tuple[FloatArray, FloatArray]:
        """Return the rows of `n` networks that differ from this one in some parameters.

        Args:
            values: parameters by name (`population.field`, `source->target.weights`), each of
                shape (n, *shape of the parameter).
            n: number of networks.

        Returns:
            Weight rows (n, n_weights) and coefficient rows (n, n_coefficients).
        """
        weights, coefficients = (np.tile(row, (n, 1)) for row in self.row())
        for part, connection in zip(self.weight_slices, self.network.connections, strict=True):
            changed = values.get(f"{connection.label}.weights")
            if changed is not None:
                weights[:, part] = changed.reshape(n, -1)
        for p in self.network.populations:
            fields = {f.name: values.get(f"{p.name}.{f.name}") for f in p.params.numeric_fields()}
            if all(value is None for value in fields.values()):
                continue
            columns = {
                name: np.broadcast_to(
                    p.params.expanded(name, p.size) if value is None else value.reshape(n, -1),
                    (n, p.size),
                ).ravel()
                for name, value in fields.items()
            }
            combined = dataclasses.replace(p.params, **columns)
            model = NEURON_MODELS[p.params.model]
            computed = model.coefficients(combined, n * p.size, self.network.dt_s)
            for name, value in computed._asdict().items():
                coefficients[:, self.coefficient_slices[p.name, name]] = value.reshape(n, p.size)
        return weights, coefficients

    def rows(self, networks: list[Network]) -> tuple[FloatArray, FloatArray]:
        """Stack the rows of several networks of this structure, shapes (n, length)."""
        pairs = [self.row(network) for network in networks]
        return np.stack([w for w, _ in pairs]), np.stack([c for _, c in pairs])

    def check_rows(self, weights: FloatArray, coefficients: FloatArray) -> None:
        """Refuse rows of another structure, because kernels do not check indices.

        Raises:
            ParameterError: the rows have other shapes.
        """
        n = len(weights)
        expected = (n, self.n_weights), (n, self.n_coefficients)
        if (weights.shape, coefficients.shape) != expected:
            raise ParameterError(
                f"rows of shapes {weights.shape} and {coefficients.shape} for networks "
                f"like {self.network.name!r}; expected {expected[0]} and {expected[1]}"
            )


def lay_out(network: Network) -> Layout:
    """Compile the structure of `network` into a program."""
    offsets, n_values = _value_offsets(network)
    population_index = {INPUT: 0} | {p.name: k for k, p in enumerate(network.populations, 1)}
    spiking = {INPUT: False} | {p.name: p.params.spiking for p in network.populations}
    incoming: dict[str, list[int]] = {p.name: [] for p in network.populations}
    weight_slices, n_weights = [], 0
    for k, connection in enumerate(network.connections):
        incoming[connection.target].append(k)
        size = expand(connection.weights).size
        weight_slices.append(slice(n_weights, n_weights + size))
        n_weights += size

    looped = looped_populations(network)
    readouts = [offsets[r.population] + r.neuron for r in network.readouts]
    body: list[int] = []
    synapses: list[tuple[int, Connection]] = []
    coefficient_slices: dict[tuple[str, str], slice] = {}
    n_coefficients = n_state = 0
    for population in network.populations:
        names = NEURON_MODELS[population.params.model].Coefficients._fields
        body += [
            MODEL_CODES[population.params.model], _variant(population, looped),
            offsets[population.name], population.size, n_coefficients, n_state,
            population.params.spiking, len(incoming[population.name]),
        ]  # fmt: skip
        for name in names:
            end = n_coefficients + population.size
            coefficient_slices[population.name, name] = slice(n_coefficients, end)
            n_coefficients = end
        n_coefficients = _padded(n_coefficients)
        n_state += STATE_ROWS[population.params.model] * population.size
        n_state = _padded(n_state)
        for k in incoming[population.name]:
            c = network.connections[k]
            if c.kind == "sparse":
                synapses.append((len(body) + SYNAPSES, c))
            body += [
                KIND_CODES[c.kind], offsets[c.source], network.size_of(c.source),
                population_index[c.source], c.delay_ticks, weight_slices[k].start,
                c.port == "adaptation", 0, spiking[c.source],
            ]  # fmt: skip
    head = [
        len(network.inputs), n_values, max(network.max_delay_ticks, 1) + 1,
        len(network.populations), network.sub_ticks, len(readouts),
        settling_passes(network), n_state,
    ]  # fmt: skip
    program = [*head, *readouts, *body]
    for position, c in synapses:
        program[len(head) + len(readouts) + position] = len(program)
        pre, post = c.synapses
        counts = np.bincount(pre, minlength=network.size_of(c.source))
        program += [0, *np.cumsum(counts).tolist(), *post.tolist()]
    return Layout(
        network, np.array(program, np.int64), tuple(weight_slices), coefficient_slices,
        n_weights, n_coefficients,
    )  # fmt: skip


def _value_offsets(network: Network) -> tuple[dict[str, int], int]:
    offsets, total = {INPUT: 0}, _padded(len(network.inputs))
    for population in network.populations:
        offsets[population.name] = total
        total = _padded(total + population.size)
    return offsets, total


def _padded(n: int) -> int:
    return -(-n // CACHE_LINE) * CACHE_LINE


def _variant(population: Population, looped: frozenset[str]) -> int:
    """Return the variant bits: 0 hard reset, 1 own spikes in the adaptation trace, 2 in a loop."""
    params = population.params
    hard = params.choice("reset", "soft") == "hard"
    own = params.choice("own_spikes", False)
    return int(hard) + 2 * int(own) + 4 * int(population.name in looped)
