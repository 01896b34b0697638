"""Work of one decision: operations of synapses and neurons, words of parameters and states.

A spike adds one weight at each outgoing synapse. An input, a leaky integrator or a graded neuron
multiplies its value by each outgoing weight in every network tick, whether a neuron spikes or not.
Weights of 0 and factors of 0 and 1 cost nothing; a parameter that all neurons of a population share
is a constant of the code and is not read. Stored spikes, one bit each, are not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.network import INPUT, Network, Population
from snn_control.network.matrices import weight_matrix
from snn_control.network.neurons import NEURON_MODELS

__all__ = ["Counts", "count_operations"]


@dataclass(frozen=True)
class Counts:
    """Work of one decision, the mean over an episode."""

    spikes: float = 0.0
    """Spikes."""
    accumulates: float = 0.0
    """Additions of a weight for a spike."""
    multiply_accumulates: float = 0.0
    """Products of a weight and a value, with their additions."""
    spiking_updates: float = 0.0
    """Updates of spiking neurons."""
    analog_updates: float = 0.0
    """Updates of neurons without spikes."""
    update_additions: float = 0.0
    """Additions and comparisons of the updates, without the soft resets."""
    update_multiplications: float = 0.0
    """Products of the updates: decays, gains, rescalings."""
    reset_subtractions: float = 0.0
    """Subtractions of thresholds by soft resets, one a spike."""
    parameter_words: float = 0.0
    """Read thresholds, biases, decays and gains, without weights."""
    state_words: float = 0.0
    """Read and written words of potentials, currents, traces and delayed values."""
    synapses: float = 0.0
    """Stored weights."""

    @property
    def weight_words(self) -> float:
        """Read weights."""
        return self.accumulates + self.multiply_accumulates

    def __add__(self, other: Counts) -> Counts:
        mine, theirs = asdict(self), asdict(other)
        return Counts(
            **{field.name: mine[field.name] + theirs[field.name] for field in fields(self)}
        )


def count_operations(
    networks: Sequence[Network], spike_counts: npt.ArrayLike, n_ticks: int
) -> Counts:
    """Count the work of a decision.

    Args:
        networks: networks of a controller, in the order of `spike_counts`.
        spike_counts: measured spikes of each spiking neuron in all ticks, shape (n_spiking,).
        n_ticks: number of control ticks, at least 1.

    Raises:
        ParameterError: the shape does not fit, or there are no ticks.
    """
    spikes = np.asarray(spike_counts, np.float64)
    n_spiking = sum(network.n_spiking for network in networks)
    if spikes.shape != (n_spiking,) or n_ticks < 1:
        raise ParameterError(
            f"spikes of shape {spikes.shape} in {n_ticks} ticks; expected ({n_spiking},) in at "
            "least 1"
        )
    total, first = Counts(), 0
    for network in networks:
        last = first + network.n_spiking
        for counts in _parts(network, spikes[first:last] / n_ticks):
            total = total + counts
        first = last
    return total


def _parts(network: Network, rates: npt.NDArray[np.float64]) -> Iterator[Counts]:
    """Yield the work of each source and population, for spikes of each neuron in a decision."""
    fan_out = {p.name: np.zeros(p.size) for p in network.populations}
    fan_out[INPUT] = np.zeros(len(network.inputs))
    late: dict[str, int] = {}
    for c in network.connections:
        fan_out[c.source] += (weight_matrix(c, network) != 0).sum(axis=1)
        if c.delay_ticks:
            late[c.source] = max(late.get(c.source, 0), c.delay_ticks)
    ticks, first = network.sub_ticks, 0
    yield Counts(synapses=float(sum(map(np.sum, fan_out.values()))))
    yield Counts(multiply_accumulates=float(fan_out[INPUT].sum()) * ticks)
    for p in network.populations:
        c = NEURON_MODELS[p.params.model].coefficients(p.params, p.size, network.dt_s)
        update = _update(p, c, ticks)
        if p.params.spiking:
            own = rates[first : first + p.size]
            first += p.size
            soft = p.params.model == "iwta" or p.params.choice("reset", "") == "soft"
            yield Counts(
                spikes=float(own.sum()),
                accumulates=float(own @ fan_out[p.name]),
                reset_subtractions=float(own.sum()) * soft,
            )
        else:
            yield Counts(multiply_accumulates=float(fan_out[p.name].sum()) * ticks)
        yield update
    for source, depth in late.items():
        analog = source == INPUT or not network.population(source).params.spiking
        if analog and not (depth == 1 and _is_state(network, source)):
            yield Counts(state_words=2.0 * network.size_of(source) * ticks)


def _is_state(network: Network, source: str) -> bool:
    """Return True if the last output of a source is stored anyway."""
    if source == INPUT or network.population(source).params.model != "leaky_integrator":
        return False
    params = network.population(source).params
    return bool(np.any(params.expanded("tau_mem_s", network.size_of(source)) > 0.0))


def _update(population: Population, c: Any, ticks: int) -> Counts:
    """Return the work of the updates of a population in a decision."""
    size, model = population.size, population.params.model
    additions = _present(c.bias)
    products, words, stored = 0.0, float(_varies(c.bias)), 0.0
    for decay in (getattr(c, name, None) for name in ("decay_syn", "decay_mem")):
        if decay is not None:
            additions += _present(decay)
            products += _factors(decay)
            words += _varies(decay)
            stored += _present(decay)
    if hasattr(c, "gain"):
        products += _factors(c.gain)
        words += _varies(c.gain)
    if population.params.spiking:
        additions += size
        words += _varies(c.threshold)
    if model == "integrate_and_fire":
        stored += size
        additions += size + int((c.floor > -1e30).sum())
    elif model == "graded":
        additions += size + int(np.isfinite(c.ceiling).sum())
        words += _varies(np.where(np.isfinite(c.ceiling), c.ceiling, 0.0))
    elif model == "iwta":
        stored += size
        additions += 3.0 * size + 2.0 * float(np.isfinite(c.limit).sum())
        products += _factors(c.decay_adaptation) + _factors(c.adaptation)
        products += _factors(c.partner_adaptation)
        words += _varies(c.adaptation) + _varies(c.partner_adaptation)
        words += _varies(c.decay_adaptation)
    kind = "spiking_updates" if population.params.spiking else "analog_updates"
    return Counts(
        update_additions=additions * ticks,
        update_multiplications=products * ticks,
        parameter_words=words * ticks,
        state_words=2.0 * stored * ticks,
        **{kind: float(size * ticks)},
    )


def _present(values: npt.NDArray[np.float64]) -> float:
    return float((values != 0.0).sum())


def _factors(values: npt.NDArray[np.float64]) -> float:
    """Return the number of factors other than 0 and 1."""
    return float(((values != 0.0) & (values != 1.0)).sum())


def _varies(values: npt.NDArray[np.float64]) -> int:
    """Return the number of values to read: none if all are equal."""
    return 0 if np.all(values == values[0]) else values.size
