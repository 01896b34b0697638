"""ONNX models of a controller: one control tick with the state in and out, and its start.

| tensor | tick | start |
|---|---|---|
| `observation` | input, shape (n_observations,) | input: that of the first tick |
| `NAME` | input: state before the tick | output: state before the first tick |
| `NAME_next` | output: state after the tick | |
| `action` | output: sums of read-outs, shape (n_actions,) | |
| `readouts` | output: read-outs of all networks, shape (n_readouts,) | |
| `spikes` | output: spike counts, shape (n_spiking,) | |
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

import snn_control
from snn_control.errors import ParameterError
from snn_control.export.c.names import identifiers
from snn_control.export.onnx.arithmetic import added, selected
from snn_control.export.onnx.builder import Builder
from snn_control.export.onnx.network_graph import NetworkGraph, Variable
from snn_control.network import Network, expand
from snn_control.network.program import Program

__all__ = ["OnnxModels", "State", "onnx_models"]


@dataclass(frozen=True)
class State:
    """State tensor of the models."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class OnnxModels:
    """Models of a controller, each the content of a file."""

    tick: bytes
    start: bytes | None
    """None for a controller without state."""
    states: tuple[State, ...]
    """States in the order of the inputs."""


def onnx_models(program: Program, name: str, precision: str, model_sha256: str = "") -> OnnxModels:
    """Return the models of a controller.

    Args:
        program: controller as plain data.
        name: name of the models.
        precision: `float32` or `float64`.
        model_sha256: hash of the model's document.

    Raises:
        ParameterError: a number is outside the range of the precision.
        MissingExtraError: the package `onnx` is not installed.
    """
    for network in program.networks:
        _require_range(network, precision)
    graphs = [NetworkGraph(network) for network in program.networks]
    keys = [
        f"{graph.network.name} {v.owner} {v.name} {k}"
        for k, graph in enumerate(graphs)
        for v in graph.variables
    ]
    names = iter(identifiers(keys).values())
    states = [{v: next(names) for v in graph.variables} for graph in graphs]
    metadata = {
        "made_by": f"snn_control {snn_control.__version__}",
        "model_sha256": model_sha256,
        "control_period_s": repr(program.control_period_s),
        "observation": json.dumps(program.observation_names),
        "action": json.dumps(program.action_names),
    }
    dtype = np.dtype(precision)
    described = tuple(State(key, v.shape) for each in states for v, key in each.items())
    tick = _tick(program, graphs, states, dtype).model(name, metadata)
    if not described:
        return OnnxModels(tick, None, ())
    start = _start(program, graphs, states, dtype).model(f"{name}_start", metadata)
    return OnnxModels(tick, start, described)


def _require_range(network: Network, precision: str) -> None:
    values = {connection.label: expand(connection.weights) for connection in network.connections}
    for p in network.populations:
        for field in p.params.numeric_fields():
            values[f"{p.name}.{field.name}"] = expand(getattr(p.params, field.name))
    largest = float(np.finfo(precision).max)
    for label, numbers in values.items():
        if np.any(np.isfinite(numbers) & (np.abs(numbers) > largest)):
            raise ParameterError(
                f"network {network.name!r}, {label}: a number above {largest:g}, the largest of "
                f"{precision}; export with float64"
            )


def _inputs(builder: Builder, program: Program) -> list[str]:
    """Declare the observation; return the inputs of each network."""
    n = len(program.observation_names)
    observation = builder.input("observation", (n,))
    return [selected(builder, observation, n, feed) for feed in program.feeds]


def _tick(
    program: Program,
    graphs: list[NetworkGraph],
    states: list[dict[Variable, str]],
    dtype: np.dtype[np.floating],
) -> Builder:
    builder = Builder(dtype)
    inputs = _inputs(builder, program)
    for each in states:
        for v, name in each.items():
            builder.input(name, v.shape)
    ticks = [
        graph.tick(builder, each, x) for graph, each, x in zip(graphs, states, inputs, strict=True)
    ]
    readouts = _joined(
        builder,
        [
            selected(builder, tick.outputs[r.population], graph.network.size_of(r.population),
                     [r.neuron])
            for graph, tick in zip(graphs, ticks, strict=True)
            for r in graph.network.readouts
        ],
    )  # fmt: skip
    n = sum(len(graph.network.readouts) for graph in graphs)
    actions = [
        added(builder, (selected(builder, readouts, n, [index]) for index in indices))
        or builder.constant([0.0])
        for indices in program.sums
    ]
    builder.output("action", _joined(builder, actions), (len(actions),))
    builder.output("readouts", readouts, (n,))
    spikes = _joined(builder, [count for tick in ticks for count in tick.spikes])
    builder.output("spikes", spikes, (program.n_spiking,))
    for each, tick in zip(states, ticks, strict=True):
        for v, name in each.items():
            builder.output(f"{name}_next", tick.states[v], v.shape)
    return builder


def _start(
    program: Program,
    graphs: list[NetworkGraph],
    states: list[dict[Variable, str]],
    dtype: np.dtype[np.floating],
) -> Builder:
    builder = Builder(dtype)
    for graph, each, x in zip(graphs, states, _inputs(builder, program), strict=True):
        initial = graph.start(builder, x)
        for v, name in each.items():
            builder.output(name, initial[v], v.shape)
    return builder


def _joined(builder: Builder, tensors: list[str]) -> str:
    if not tensors:
        return builder.constant(np.zeros(0))
    return tensors[0] if len(tensors) == 1 else builder.node("Concat", *tensors, axis=0)
