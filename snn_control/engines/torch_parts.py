"""Parts of the torch engine that hold no parameters: states, connections, the settled start."""

from __future__ import annotations

import torch
from norse.torch.functional.leaky_integrator import LIParameters, LIState, li_feed_forward_step
from torch import Tensor

from snn_control.network import (
    INPUT,
    Connection,
    Network,
    Population,
    looped_populations,
    settling_passes,
)
from snn_control.network.neurons import IWTA, LIF, Graded, LeakyIntegrator, NeuronParams

Memory = dict[str, Tensor]
"""What a population remembers, by name, each of shape (batch, size)."""


def is_norse_lif(params: NeuronParams) -> bool:
    """Whether Norse has the model: its state keeps the current already decayed."""
    return isinstance(params, LIF) and params.reset == "hard" and params.normalised


def leaky_integrator(
    params: LeakyIntegrator, c: dict[str, Tensor], memory: Memory, drive: Tensor
) -> Tensor:
    """Advance leaky integrators by a tick, `memory` in place; return their output (batch, size)."""
    if params.normalised:
        p = LIParameters(1.0 - c["decay_syn"], 1.0 - c["decay_mem"], torch.zeros_like(drive))
        state = LIState(memory["potential"], memory["current"])
        output, state = li_feed_forward_step(drive, state, p, 1.0)
        memory["potential"], memory["current"] = state.v, state.i
        return output
    memory["current"] = c["decay_syn"] * memory["current"] + drive
    memory["potential"] = c["decay_mem"] * memory["potential"] + memory["current"]
    return memory["potential"]


def rest(population: Population, c: dict[str, Tensor], like: Tensor) -> Memory:
    """Return the memory before the first tick for inputs `like` (n_ticks, batch, n_inputs)."""
    zeros = like.new_zeros(like.shape[1], population.size)
    memory = {"current": zeros, "potential": zeros}
    if isinstance(population.params, IWTA):
        memory |= {"trace": zeros, "theta": zeros + c["threshold"]}
    return memory


def through(connection: Connection, weights: Tensor, source: Tensor) -> Tensor:
    """Return what a source (batch, n_source) gives its targets, shape (batch, n_target)."""
    match connection.kind:
        case "diagonal":
            return source * weights
        case "block2":
            pairs = source.reshape(len(source), -1, 2)
            return torch.einsum("bpi,pij->bpj", pairs, weights).reshape(len(source), -1)
    return source @ weights


def partner(values: Tensor) -> Tensor:
    """Swap the two of each pair, shape (batch, size); an odd one out is its own partner."""
    even = values.shape[1] // 2 * 2
    swapped = values[:, :even].reshape(len(values), -1, 2).flip(2).reshape(len(values), even)
    return torch.cat([swapped, values[:, even:]], 1)


def _limit(drive: Tensor, decay: Tensor) -> Tensor:
    leaky = decay < 1.0
    return torch.where(leaky, drive / torch.where(leaky, 1.0 - decay, torch.ones_like(decay)), 0.0)


def settle(
    network: Network,
    row: Tensor,
    c: dict[str, dict[str, Tensor]],
    weights: list[Tensor],
    memory: dict[str, Memory],
    silent: dict[str, Tensor],
) -> dict[str, Tensor]:
    """Let leaky integrators settle while `row` is held, `memory` in place; see `Network.start`.

    Args:
        network: what runs.
        row: first inputs, shape (batch, n_inputs).
        c: coefficients by population.
        weights: of the connections, as `through` takes them.
        memory: at rest, by population.
        silent: zeros of shape (batch, size) by population.

    Returns:
        Outputs by population, the inputs among them.
    """
    settled = dict(silent) | {INPUT: row}
    for _ in range(settling_passes(network)):
        _settling_pass(network, c, weights, memory, silent, settled)
    return settled


def _settling_pass(
    network: Network,
    c: dict[str, dict[str, Tensor]],
    weights: list[Tensor],
    memory: dict[str, Memory],
    silent: dict[str, Tensor],
    settled: dict[str, Tensor],
) -> None:
    looped = looped_populations(network)
    for population in network.populations:
        name, k = population.name, c[population.name]
        drive = silent[name] + k["bias"]
        for weight, connection in zip(weights, network.connections, strict=True):
            if connection.target == name and connection.port == "current":
                drive = drive + through(connection, weight, settled[connection.source])
        match population.params:
            case Graded():
                settled[name] = torch.minimum(torch.clamp(drive, min=0.0), k["ceiling"])
            case LIF() | IWTA():
                memory[name]["current"] = _limit(drive, k["decay_syn"])
            case LeakyIntegrator() if name in looped:
                settled[name] = leaky_integrator(population.params, k, memory[name], drive)
            case LeakyIntegrator():
                current = _limit(drive, k["decay_syn"])
                output = _limit(k["gain"] * current, k["decay_mem"])
                hidden = current * k["decay_syn"] if population.params.normalised else current
                memory[name] = {"current": hidden, "potential": output}
                settled[name] = output
        if is_norse_lif(population.params):
            memory[name]["current"] = memory[name]["current"] * k["decay_syn"]
