"""Inputs of a wrong shape: an error in every engine, with the state unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativeEngine, NativePopulation
from snn_control.engines.reference import ReferenceEngine
from snn_control.engines.torch import TorchEngine
from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LeakyIntegrator

NETWORK = Network(
    "two",
    0.1,
    ("left", "right"),
    (Population("sum", 2, LeakyIntegrator(tau_mem_s=np.inf)),),
    (Connection("input", "sum", np.ones(2), "diagonal"),),
    (Readout("left", "sum", 0), Readout("right", "sum", 1)),
)


@pytest.mark.parametrize("engine", [NativeEngine, ReferenceEngine])
@pytest.mark.parametrize("wrong", [1.0, [1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], np.ones((2, 1))])
def test_tick_inputs_of_a_wrong_shape_leave_the_state_unchanged(engine: Any, wrong: Any) -> None:
    instance = engine(NETWORK)
    instance.step([1.0, 2.0])
    with pytest.raises(ParameterError, match=r"expected \(n_inputs,\).*n_inputs = 2: left, right"):
        instance.step(wrong)
    np.testing.assert_array_equal(instance.step(np.array([1.0, 2.0])), [2.0, 4.0])


@pytest.mark.parametrize("engine", [NativeEngine, ReferenceEngine, TorchEngine])
@pytest.mark.parametrize("shape", [(), (2,), (5, 1), (5, 3), (1, 5, 2)])
def test_run_inputs_of_a_wrong_shape_are_refused(engine: Any, shape: tuple[int, ...]) -> None:
    instance = engine(NETWORK)
    with pytest.raises(ParameterError, match=r"expected \(n_ticks, n_inputs\)"):
        instance.run(np.ones(shape))
    np.testing.assert_array_equal(instance.run(np.ones((3, 2))).readouts[-1], [3.0, 3.0])


@pytest.mark.parametrize("shape", [(5, 1), (3, 5, 2), (4, 5, 1), (1, 1, 5, 2)])
def test_population_inputs_must_be_for_one_or_all_networks(shape: tuple[int, ...]) -> None:
    layout = lay_out(NETWORK)
    population = NativePopulation(layout, *layout.rows([NETWORK] * 4))
    with pytest.raises(ParameterError, match=r"\[1 or 4,\] n_ticks, n_inputs"):
        population.run(np.ones(shape))


def test_rows_of_another_structure_are_refused() -> None:
    layout = lay_out(NETWORK)
    weights, coefficients = layout.rows([NETWORK] * 3)
    for rows in ((weights[:, :1], coefficients), (weights, coefficients[:2]), (weights[0],) * 2):
        with pytest.raises(ParameterError, match=r"expected \(\d+, 2\)"):
            NativePopulation(layout, *rows)


def test_batches_of_a_wrong_shape_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"\(n_ticks, batch, n_inputs\)"):
        TorchEngine(NETWORK)(torch.ones(5, 4, 1, dtype=torch.float64))
