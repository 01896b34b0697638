"""Reference engine: the equations in plain NumPy and float64, written for readability.

Sums run over connections as declared and over source neurons ascending, without silent ones; the
bias is added last. The native engine keeps this order and is thus bit-identical in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.engines.inputs import run_inputs, tick_inputs
from snn_control.engines.trace import Trace
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

__all__ = ["ReferenceEngine"]

FloatArray = npt.NDArray[np.float64]


class ReferenceEngine(Copied):
    """Engine for one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._coefficients = {
            p.name: NEURON_MODELS[p.params.model].coefficients(p.params, p.size, network.dt_s)
            for p in network.populations
        }
        self._weights = [expand(c.weights) for c in network.connections]
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick."""
        self._state: dict[str, Any] = {
            p.name: NEURON_MODELS[p.params.model].init(p.params, p.size)
            for p in self.network.populations
        }
        self._outputs = {p.name: np.zeros(p.size) for p in self.network.populations}
        self._outputs[INPUT] = np.zeros(len(self.network.inputs))
        self._history = [self._outputs] * self.network.max_delay_ticks
        self._fresh = True
        self._counts = np.zeros(self.network.n_spiking)

    @property
    def spikes(self) -> FloatArray:
        """Spikes of each spiking neuron in the last control tick, shape (n_spiking,)."""
        return self._counts

    @property
    def states(self) -> dict[str, Any]:
        """States of the populations by name, named tuples of the neuron models."""
        return self._state

    def step(self, inputs: npt.ArrayLike) -> FloatArray:
        """Advance one control tick.

        Args:
            inputs: inputs held during the sub-ticks, shape (n_inputs,).

        Returns:
            Read-outs, shape (n_readouts,).

        Raises:
            ParameterError: the inputs have another shape; the state is unchanged.
        """
        return self._advance(tick_inputs(inputs, self.network).astype(np.float64))[0]

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the current state over `inputs` of shape (n_ticks, n_inputs).

        Raises:
            ParameterError: the inputs have another shape; the state is unchanged.
        """
        rows = run_inputs(inputs, self.network, np.float64)
        ticks = [self._advance(row) for row in rows]
        return Trace(np.array([r for r, _ in ticks]), np.array([s for _, s in ticks]))

    def _advance(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self._fresh and self.network.start == "steady":
            self._settle(inputs)
        self._fresh = False
        counts = np.zeros(self.network.n_spiking)
        for _ in range(self.network.sub_ticks):
            self._tick(inputs)
            counts += np.concatenate([np.zeros(0), *self._spikes()])
        self._counts = counts
        readouts = [self._outputs[r.population][r.neuron] for r in self.network.readouts]
        return np.array(readouts), counts

    def _spikes(self) -> list[FloatArray]:
        return [self._outputs[p.name] for p in self.network.populations if p.params.spiking]

    def _tick(self, inputs: FloatArray) -> None:
        if self._history:
            self._history = [self._outputs, *self._history[:-1]]
        self._outputs = {INPUT: inputs}
        for population in self.network.populations:
            model = NEURON_MODELS[population.params.model]
            drives = {"drive": self._drive(population, "current")}
            if any(c.port == "adaptation" for c in self._incoming(population)):
                drives["adaptation_drive"] = self._drive(population, "adaptation")
            state = model.step(
                population.params,
                self._coefficients[population.name],
                self._state[population.name],
                **drives,
            )
            self._state[population.name] = state
            self._outputs[population.name] = state.output

    def _incoming(self, population: Population) -> list[Connection]:
        return [c for c in self.network.connections if c.target == population.name]

    def _drive(self, population: Population, port: str) -> FloatArray:
        drive = np.zeros(population.size)
        for weights, connection in zip(self._weights, self.network.connections, strict=True):
            if connection.target == population.name and connection.port == port:
                age = connection.delay_ticks
                outputs = self._history[age - 1] if age else self._outputs
                _add(drive, outputs[connection.source], weights, connection)
        return drive

    def _settle(self, inputs: FloatArray) -> None:
        """Set leaky integrators to their steady state for constant `inputs`."""
        settled = {p.name: np.zeros(p.size) for p in self.network.populations} | {INPUT: inputs}
        for _ in range(settling_passes(self.network)):
            self._settling_pass(settled)
        self._outputs = settled
        self._history = [settled] * self.network.max_delay_ticks

    def _settling_pass(self, settled: dict[str, FloatArray]) -> None:
        looped = looped_populations(self.network)
        for population in self.network.populations:
            drive = np.zeros(population.size)
            for weights, connection in zip(self._weights, self.network.connections, strict=True):
                if connection.target == population.name and connection.port == "current":
                    _add(drive, settled[connection.source], weights, connection)
            c, state = self._coefficients[population.name], self._state[population.name]
            if population.name in looped:
                state = NEURON_MODELS["leaky_integrator"].step(population.params, c, state, drive)
                self._state[population.name], settled[population.name] = state, state.output
                continue
            drive = c.bias + drive
            match population.params.model:
                case "lif" | "iwta":
                    self._state[population.name] = state._replace(
                        current=_steady_state(drive, c.decay_syn)
                    )
                case "leaky_integrator":
                    current = _steady_state(drive, c.decay_syn)
                    output = _steady_state(c.gain * current, c.decay_mem)
                    self._state[population.name] = state._replace(current=current, output=output)
                    settled[population.name] = output
                case "graded":
                    settled[population.name] = np.minimum(np.maximum(drive, 0.0), c.ceiling)


def _steady_state(drive: FloatArray, decay: FloatArray) -> FloatArray:
    """Return the steady state of `x = decay x + drive`; 0 for a perfect integrator."""
    leaky = decay < 1.0
    return np.where(leaky, drive / np.where(leaky, 1.0 - decay, 1.0), 0.0)


def _add(drive: FloatArray, source: FloatArray, weights: FloatArray, c: Connection) -> None:
    """Add the weighted `source` to `drive` in place, without silent sources."""
    match c.kind:
        case "dense":
            for k in np.flatnonzero(source):
                drive += source[k] * weights[k]
        case "diagonal":
            drive += source * weights
        case "block2":
            pairs = source.reshape(-1, 2)
            target = drive.reshape(-1, 2)
            target += pairs[:, :1] * weights[:, 0]
            target += pairs[:, 1:] * weights[:, 1]
        case "sparse":
            pre, post = c.synapses
            np.add.at(drive, post, source[pre] * weights)
