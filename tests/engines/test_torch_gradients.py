"""Gradients of the torch engine, and the network that it returns."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from snn_control.engines.reference import ReferenceEngine
from snn_control.engines.torch import TorchEngine
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, Graded, LeakyIntegrator
from tests.conformance.networks import CASES, VARIANTS, inputs, make


def smooth(start: str = "rest") -> Network:
    """Return a network of leaky integrators and graded neurons in range, with loops and delays."""
    rng = np.random.default_rng(2)
    return Network(
        "smooth",
        0.01,
        ("a", "b"),
        (
            Population("trace", 4, LeakyIntegrator(tau_mem_s=0.03, tau_syn_s=0.02, bias=0.3)),
            Population("cells", 4, Graded(bias=np.array([8.9, 9.1, 9.0, 8.8]), ceiling=50.0)),
            Population("out", 1, LeakyIntegrator(tau_mem_s=0.05, normalised=True)),
        ),
        (
            Connection("input", "trace", rng.uniform(0.05, 0.2, (2, 4))),
            Connection("trace", "cells", Shared.mirrored(rng.uniform(0.1, 0.4, 2)), "diagonal"),
            Connection("cells", "cells", rng.uniform(-0.05, 0.05, (2, 2, 2)), "block2", 1),
            Connection("input", "cells", rng.uniform(0.0, 0.1, (2, 4)), delay_ticks=3),
            Connection(
                "cells", "out", rng.uniform(0.1, 0.4, 3), "sparse",
                pre=np.array([0, 1, 3]), post=np.zeros(3, np.int64),
            ),
        ),
        (Readout("y", "out"),),
        start=start,  # type: ignore[arg-type]
    )  # fmt: skip


def loss_of(network: Network, x: np.ndarray) -> float:
    return float(np.sum(ReferenceEngine(network).run(x).readouts ** 2))


@pytest.mark.parametrize("start", ["rest", "steady"])
def test_gradients_equal_differences_of_the_reference_engine(start: str) -> None:
    """Compare with finite differences of each free value, run by the reference engine."""
    x = np.abs(inputs(25)) + 0.1
    engine = TorchEngine(smooth(start))
    readouts, _ = engine(torch.as_tensor(x)[:, None])
    (readouts**2).sum().backward()
    checked = 0
    for name, raw in engine.raw.items():
        gradient = torch.zeros_like(raw) if raw.grad is None else raw.grad
        for position in np.ndindex(*raw.shape):
            with torch.no_grad():
                original, step = raw[position].item(), 1e-6
                losses = []
                for sign in (1, -1):
                    raw[position] = original + sign * step
                    losses.append(loss_of(engine.network(), x))
                raw[position] = original
            expected = (losses[0] - losses[1]) / (2 * step)
            assert gradient[position].item() == pytest.approx(expected, rel=1e-5, abs=1e-6), name
            checked += abs(expected) > 1e-3
    assert checked > 25


@pytest.mark.parametrize("variant", [v for v in VARIANTS if not v.startswith(("leaky", "graded"))])
def test_surrogate_gradients_reach_every_part_of_a_spiking_network(variant: str) -> None:
    engine = TorchEngine(make(variant, "dense"), alpha=10.0)
    readouts, spikes = engine(torch.as_tensor(inputs(60))[:, None])
    assert 0 < spikes.mean() < 1
    readouts.sum().backward()
    for name in ("connection0", "connection2", "connection3", "connection5", "cells__threshold"):
        gradient = engine.raw[name].grad
        assert gradient is not None, name
        assert torch.isfinite(gradient).all(), name
        assert gradient.abs().max() > 1e-9, name


def test_surrogate_gradient_descent_reaches_a_target_rate() -> None:
    """Train a neuron with a low rate to fire every second tick."""
    network = Network(
        "rate",
        0.01,
        ("x",),
        (
            Population("cell", 1, LIF(tau_mem_s=0.05, normalised=True)),
            Population("mean", 1, LeakyIntegrator(tau_mem_s=0.2, normalised=True)),
        ),
        (
            Connection("input", "cell", np.array([[1.2]])),
            Connection("cell", "mean", np.ones((1, 1))),
        ),
        (Readout("y", "mean"),),
    )
    engine = TorchEngine(network, alpha=10.0)
    optimiser = torch.optim.Adam([engine.raw["connection0"]], lr=0.2)
    x = torch.ones(100, 1, 1, dtype=torch.float64)
    for _ in range(40):
        optimiser.zero_grad()
        loss = (engine(x)[0][50:] - 0.5).pow(2).mean()
        loss.backward()
        optimiser.step()
    trained = ReferenceEngine(engine.network()).run(np.ones((150, 1)))
    assert trained.spikes[60:].mean() == pytest.approx(0.5, abs=0.1)
    assert ReferenceEngine(network).run(np.ones((150, 1))).spikes[60:].mean() < 0.2


def trained(network: Network, steps: int = 3, lr: float = 0.05) -> Network:
    engine = TorchEngine(network, alpha=10.0)
    optimiser = torch.optim.SGD(engine.parameters(), lr=lr)
    for _ in range(steps):
        optimiser.zero_grad()
        engine(torch.as_tensor(inputs(40))[:, None])[0].pow(2).sum().backward()
        torch.nn.utils.clip_grad_norm_(engine.parameters(), 1.0)
        optimiser.step()
    return engine.network()


def with_cells(network: Network, changes: dict[str, Any]) -> Network:
    """Change parameters of the population `cells`."""
    populations = tuple(
        dataclasses.replace(p, params=dataclasses.replace(p.params, **changes))
        if p.name == "cells"
        else p
        for p in network.populations
    )
    return dataclasses.replace(network, populations=populations)


def test_shared_parameters_stay_shared_under_an_optimiser() -> None:
    shared: dict[str, Any] = {
        "threshold": Shared.paired([0.7, 0.8, 0.9]),
        "tau_mem_s": Shared.paired([0.03, 0.05, 0.0]),
    }
    network = with_cells(make("lif-soft", "shared"), shared)
    after = trained(network)
    for k in (2, 3, 4):
        old, new = network.connections[k].weights, after.connections[k].weights
        assert isinstance(new, Shared)
        assert isinstance(old, Shared)
        np.testing.assert_array_equal(new.index, old.index)
        np.testing.assert_array_equal(new.sign, old.sign)
        assert not np.array_equal(new.values, old.values)
        full = new.expand()
        np.testing.assert_array_equal(full[0::2], -full[1::2])
    params: Any = after.population("cells").params
    threshold, tau = params.expanded("threshold", 6), params.expanded("tau_mem_s", 6)
    np.testing.assert_array_equal(threshold[0::2], threshold[1::2])
    np.testing.assert_array_equal(tau[0::2], tau[1::2])
    assert np.all(tau[:4] > 0)
    assert np.all(tau[4:] == 0)


def test_time_constants_stay_positive_and_extremes_stay_fixed() -> None:
    network = with_cells(
        make("iwta-own", "dense"), {"tau_mem_s": 0.02, "tau_syn_s": 0.0, "tau_adaptation_s": np.inf}
    )
    after: Any = trained(network, lr=5.0)
    cells = after.population("cells").params
    assert cells.tau_syn_s == 0.0
    assert cells.tau_adaptation_s == np.inf
    assert 0 < cells.tau_mem_s < np.inf
    assert cells.tau_mem_s != 0.02


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_the_returned_network_equals_the_original(case: tuple[str, str]) -> None:
    network = make(*case)
    returned = TorchEngine(network).network()
    for old, new in zip(network.connections, returned.connections, strict=True):
        assert type(new.weights) is type(old.weights)
        assert (new.kind, new.delay_ticks, new.port) == (old.kind, old.delay_ticks, old.port)
    x = inputs(150)
    expected, trace = ReferenceEngine(network).run(x), ReferenceEngine(returned).run(x)
    np.testing.assert_array_equal(trace.spikes, expected.spikes)
    np.testing.assert_allclose(trace.readouts, expected.readouts, rtol=1e-9, atol=1e-12)


def test_rows_of_a_batch_are_independent() -> None:
    network = make("iwta-own", "dense")
    x = np.stack([inputs(80, seed=k) for k in range(3)], axis=1)
    engine = TorchEngine(network)
    with torch.no_grad():
        readouts, spikes = engine(torch.as_tensor(x))
    for k in range(3):
        single = ReferenceEngine(network).run(x[:, k])
        np.testing.assert_array_equal(spikes[:, k].numpy(), single.spikes)
        np.testing.assert_allclose(readouts[:, k].numpy(), single.readouts, atol=1e-9)
