"""Parts of exports: matrices of weights, sums of read-outs, differences of traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError
from snn_control.export.c.replay import trace_inputs
from snn_control.export.run_program import (
    ProgramTrace,
    add_readouts,
    deviation,
    run_program,
)
from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.matrices import weight_matrix
from snn_control.network.neurons import LeakyIntegrator

EXPECTED = ProgramTrace(np.array([[1.0, -200.0]]), np.array([[1.0, 0.0]]), np.array([[-199.0]]))


@pytest.mark.parametrize(
    ("kind", "weights", "synapses"),
    [
        ("dense", np.arange(16.0).reshape(4, 4), {}),
        ("diagonal", np.array([1.0, 2.0, 0.0, -1.0]), {}),
        ("block2", np.arange(1.0, 9.0).reshape(2, 2, 2), {}),
        ("sparse", np.array([1.0, 2.0, 4.0]),
         {"pre": np.array([0, 3, 3]), "post": np.array([2, 1, 1])}),
    ],
)  # fmt: skip
def test_a_matrix_of_weights_is_that_of_the_engine(
    kind: Any, weights: np.ndarray, synapses: dict[str, Any]
) -> None:
    net = Network(
        "net", 0.1, ("a", "b", "c", "d"), (Population("y", 4, LeakyIntegrator()),),
        (Connection(INPUT, "y", weights, kind, **synapses),),
        tuple(Readout(f"y{k}", "y", k) for k in range(4)),
    )  # fmt: skip
    engine = ReferenceEngine(net)
    rows = [engine.step(row) for row in np.eye(4)]
    np.testing.assert_array_equal(weight_matrix(net.connections[0], net), rows)


def test_actions_are_those_of_the_controller_from_a_start_that_is_not_zero() -> None:
    controller = load("blimp-altitude", engine=ReferenceEngine)
    program = controller.to_program()
    x = trace_inputs(program.usual, "float64")
    assert x.shape == (400, 1)
    assert x[0] != 0.0
    trace = run_program(program, ReferenceEngine, x)
    np.testing.assert_array_equal(trace.actions, [controller.step(row) for row in x])
    np.testing.assert_array_equal(add_readouts(program, trace.readouts), trace.actions)


def test_differences_by_hand() -> None:
    other = EXPECTED._replace(readouts=np.array([[1.0, -199.0]]), spikes=np.array([[0.0, 3.0]]))
    difference = deviation(other, EXPECTED)
    assert difference == (2, 1.0, 1.0 / 200.0)
    with pytest.raises(ParameterError, match="in 2 spike counts, read-outs by up to 1"):
        difference.require_within(0.1, "reference")
    same = deviation(EXPECTED, EXPECTED)
    same.require_within(0.0, "reference")
    assert same.entry(1, "reference", "the file")["spike_mismatches"] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -199.0])
def test_a_difference_above_the_tolerance_or_a_nan_is_refused(value: float) -> None:
    other = EXPECTED._replace(readouts=np.array([[1.0, value]]))
    with pytest.raises(ParameterError, match="nothing is written"):
        deviation(other, EXPECTED).require_within(1e-3, "reference")
