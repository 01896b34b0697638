"""Random networks: the native engine is bit-identical to the reference engine."""

from __future__ import annotations

import dataclasses
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativeEngine, NativePopulation
from snn_control.engines.reference import ReferenceEngine
from snn_control.network import INPUT, Connection, Network, Population, Readout, expand
from snn_control.network.neurons import (
    IWTA,
    LIF,
    Graded,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)

DT_S = 0.01


def params(rng: np.random.Generator, size: int) -> NeuronParams:
    def tau() -> Any:
        return rng.choice([0.0, 0.005, 0.03, np.inf, rng.uniform(0.001, 0.1)])

    def each(low: float, high: float) -> Any:
        return rng.uniform(low, high, size) if rng.random() < 0.5 else rng.uniform(low, high)

    reset: Any = rng.choice(["soft", "hard"])
    normalised = bool(rng.integers(2))
    match rng.integers(5):
        case 0:
            return IntegrateAndFire(each(0.5, 2.0), each(-0.1, 0.2), 0.1, -3.0, str(reset))  # type: ignore[arg-type]
        case 1:
            return LIF(
                each(0.2, 1.5), tau(), tau(), each(-0.1, 0.2), 0.05, str(reset), normalised  # type: ignore[arg-type]
            )  # fmt: skip
        case 2:
            return IWTA(
                each(0.3, 1.2), each(-0.2, 0.2), each(-0.2, 0.2), tau(), rng.choice([np.inf, 3.0]),
                tau(), tau(), each(-0.1, 0.2), bool(rng.integers(2)), normalised,
            )  # fmt: skip
        case 3:
            return LeakyIntegrator(
                rng.choice([0.0, 0.02]), rng.choice([0.0, 0.01]), 0.01, normalised
            )
    return Graded(each(-0.2, 0.2), rng.choice([np.inf, 1.0]))


def connection(
    rng: np.random.Generator, sizes: dict[str, int], names: list[str], source: str, target: str,
    adapts: bool,
) -> Connection:  # fmt: skip
    n, m = sizes[source], sizes[target]
    kinds = ["dense", "sparse"] + ["diagonal"] * (n == m) + ["block2"] * (n == m and n % 2 == 0)
    kind: Any = str(rng.choice(kinds))
    forward = names.index(source) < names.index(target)
    delay = int(rng.integers(0 if forward else 1, 5))
    count = int(rng.integers(0, 2 * n * m))
    shape = {"dense": (n, m), "sparse": (count,), "diagonal": (n,), "block2": (n // 2, 2, 2)}[kind]
    weights = rng.normal(0, 0.7 / np.sqrt(n), shape) * (rng.random(shape) < 0.8)
    sparse = kind == "sparse"
    return Connection(
        source, target, weights, kind, delay, "adaptation" if adapts else "current",
        np.sort(rng.integers(0, n, count)) if sparse else None,
        rng.integers(0, m, count) if sparse else None,
    )  # fmt: skip


def random_network(seed: int) -> Network:
    rng = np.random.default_rng(seed)
    populations = []
    for k in range(rng.integers(1, 5)):
        size = int(rng.choice([1, 2, 3, 6, 17, 40]))
        populations.append(Population(f"p{k}", size, params(rng, size)))
    sizes = {INPUT: int(rng.integers(1, 4))} | {p.name: p.size for p in populations}
    names = list(sizes)
    connections = []
    for _ in range(rng.integers(1, 9)):
        source, target = str(rng.choice(names)), str(rng.choice(names[1:]))
        model = populations[int(target[1:])].params.model
        adapts = model == "iwta" and rng.random() < 0.3
        connections.append(connection(rng, sizes, names, source, target, adapts))
    readouts = tuple(
        Readout(f"y{k}", p.name, int(rng.integers(p.size))) for k, p in enumerate(populations)
    )
    return Network(
        "random", DT_S * (sub := int(rng.integers(1, 4))),
        tuple(f"x{k}" for k in range(sizes[INPUT])), tuple(populations), tuple(connections),
        readouts, sub, "steady" if rng.random() < 0.3 else "rest",
    )  # fmt: skip


def inputs(network: Network, seed: int, n_ticks: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(0.3, 1.0, (n_ticks, len(network.inputs)))
    return x * (rng.random(x.shape) < 0.8)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_native_equals_reference_bit_for_bit(seed: int) -> None:
    network = random_network(seed)
    x = inputs(network, seed)
    with np.errstate(over="ignore", invalid="ignore"):
        reference = ReferenceEngine(network).run(x)
    native = NativeEngine(network)
    trace = native.run(x)
    np.testing.assert_array_equal(trace.spikes, reference.spikes)
    np.testing.assert_array_equal(trace.readouts, reference.readouts)
    native.reset()
    for k, row in enumerate(x):
        np.testing.assert_array_equal(native.step(row), reference.readouts[k])
        np.testing.assert_array_equal(native.spikes, reference.spikes[k])


def variant(network: Network, rng: np.random.Generator) -> Network:
    """Return a network of the same structure with varied parameter values."""

    def varied(p: Population) -> Population:
        changed = {}
        for field in p.params.numeric_fields():
            values = p.params.expanded(field.name, p.size)
            changed[field.name] = values * rng.uniform(0.8, 1.25, p.size)
        return dataclasses.replace(p, params=dataclasses.replace(p.params, **changed))

    return dataclasses.replace(
        network,
        populations=tuple(varied(p) for p in network.populations),
        connections=tuple(
            dataclasses.replace(
                c, weights=expand(c.weights) * rng.uniform(0.7, 1.3, expand(c.weights).shape)
            )
            for c in network.connections
        ),
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_population_equals_its_members_bit_for_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    template = random_network(seed)
    members = [template, *(variant(template, rng) for _ in range(6))]
    layout = lay_out(template)
    x = np.stack([inputs(template, 100 * seed + k) for k in range(len(members))])
    population = NativePopulation(layout, *layout.rows(members))
    traces = [population.run(x, threads=n) for n in (1, 2, None)]
    for trace in traces[1:]:
        np.testing.assert_array_equal(trace.readouts, traces[0].readouts)
        np.testing.assert_array_equal(trace.spikes, traces[0].spikes)
    for k, member in enumerate(members):
        single = NativeEngine(member).run(x[k])
        np.testing.assert_array_equal(traces[0].readouts[k], single.readouts)
        assert traces[0].spikes[k] == single.spikes.sum()
    assert len({trace.tobytes() for trace in traces[0].readouts}) > 1


def test_the_number_of_threads_is_restored() -> None:
    before = numba.get_num_threads()
    network = random_network(3)
    layout = lay_out(network)
    NativePopulation(layout, *layout.rows([network])).run(inputs(network, 0), threads=1)
    assert numba.get_num_threads() == before


def test_a_step_returns_a_view_that_the_next_step_overwrites() -> None:
    """Controllers copy the view, as documented."""
    network = random_network(5)
    engine = NativeEngine(network)
    before = engine.spikes
    first, second = (engine.step(row) for row in inputs(network, 0)[:2])
    assert first is second
    assert np.shares_memory(before, engine.spikes)


def test_a_run_continues_from_the_current_state() -> None:
    network = random_network(7)
    x = inputs(network, 1)
    for engine in (NativeEngine(network), ReferenceEngine(network)):
        whole = engine.run(x).readouts
        engine.reset()
        parts = [
            engine.run(x[:20]).readouts,
            engine.run(x[20:21]).readouts,
            engine.run(x[21:]).readouts,
        ]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
