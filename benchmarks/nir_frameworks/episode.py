"""Closed loop: an altitude controller of the cells of another framework beside the original.

Both start at rest: other frameworks have no steady start.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nir
import numpy as np
import torch

from benchmarks.nir_frameworks.cells import cell_maker
from benchmarks.nir_frameworks.loop import MappedNetwork
from snn_control import load, make, rollout
from snn_control.controllers import Altitude
from snn_control.engines.reference import ReferenceEngine
from snn_control.export.nir.files import write_nir
from snn_control.network import Network

ENVIRONMENT = "BlimpAltitude-v0"


class MappedEngine:
    """Network as an engine of a controller, on the cells of a framework through a NIR file."""

    def __init__(self, network: Network, framework: str) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            write_nir(network, Path(scratch) / "network.nir")
            self._graph = nir.read(Path(scratch) / "network.nir")
        self._framework = framework
        self.reset()

    def reset(self) -> None:
        """Return to rest."""
        maker = cell_maker(self._framework, torch.float64)
        self._network = MappedNetwork(self._graph, maker, torch.float64)
        self.spikes = np.zeros(0)

    def step(self, inputs: Any) -> np.ndarray:
        """Advance one tick and return the read-outs."""
        with torch.no_grad():
            readouts, self.spikes = self._network.step(np.asarray(inputs))
        return readouts


class Difference(NamedTuple):
    """Difference of two episodes on the same seed."""

    n_ticks: int
    n_spikes: int
    """Spikes of the original."""
    spikes_equal: bool
    max_abs_error: float
    """Largest difference of a motor command."""


def run_beside(framework: str, model: str, duration_s: float, seed: int) -> Difference:
    """Run a shipped altitude controller and its copy in a framework on the same seed."""
    networks = [dataclasses.replace(each, start="rest") for each in load(model).networks]
    engines: list[Callable[[Network], Any]] = [
        ReferenceEngine, lambda network: MappedEngine(network, framework),
    ]  # fmt: skip
    traces = []
    for engine in engines:
        env = make(ENVIRONMENT, duration_s=duration_s)
        traces.append(rollout(Altitude(networks, engine), env, seed=seed).trace)
        env.close()
    first, second = traces
    spikes = [(trace["spike_tick"], trace["spike_neuron"]) for trace in traces]
    equal = all(np.array_equal(a, b) for a, b in zip(*spikes, strict=True))
    error = np.abs(first["motor_command"] - second["motor_command"]).max()
    return Difference(len(first["motor_command"]), first["spike_tick"].size, equal, float(error))
