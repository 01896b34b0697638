"""NIR files that are written and read back: shipped, random and refused networks."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import load, model_names
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.export.nir.files import write_nir
from snn_control.export.nir.graph import nir_graph
from snn_control.export.nir.read import read_nir
from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.neurons import (
    IWTA,
    LIF,
    Graded,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)
from tests.engines.test_random_networks import connection, inputs
from tests.needs import NEEDS_TEST

nir = pytest.importorskip("nir", reason=NEEDS_TEST)

NETWORKS = [
    pytest.param(network, id=f"{name}-{network.name}")
    for name in model_names()
    if name != "pid"
    for network in load(name).networks
]


def require_equal(network: Network, x: np.ndarray, path: Path) -> Network:
    """Write a network, read it and compare the engines; return the network of the file."""
    write_nir(network, path)
    read = read_nir(path)
    expected, trace = ReferenceEngine(network).run(x), ReferenceEngine(read).run(x)
    np.testing.assert_array_equal(trace.spikes, expected.spikes)
    atol = 1e-12 * np.abs(expected.readouts).max(initial=1.0)
    np.testing.assert_allclose(trace.readouts, expected.readouts, rtol=0, atol=atol)
    return read


@pytest.mark.parametrize("network", NETWORKS)
def test_shipped_networks_come_back_or_are_refused(network: Network, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(0.0, 0.4, (300, len(network.inputs)))
    x[100:150], x[200:220] = 0.0, 20.0 * x[200:220]
    models = {p.params.model for p in network.populations}
    soft = any(p.params.choice("reset", "") == "soft" for p in network.populations)
    if soft or models & {"iwta", "graded"}:
        with pytest.raises(ParameterError, match="NIR cannot express"):
            write_nir(network, tmp_path / "a.nir")
        assert not list(tmp_path.iterdir())
        return
    read = require_equal(network, x, tmp_path / "a.nir")
    assert (read.name, read.start, read.inputs) == (network.name, network.start, network.inputs)
    assert [p.name for p in read.populations] == [p.name for p in network.populations]
    assert read.readouts == network.readouts
    assert read.control_period_s == network.control_period_s


def sayable_params(rng: np.random.Generator, size: int) -> NeuronParams:
    def each(low: float, high: float) -> Any:
        return rng.uniform(low, high, size) if rng.random() < 0.5 else rng.uniform(low, high)

    tau_syn, tau_mem = rng.choice([0.0, 0.02, 0.3]), rng.choice([0.0, 0.005, 0.05, np.inf])
    tau_syn = 0.0 if np.isinf(tau_mem) else tau_syn
    normalised, bias = bool(rng.integers(2)), each(-0.1, 0.2) if rng.random() < 0.5 else 0.0
    match rng.integers(3):
        case 0:
            return IntegrateAndFire(each(0.5, 2.0), bias, each(-0.1, 0.1), reset="hard")
        case 1:
            return LIF(each(0.2, 1.5), tau_syn, tau_mem, bias, each(-0.1, 0.1), "hard", normalised)
    return LeakyIntegrator(tau_mem if np.isfinite(tau_mem) else 0.1, tau_syn, bias, normalised)


def sayable_network(seed: int) -> Network:
    """Return a random network that NIR can express."""
    rng = np.random.default_rng(seed)
    sizes = [int(rng.choice([1, 2, 3, 6, 17])) for _ in range(rng.integers(1, 5))]
    populations = tuple(
        Population(f"p{k}", size, sayable_params(rng, size)) for k, size in enumerate(sizes)
    )
    named = {INPUT: int(rng.integers(1, 4))} | {p.name: p.size for p in populations}
    names, spiking = list(named), {p.name: p.params.spiking for p in populations}
    connections = []
    for _ in range(rng.integers(1, 9)):
        source, target = str(rng.choice(names)), str(rng.choice(names[1:]))
        analog = source != INPUT and not spiking[source]
        if not (analog and names.index(source) >= names.index(target)):  # would grow
            connections.append(connection(rng, named, names, source, target, False))
    readouts = tuple(
        Readout(f"y{k}", p.name, int(rng.integers(p.size))) for k, p in enumerate(populations)
    )
    return Network(
        "random", 0.01, tuple(f"x{k}" for k in range(named[INPUT])), populations,
        tuple(connections), readouts, start="steady" if rng.random() < 0.3 else "rest",
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_come_back(seed: int, tmp_path: Path) -> None:
    network = sayable_network(seed)
    require_equal(network, inputs(network, seed, 200), tmp_path / "a.nir")


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 100))
def test_many_random_networks_come_back(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 100):
        network = sayable_network(seed)
        require_equal(network, inputs(network, seed, 200), tmp_path / "a.nir")


def with_params(params: NeuronParams, sub_ticks: int = 1, size: int = 2) -> Network:
    return Network(
        "net", 0.1, ("x",), (Population("cells", size, params),),
        (Connection(INPUT, "cells", np.ones((1, size))),), (Readout("y", "cells"),), sub_ticks,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("network", "part"),
    [
        (with_params(LIF()), "soft reset of population 'cells' of network 'net'"),
        (with_params(IntegrateAndFire(floor=0.0, reset="hard")), "floor of the potential of"),
        (with_params(IWTA()), "threshold adaptation"),
        (with_params(Graded()), "graded neurons"),
        (with_params(LIF(reset="hard"), 3), "3 sub-ticks of network 'net'"),
        (with_params(LIF(tau_syn_s=np.inf, reset="hard")), "synaptic current without decay"),
        (with_params(LeakyIntegrator(np.inf, 0.1)), "synaptic current before a membrane"),
        (with_params(LeakyIntegrator(np.array([np.inf, 0.1]))), "with and without leak"),
    ],
)
def test_parts_that_nir_cannot_express_are_named(network: Network, part: str) -> None:
    with pytest.raises(ParameterError, match=part):
        nir_graph(network)


def test_the_file_has_the_order_that_hdf5_loses(tmp_path: Path) -> None:
    """Order of evaluation against that of the sorted names of a file."""
    leak, read = LeakyIntegrator(), (Readout("y", "a"),)
    network = Network(
        "net", 0.1, ("x",),
        (Population("zb", 1, leak), Population("b", 1, leak), Population("a", 1, leak)),
        (Connection(INPUT, "zb", np.ones((1, 1))), Connection("zb", "b", np.ones((1, 1))),
         Connection("b", "a", np.ones((1, 1)))), read,
    )  # fmt: skip
    require_equal(network, np.arange(10.0)[:, None], tmp_path / "a.nir")
    graph = nir.read(tmp_path / "a.nir")
    names = [name.decode() for name in graph.metadata["order"]]
    assert [name for name in names if "_to_" not in name] == ["input", "zb", "b", "a", "output"]
    assert list(graph.nodes) == sorted(graph.nodes)
    assert graph.metadata["dt"] == 0.1
    assert graph.metadata["start"] == "rest"


def test_equations_of_a_written_node() -> None:
    """Decays and gains of the network by forward Euler with the parameters of the file."""
    dt, tau_syn, tau_mem = 0.01, 0.05, 0.02
    params = LIF(0.7, tau_syn, tau_mem, 0.0, -0.2, "hard")
    node = nir_graph(dataclasses.replace(with_params(params, size=1), control_period_s=dt))
    node = node.nodes["cells"]
    assert type(node).__name__ == "CubaLIF"
    np.testing.assert_allclose(1.0 - dt / node.tau_mem, np.exp(-dt / tau_mem), rtol=1e-14)
    np.testing.assert_allclose(1.0 - dt / node.tau_syn, np.exp(-dt / tau_syn), rtol=1e-14)
    np.testing.assert_allclose(dt / node.tau_syn * node.w_in, 1.0, rtol=1e-14)
    np.testing.assert_allclose(dt / node.tau_mem * node.r, 1.0, rtol=1e-14)
    np.testing.assert_array_equal(node.v_reset, [-0.2])


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    names = ("output", "../a/b", 'x"\n', "é", "")
    populations = tuple(Population(name, 1, LeakyIntegrator()) for name in names)
    connections = tuple(Connection(INPUT, name, np.full((1, 1), 2.0)) for name in names)
    network = Network(
        "a/b", 0.1, ("in put",), populations, connections,
        tuple(Readout(f"y {name}", name) for name in names),
    )  # fmt: skip
    read = require_equal(network, np.ones((3, 1)), tmp_path / "a.nir")
    assert read.name == "a/b"
    assert read.readouts == network.readouts
    assert all(name.isidentifier() for name in nir.read(tmp_path / "a.nir").nodes)
