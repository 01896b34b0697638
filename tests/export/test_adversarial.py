"""Unusual networks in C: equal numbers, or refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from snn_control.engines.integer.engine import IntegerEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.export.c.engine import CEngine
from snn_control.export.c.source import c_source
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import IWTA, LIF, Graded, LeakyIntegrator
from snn_control.network.program import Program
from tests.export.test_c import pytestmark  # noqa: F401 - needs a compiler

NAMES = ("p", "p_theta", "p_potential", "p_past", "spikes", "int", "register", "0", "2nd layer")


def network(
    populations: list[Population], connections: list[Connection], sub_ticks: int = 1
) -> Network:
    """Return a network of the input `x` with a read-out of each population."""
    readouts = tuple(Readout(f"y{k}", p.name, 0) for k, p in enumerate(populations))
    return Network("odd", 0.01, ("x",), tuple(populations), tuple(connections), readouts,
                   sub_ticks)  # fmt: skip


def fed(population: Population, weight: float = 1.0) -> Network:
    return network(
        [population], [Connection("input", population.name, np.full((1, population.size), weight))]
    )


CASES = {
    "names": network(
        [Population(name, 2, IWTA(tau_mem_s=0.1)) for name in NAMES],
        [Connection(a, b, np.eye(2), delay_ticks=1)
         for a, b in itertools.pairwise(NAMES)]
        + [Connection("input", "p", np.ones((1, 2)))],
        3,
    ),
    "huge adaptation": fed(Population("p", 4, IWTA(1.0, 1e12, -1e12)), 3.0),
    "slow current": Network(
        "odd", 0.01, ("x",), (Population("p", 1, LeakyIntegrator(0.0, tau_syn_s=2e7)),),
        (Connection("input", "p", np.ones((1, 1))),), (Readout("y", "p", 0),), 1, "steady",
    ),
    "unused trace": fed(
        Population("p", 2, IWTA(tau_adaptation_s=np.array([0.1, 0.2]), own_spikes=False))
    ),
    "tiny thresholds": network(
        [Population("g", 5, Graded()), Population("p", 12, LIF(1e-12, reset="hard"))],
        [Connection("input", "g", np.ones((1, 5))),
         Connection("g", "p", np.random.default_rng(0).uniform(0.5e9, 1e9, (5, 12)))],
    ),
    "huge weight": fed(Population("p", 1, LIF(1e-9)), 1e300),
    "tiny weights": fed(Population("p", 1, LeakyIntegrator()), 1e-322),
    "huge threshold": fed(Population("p", 1, LIF(1.7e308, 0.01, 0.01))),
}  # fmt: skip
"""Networks that a careless generator gets wrong."""


@pytest.mark.parametrize("precision", ["float64", "int8"])
@pytest.mark.parametrize("name", CASES)
def test_unusual_networks(name: str, precision: str, tmp_path: Path) -> None:
    net = CASES[name]
    x = np.array([0.5, -0.3, 1.0, 1.0, 0.0, -2.0] * 4)[:, None]
    engine = ReferenceEngine(net) if precision == "float64" else IntegerEngine(net, 8)
    trace, expected = CEngine(net, precision, tmp_path).run(x), engine.run(x)
    np.testing.assert_array_equal(trace.readouts, expected.readouts)
    np.testing.assert_array_equal(trace.spikes, expected.spikes)


def test_numbers_between_sub_ticks_are_in_range() -> None:
    net = network(
        [Population("b", 1, LeakyIntegrator()), Population("c", 1, LeakyIntegrator(np.inf))],
        [Connection("input", "b", np.full((1, 1), 100.0)),
         Connection("input", "b", np.full((1, 1), -100.0), delay_ticks=1),
         Connection("b", "c", np.ones((1, 1)))],
        3,
    )  # fmt: skip
    x = np.array([[0.5], [0.5], [1.0], [-1.0]])
    expected = ReferenceEngine(net).run(x).readouts
    np.testing.assert_allclose(IntegerEngine(net, 16).run(x).readouts, expected, atol=0.1)


def test_a_library_in_the_same_folder_is_not_taken_for_another(tmp_path: Path) -> None:
    for weight in (1.0, 5.0):
        net = fed(Population("p", 1, LeakyIntegrator()), weight)
        assert CEngine(net, "float64", tmp_path).step([1.0])[0] == weight


def test_networks_without_a_form_are_refused() -> None:
    net = Network(
        "odd", 0.01, ("x", "z"), (Population("p", 1, LeakyIntegrator()),),
        (Connection("input", "p", np.array([[1e308], [-1e308]])),), (Readout("y", "p", 0),),
    )  # fmt: skip
    with pytest.raises(ParameterError, match="not finite"):
        IntegerEngine(net)
    bare = Network("odd", 0.01, ("x",), (Population("p", 1, LeakyIntegrator()),), (), ())
    with pytest.raises(ParameterError, match="without actions"):
        c_source(Program.of_network(bare), "odd", "float64")
