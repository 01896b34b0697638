"""Engine `integer`: a network in fixed point, written for readability; exported C has its bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.engines.inputs import run_inputs, tick_inputs
from snn_control.engines.integer.arithmetic import (
    DECAY_BITS,
    GAIN_BITS,
    IntArray,
    add,
    clip,
    rescale,
)
from snn_control.engines.integer.formats import NetworkFormat, PopulationFormat
from snn_control.engines.integer.quantise import network_format
from snn_control.engines.trace import Trace
from snn_control.errors import ParameterError
from snn_control.network import INPUT, Network, looped_populations, settling_passes
from snn_control.network.neurons.iwta import partner

__all__ = ["IntegerEngine"]

State = dict[str, IntArray]


class IntegerEngine(Copied):
    """Engine for one network in fixed point.

    Args:
        network: network, or its integer formats.
        bits: bits of a weight with its sign, for a network.

    Raises:
        ParameterError: see `network_format`.
    """

    def __init__(self, network: Network | NetworkFormat, bits: int = 8) -> None:
        self.format = (
            network if isinstance(network, NetworkFormat) else network_format(network, bits)
        )
        self.network = self.format.network
        self._looped = looped_populations(self.network)
        self._incoming = {
            (name, port): self.format.incoming(name, port)
            for name in self.format.populations
            for port in ("current", "adaptation")
        }
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick."""
        network = self.network
        self._state: dict[str, State] = {
            p.name: _resting(self.format.populations[p.name]) for p in network.populations
        }
        self._outputs = {p.name: np.zeros(p.size, np.int64) for p in network.populations}
        self._outputs[INPUT] = np.zeros(len(network.inputs), np.int64)
        self._history = [self._outputs] * network.max_delay_ticks
        self._fresh = True
        self._counts = np.zeros(network.n_spiking, np.int64)

    @property
    def spikes(self) -> npt.NDArray[np.float64]:
        """Spikes of each spiking neuron in the last control tick, shape (n_spiking,)."""
        return self._counts.astype(np.float64)

    def step(self, inputs: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Advance one control tick.

        Args:
            inputs: inputs held during the sub-ticks, finite, shape (n_inputs,).

        Returns:
            Read-outs, shape (n_readouts,).

        Raises:
            ParameterError: another shape, or not finite; the state is unchanged.
        """
        return self._real(self.advance(self._quantised(tick_inputs(inputs, self.network))))

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the current state over `inputs` of shape (n_ticks, n_inputs).

        Raises:
            ParameterError: the inputs have another shape, or one is not finite; the state is
                unchanged.
        """
        rows = self._quantised(run_inputs(inputs, self.network, np.float64))
        ticks = [(self._real(self.advance(row)), self.spikes) for row in rows]
        return Trace(np.array([r for r, _ in ticks]), np.array([s for _, s in ticks]))

    def advance(self, inputs: IntArray) -> IntArray:
        """Advance one control tick in integers.

        Args:
            inputs: multiples of each input's lsb, within 16 bits, shape (n_inputs,).

        Returns:
            Read-outs in units of 2^-exponent of their populations, shape (n_readouts,).
        """
        if self._fresh and self.network.start == "steady":
            self._settle(inputs)
        self._fresh = False
        counts = np.zeros(self.network.n_spiking, np.int64)
        for _ in range(self.network.sub_ticks):
            self._tick(inputs)
            counts += np.concatenate([np.zeros(0, np.int64), *self._spikes()])
        self._counts = counts
        return np.array([self._outputs[r.population][r.neuron] for r in self.network.readouts])

    def _quantised(self, inputs: npt.NDArray[Any]) -> IntArray:
        if not np.isfinite(inputs).all():
            raise ParameterError(f"inputs {inputs.tolist()}: expected finite numbers")
        columns = zip(self.format.inputs, inputs.T, strict=True)
        return np.array([form.quantised(column) for form, column in columns], np.int64).T

    def _real(self, readouts: IntArray) -> npt.NDArray[np.float64]:
        names = [readout.population for readout in self.network.readouts]
        exponents = [self.format.output_exponent(name) for name in names]
        return np.ldexp(readouts.astype(np.float64), np.negative(exponents))

    def _spikes(self) -> list[IntArray]:
        return [self._outputs[p.name] for p in self.network.populations if p.params.spiking]

    def _tick(self, inputs: IntArray) -> None:
        if self._history:
            self._history = [self._outputs, *self._history[:-1]]
        self._outputs = {INPUT: inputs}
        for form in self.format.populations.values():
            name, c = form.population.name, form.coefficients
            drive = clip(c["bias"] + self._drive(form, "current"))
            if form.model == "iwta":
                adapted = bool(self._incoming[name, "adaptation"])
                extra = clip(self._drive(form, "adaptation")) if adapted else None
                state = _iwta(form, self._state[name], drive, extra)
            else:
                state = _STEPS[form.model](form, self._state[name], drive)
            self._state[name], self._outputs[name] = state, state["output"]

    def _drive(self, form: PopulationFormat, port: str, settled: State | None = None) -> IntArray:
        """Return the sum of the rescaled connections, each within the share of its target."""
        drive = np.zeros(form.population.size, np.int64)
        for each in self._incoming[form.population.name, port]:
            age = 0 if settled else each.connection.delay_ticks
            outputs = settled or (self._history[age - 1] if age else self._outputs)
            summed = outputs[each.connection.source] @ each.weights
            drive += clip(each.rescaling(summed), form.drive_limit)
        return drive

    def _settle(self, inputs: IntArray) -> None:
        """Set leaky integrators to their steady state for constant `inputs`."""
        sizes = {p.name: p.size for p in self.network.populations}
        settled = {name: np.zeros(size, np.int64) for name, size in sizes.items()}
        settled[INPUT] = inputs
        for _ in range(settling_passes(self.network)):
            for form in self.format.populations.values():
                self._settle_population(form, settled)
        self._outputs = settled
        self._history = [settled] * self.network.max_delay_ticks

    def _settle_population(self, form: PopulationFormat, settled: State) -> None:
        name, c, state = form.population.name, form.coefficients, self._state[form.population.name]
        drive = clip(c["bias"] + self._drive(form, "current", settled))
        if name in self._looped:
            self._state[name] = _leaky(form, state, drive)
            settled[name] = self._state[name]["output"]
        elif form.model == "graded":
            settled[name] = _graded(form, state, drive)["output"]
        elif form.steady is not None:
            current, output = form.steady
            state["current"] = clip(current(drive))
            if form.model == "leaky_integrator":
                settled[name] = clip(output(state["current"]), form.limit)
                state["output"] = settled[name]


def _resting(form: PopulationFormat) -> State:
    zeros = np.zeros(form.population.size, np.int64)
    state = dict.fromkeys(("current", "potential", "trace", "output"), zeros)
    return state | {"theta": form.coefficients.get("compared", zeros)}


def _current(form: PopulationFormat, state: State, drive: IntArray) -> IntArray:
    return add(rescale(state["current"], form.coefficients["decay_syn"], DECAY_BITS), drive)


def _filtered(form: PopulationFormat, before: IntArray, current: IntArray) -> IntArray:
    c = form.coefficients
    return add(rescale(before, c["decay_mem"], DECAY_BITS), rescale(current, c["gain"], GAIN_BITS))


def _before(form: PopulationFormat, state: State) -> IntArray:
    """Return the potential before a tick."""
    if form.population.params.choice("reset", "soft") == "hard":
        return np.where(state["output"], form.coefficients["reset_potential"], state["potential"])
    return state["potential"]


def _fired(form: PopulationFormat, state: State, potential: IntArray) -> State:
    """Return the state after the soft reset and the comparison."""
    c = form.coefficients
    if form.population.params.choice("reset", "soft") == "soft":
        potential = clip(potential - state["output"] * c["threshold"])
    return {"potential": potential, "output": (potential > c["compared"]).astype(np.int64)}


def _lif(form: PopulationFormat, state: State, drive: IntArray) -> State:
    current = _current(form, state, drive)
    potential = _filtered(form, _before(form, state), current)
    return state | {"current": current} | _fired(form, state, potential)


def _integrate_and_fire(form: PopulationFormat, state: State, drive: IntArray) -> State:
    potential = np.maximum(add(_before(form, state), drive), form.coefficients["floor"])
    return state | _fired(form, state, potential)


def _leaky(form: PopulationFormat, state: State, drive: IntArray) -> State:
    current = _current(form, state, drive)
    output = clip(_filtered(form, state["output"], current), form.limit)
    return state | {"current": current, "output": output}


def _graded(form: PopulationFormat, state: State, drive: IntArray) -> State:
    return state | {"output": np.minimum(np.maximum(drive, 0), form.coefficients["ceiling"])}


def _iwta(form: PopulationFormat, state: State, drive: IntArray, extra: IntArray | None) -> State:
    c, spikes = form.coefficients, state["output"]
    current = _current(form, state, drive)
    potential = clip(_filtered(form, state["potential"], current) - spikes * state["theta"])
    trace = state["trace"]
    if form.population.params.choice("own_spikes", False):
        trace = add(rescale(trace, c["decay_adaptation"], DECAY_BITS), spikes * form.trace_unit)
    if extra is not None:
        trace = add(rescale(trace, c["decay_adaptation"], DECAY_BITS), extra)
    trace = np.minimum(np.maximum(trace, -c["limit"]), c["limit"])
    theta = c["compared"]
    for effect, of in ((form.own, trace), (form.cross, partner(trace))):
        if effect is not None:
            theta = add(theta, clip(effect(of)))
    return {
        "current": current, "potential": potential, "trace": trace, "theta": theta,
        "output": (potential > theta).astype(np.int64),
    }  # fmt: skip


_STEPS = {
    "lif": _lif,
    "integrate_and_fire": _integrate_and_fire,
    "leaky_integrator": _leaky,
    "graded": _graded,
}
