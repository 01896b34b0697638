"""Circuits: outputs of their network, and refused definitions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from snn_control.engines.native import NativeEngine
from snn_control.engines.reference import ReferenceEngine
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.network.circuit import Cell, Circuit, Edge, Strength
from snn_control.network.neurons import Graded


def circuit(**changes: Any) -> Circuit:
    """Return a circuit of two inputs that excite one of two cells and inhibit the other."""
    pair = Circuit(
        "pair",
        0.03,
        ("left", "right"),
        {"cells": Graded(ceiling=10.0)},
        (Cell("l", "cells", "left"), Cell("r", "cells", "right")),
        (
            Edge("right", "l", "inhibition"),
            Edge("left", "l", "excitation"),
            Edge("right", "r", "excitation"),
            Edge("left", "r", "inhibition"),
        ),
        {"excitation": Strength(2.0, 1), "inhibition": Strength(-0.5, -1)},
        ("l", "r"),
    )
    return dataclasses.replace(pair, **changes)


@pytest.mark.parametrize("engine", [ReferenceEngine, NativeEngine])
def test_edges_carry_their_strengths(engine: Any) -> None:
    outputs = engine(circuit().network()).step(np.array([1.0, 0.4]))
    assert outputs == pytest.approx([2.0 - 0.2, 0.8 - 0.5])
    outputs = engine(circuit().network({"excitation": 3.0})).step(np.array([1.0, 0.4]))
    assert outputs == pytest.approx([3.0 - 0.2, 1.2 - 0.5])


def test_edges_with_one_strength_name_share_its_value() -> None:
    weights: Any = circuit().network().connections[0].weights
    assert weights.values.tolist() == [2.0, -0.5]
    assert weights.expand().tolist() == [2.0, -0.5, -0.5, 2.0]


def test_outgoing_edges_of_dead_cells_are_removed() -> None:
    chain = circuit(
        layers={"cells": Graded(ceiling=10.0), "late": Graded(ceiling=10.0)},
        cells=(*circuit().cells, Cell("end", "late")),
        edges=(*circuit().edges, *(Edge(name, "end", "excitation") for name in "lr")),
        readouts=("end",),
    )
    inputs = np.array([1.0, 0.4])
    assert NativeEngine(chain.network()).step(inputs) == pytest.approx([2 * 1.8 + 2 * 0.3])
    assert NativeEngine(chain.network(dead_cells=["l"])).step(inputs) == pytest.approx([2 * 0.3])


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_strength_that_contradicts_its_sign_is_refused(value: float) -> None:
    with pytest.raises(ParameterError, match=r"excitation.*at least 0"):
        circuit().network({"excitation": value})
    with pytest.raises(ParameterError, match=r"excitation.*at least 0"):
        circuit(strengths={**circuit().strengths, "excitation": Strength(value, 1)})


def test_unknown_names_are_errors_with_suggestions() -> None:
    with pytest.raises(UnknownNameError, match=r"cell 'lift'.*`left`"):
        circuit(edges=(Edge("lift", "l", "excitation"),))
    with pytest.raises(UnknownNameError, match="cell 'left'"):
        circuit(edges=(Edge("l", "left", "excitation"),))  # an input cannot be a target
    with pytest.raises(UnknownNameError, match="strength 'excite'"):
        circuit(edges=(Edge("left", "l", "excite"),))
    with pytest.raises(UnknownNameError, match="layer"):
        circuit(cells=(Cell("l", "cell"), Cell("r", "cells")))
    with pytest.raises(UnknownNameError, match="cell 'x'"):
        circuit().network(dead_cells=["x"])
    with pytest.raises(ParameterError, match="duplicate cell or input name 'l'"):
        circuit(cells=(Cell("l", "cells"), Cell("l", "cells")))
