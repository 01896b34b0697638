"""Parts of the torch engine without parameters: states, connections and the steady state."""

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
"""State variables of a population by name, each of shape (batch, size)."""


def is_norse_lif(params: NeuronParams) -> bool:
    """Return True if Norse provides the model; its state holds the current after the decay."""
    return isinstance(params, LIF) and params.reset == "hard" and params.normalised


def leaky_integrator(
    params: LeakyIntegrator, c: dict[str, Tensor], memory: Memory, drive: Tensor
) -> Tensor:
    """Advance `memory` by one tick in place; return the output, shape (batch, size)."""
    if params.normalised:
        p = LIParameters(1.0 - c["decay_syn"], 1.0 - c["decay_mem"], torch.zeros_like(drive))
        state = LIState(memory["potential"], memory["current"])
        output, state = li_feed_forward_step(drive, state, p, 1.0)
        memory["potential"], memory["current"] = state.v, state.i
        return output
    memory["current"] = c["decay_syn"] * memory["current"] + drive
    memory["potential"] = c["decay_mem"] * memory["potential"] + memory["current"]
    return memory["potential"]


def memory_names(population: Population) -> tuple[str, ...]:
    """Return the names of the state variables of a population, in the order of a packed state."""
    more = ("trace", "theta") if isinstance(population.params, IWTA) else ()
    return "current", "potential", *more


def rest(population: Population, c: dict[str, Tensor], like: Tensor) -> Memory:
    """Return the state at rest, (batch, size), for inputs of shape (n_ticks, batch, n_inputs)."""
    zeros = like.new_zeros(like.shape[1], population.size)
    memory = {"current": zeros, "potential": zeros}
    if isinstance(population.params, IWTA):
        memory |= {"trace": zeros, "theta": zeros + c["threshold"]}
    return memory


def weighted_input(connection: Connection, weights: Tensor, source: Tensor) -> Tensor:
    """Return the weighted input (batch, n_target) of the outputs `source` (batch, n_source)."""
    match connection.kind:
        case "diagonal":
            return source * weights
        case "block2":
            pairs = source.reshape(len(source), -1, 2)
            return torch.einsum("bpi,pij->bpj", pairs, weights).reshape(len(source), -1)
    return source @ weights


def partner(values: Tensor) -> Tensor:
    """Swap neurons 2k and 2k+1, shape (batch, size); an odd last neuron is its own partner."""
    even = values.shape[1] // 2 * 2
    swapped = values[:, :even].reshape(len(values), -1, 2).flip(2).reshape(len(values), even)
    return torch.cat([swapped, values[:, even:]], 1)


def _steady_state(drive: Tensor, decay: Tensor) -> Tensor:
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
    """Set `memory` to the steady state for constant inputs `row`; see `Network.start`.

    Args:
        network: network of the engine.
        row: first inputs, shape (batch, n_inputs).
        c: coefficients by population.
        weights: weights of the connections, as in `weighted_input`.
        memory: state at rest by population, changed in place.
        silent: zeros of shape (batch, size) by population.

    Returns:
        Outputs by population, including the inputs.
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
                drive = drive + weighted_input(connection, weight, settled[connection.source])
        match population.params:
            case Graded():
                settled[name] = torch.minimum(torch.clamp(drive, min=0.0), k["ceiling"])
            case LIF() | IWTA():
                memory[name]["current"] = _steady_state(drive, k["decay_syn"])
            case LeakyIntegrator() if name in looped:
                settled[name] = leaky_integrator(population.params, k, memory[name], drive)
            case LeakyIntegrator():
                current = _steady_state(drive, k["decay_syn"])
                output = _steady_state(k["gain"] * current, k["decay_mem"])
                hidden = current * k["decay_syn"] if population.params.normalised else current
                memory[name] = {"current": hidden, "potential": output}
                settled[name] = output
        if is_norse_lif(population.params):
            memory[name]["current"] = memory[name]["current"] * k["decay_syn"]
