"""State of the torch engine between two calls, as one tensor for each batch entry.

A packed state has 1 in its first entry, then the outputs of the last ticks, as many as the longest
delay, latest first, then the memory of each population. A row of zeros stands for the state before
the first tick, so that a caller that masks states with zeros resets them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from snn_control.engines.torch_parts import Memory, memory_names
from snn_control.network import INPUT, Network

Outputs = dict[str, Tensor]
"""Outputs of a tick by population, including the inputs, each of shape (batch, size)."""


@dataclass(frozen=True, eq=False)
class TorchState:
    """State between two ticks."""

    outputs: tuple[Outputs, ...]
    """Outputs of the last ticks, latest first."""
    memory: dict[str, Memory]
    """State variables by population."""


def n_remembered(network: Network) -> int:
    """Return the number of ticks whose outputs a state holds, at least 1."""
    return max(network.max_delay_ticks, 1)


def state_size(network: Network) -> int:
    """Return the length of a packed state."""
    return 1 + sum(size for _, _, size in _parts(network))


def pack(network: Network, state: TorchState) -> Tensor:
    """Return a state as a tensor, shape (batch, state_size)."""
    rows = [
        state.outputs[place][name] if isinstance(place, int) else state.memory[name][place]
        for place, name, _ in _parts(network)
    ]
    return torch.cat([torch.ones_like(rows[0][:, :1]), *rows], 1)


def unpack(network: Network, packed: Tensor) -> TorchState:
    """Return the state of a tensor, shape (batch, state_size), whose rows are not zeros."""
    parts = [*_parts(network)]
    rows = packed[:, 1:].split([size for _, _, size in parts], 1)
    outputs: list[Outputs] = [{} for _ in range(n_remembered(network))]
    memory: dict[str, Memory] = {population.name: {} for population in network.populations}
    for (place, name, _), row in zip(parts, rows, strict=True):
        if isinstance(place, int):
            outputs[place][name] = row
        else:
            memory[name][place] = row
    return TorchState(tuple(outputs), memory)


def _parts(network: Network) -> Iterator[tuple[int | str, str, int]]:
    """Yield age of an output or name of a state variable, name of the population, and size."""
    for age in range(n_remembered(network)):
        yield age, INPUT, len(network.inputs)
        for population in network.populations:
            yield age, population.name, population.size
    for population in network.populations:
        for variable in memory_names(population):
            yield variable, population.name, population.size
