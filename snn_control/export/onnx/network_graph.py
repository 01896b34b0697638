"""Network as nodes of ONNX: one control tick, and the state before the first one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from snn_control.export.onnx.arithmetic import Tensor, added, bounded, scaled, settled_at, weighted
from snn_control.export.onnx.builder import Builder
from snn_control.export.onnx.neurons import Drives, coefficients, memory, step
from snn_control.network import (
    INPUT,
    Connection,
    Network,
    Population,
    expand,
    looped_populations,
    settling_passes,
)
from snn_control.network.matrices import weight_matrix
from snn_control.network.recurrence import ANALOG

__all__ = ["NetworkGraph", "Tick", "Variable"]


class Variable(NamedTuple):
    """State tensor."""

    owner: str
    """Population, or `INPUT`."""
    name: str
    """Variable of the neuron model, or `history`: outputs of the last ticks, newest first."""
    shape: tuple[int, ...]


States = dict[Variable, str]
"""Tensor of each state."""


class Tick(NamedTuple):
    """Tensors after a control tick."""

    states: States
    outputs: dict[str, str]
    """Outputs of each population in the last sub-tick."""
    spikes: list[str]
    """Spike counts of each spiking population."""


class NetworkGraph:
    """Nodes of a network.

    Args:
        network: network.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.coefficients = {p.name: coefficients(p, network.dt_s) for p in network.populations}
        self._weights = {
            id(c): expand(c.weights) if c.kind == "diagonal" else weight_matrix(c, network)
            for c in network.connections
        }
        self._depth: dict[str, int] = {}
        for c in network.connections:
            if c.delay_ticks:
                self._depth[c.source] = max(self._depth.get(c.source, 0), c.delay_ticks)
        self.variables = [
            Variable(p.name, name, (p.size,))
            for p in network.populations
            for name in memory(p, self.coefficients[p.name])
        ] + [
            Variable(source, "history", (depth, network.size_of(source)))
            for source, depth in self._depth.items()
        ]

    def tick(self, builder: Builder, states: States, inputs: str) -> Tick:
        """Add the nodes of one control tick.

        Args:
            builder: graph.
            states: tensors before the tick.
            inputs: tensor of shape (n_inputs,).
        """
        counts: dict[str, Tensor] = {}
        outputs: dict[str, str] = {}
        for _ in range(self.network.sub_ticks):
            states, outputs = self._sub_tick(builder, states, inputs)
            for p in self.network.populations:
                if p.params.spiking:
                    counts[p.name] = added(builder, (counts.get(p.name), outputs[p.name]))
        return Tick(states, outputs, [count for count in counts.values() if count is not None])

    def _sub_tick(
        self, builder: Builder, states: States, inputs: str
    ) -> tuple[States, dict[str, str]]:
        after: States = {}
        outputs = {INPUT: inputs}
        past = {v.owner: tensor for v, tensor in states.items() if v.name == "history"}
        for p in self.network.populations:
            adapts = [c for c in self._incoming(p) if c.port == "adaptation"]
            drives = Drives(
                self._drive(builder, p, "current", outputs, past),
                self._drive(builder, p, "adaptation", outputs, past),
                bool(adapts),
            )
            own = {v.name: tensor for v, tensor in states.items() if v.owner == p.name}
            result = step(builder, p, self.coefficients[p.name], own, drives)
            outputs[p.name] = result.output
            after |= {
                v: result.state[v.name]
                for v in states
                if v.owner == p.name and v.name in result.state
            }
        for v in states:
            if v.name == "history":
                after[v] = self._shifted(builder, v, past[v.owner], outputs[v.owner])
        return after, outputs

    def _incoming(self, population: Population) -> list[Connection]:
        return [c for c in self.network.connections if c.target == population.name]

    def _drive(
        self,
        builder: Builder,
        population: Population,
        port: str,
        outputs: dict[str, str],
        past: dict[str, str],
    ) -> Tensor:
        terms = []
        for c in self._incoming(population):
            if c.port == port:
                source = outputs.get(c.source, "")
                if c.delay_ticks:
                    row = builder.constant(c.delay_ticks - 1, np.int64)
                    source = builder.node("Gather", past[c.source], row)
                terms.append(weighted(builder, source, self._weights[id(c)]))
        return added(builder, terms)

    def _shifted(self, builder: Builder, variable: Variable, past: str, output: str) -> str:
        """Return the history after a tick."""
        depth = variable.shape[0]
        newest = builder.node("Unsqueeze", output, builder.constant([0], np.int64))
        if depth == 1:
            return newest
        older = builder.node("Gather", past, builder.constant(range(depth - 1), np.int64))
        return builder.node("Concat", newest, older, axis=0)

    def start(self, builder: Builder, inputs: str) -> States:
        """Add the nodes of the state before the first tick, whose inputs are `inputs`."""
        settled, currents = (
            self._settled(builder, inputs) if settling_passes(self.network) else ({}, {})
        )
        states = {}
        for v in self.variables:
            zeros = builder.constant(np.zeros(v.shape))
            if v.name == "history":
                tensor = settled.get(v.owner)
                shape = builder.constant(v.shape, np.int64)
                states[v] = builder.node("Expand", tensor, shape) if tensor else zeros
            elif v.name == "current":
                states[v] = currents.get(v.owner, zeros)
            else:
                analog = v.name == "potential" and v.owner in settled
                states[v] = settled[v.owner] if analog else zeros
        return states

    def _settled(self, builder: Builder, inputs: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return settled outputs of inputs and analog populations, and settled currents."""
        populations = [p for p in self.network.populations if p.params.model in ANALOG]
        carriers = [
            p for p in self.network.populations if hasattr(self.coefficients[p.name], "decay_syn")
        ]
        body = Builder(builder.dtype, builder)
        body.input(body.unique("pass"), (), np.int64)
        proceed = body.input(body.unique("condition"), (), np.bool_)
        outputs = {p.name: body.input(body.unique("settled"), (p.size,)) for p in populations}
        currents = {p.name: body.input(body.unique("current"), (p.size,)) for p in carriers}
        outputs[INPUT] = inputs
        self._pass(body, outputs, currents)
        body.output(body.unique("proceed"), proceed, (), np.bool_)
        for p in populations:
            body.output(body.unique("settled"), outputs[p.name], (p.size,))
        for p in carriers:
            body.output(body.unique("current"), currents[p.name], (p.size,))
        initial = [builder.constant(np.zeros(p.size)) for p in (*populations, *carriers)]
        passes = builder.constant(settling_passes(self.network), np.int64)
        always = builder.constant(True, np.bool_)
        results = builder.nodes(
            "Loop", (passes, always, *initial), len(initial), body=body.graph("settling_pass")
        )
        n = len(populations)
        named = dict(zip((p.name for p in populations), results[:n], strict=True))
        carried = dict(zip((p.name for p in carriers), results[n:], strict=True))
        return named | {INPUT: inputs}, carried

    def _pass(self, builder: Builder, outputs: dict[str, str], currents: dict[str, str]) -> None:
        """Add the nodes of one settling pass; replace the tensors by their new values."""
        looped = looped_populations(self.network)
        for p in self.network.populations:
            c = self.coefficients[p.name]
            terms = [
                weighted(builder, outputs.get(each.source), self._weights[id(each)])
                for each in self._incoming(p)
                if each.port == "current"
            ]
            bias = builder.constant(c.bias) if c.bias.any() else None
            drive = added(builder, (*terms, bias))
            zeros = builder.constant(np.zeros(p.size))
            if p.params.model == "graded":
                outputs[p.name] = bounded(builder, drive or zeros, np.zeros(p.size), c.ceiling)
            elif p.name in looped:
                past = scaled(builder, c.decay_syn, currents[p.name])
                current = added(builder, (past, drive))
                past = scaled(builder, c.decay_mem, outputs[p.name])
                output = added(builder, (past, scaled(builder, c.gain, current)))
                currents[p.name], outputs[p.name] = current or zeros, output or zeros
            elif p.name in currents:
                current = settled_at(builder, drive, c.decay_syn)
                currents[p.name] = current or zeros
                if p.name in outputs:
                    flow = scaled(builder, c.gain, current)
                    outputs[p.name] = settled_at(builder, flow, c.decay_mem) or zeros
