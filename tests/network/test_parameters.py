"""Invalid parameters and networks: errors on construction that name the field."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, PARAMETERS, LeakyIntegrator, NeuronParams

NUMBERS = [
    (model, field.name, field.metadata)
    for model, params in PARAMETERS.items()
    for field in params.numeric_fields()
]


def network(params: NeuronParams, size: int = 2, **changes: Any) -> Network:
    fields: dict[str, Any] = {
        "name": "n",
        "control_period_s": 0.1,
        "inputs": ("x",),
        "populations": (Population("cells", size, params),),
        "connections": (Connection("input", "cells", np.ones((1, size))),),
        "readouts": (Readout("y", "cells"),),
    }
    return Network(**(fields | changes))


@pytest.mark.parametrize(("model", "name", "limits"), NUMBERS)
def test_every_number_is_checked(model: str, name: str, limits: Any) -> None:
    wrong: list[Any] = [np.nan, -np.inf, [0.1, np.nan], [0.1, 0.2, 0.3], [[0.1, 0.2]], "fast", None]
    if np.isfinite(limits["low"]):
        wrong += [limits["low"] - 1e-9, [0.1, -5.0], Shared.mirrored([0.3])]
    wrong += [] if limits["infinite"] else [np.inf]
    for value in wrong:
        value = np.array(value) if isinstance(value, list) else value
        with pytest.raises(ParameterError, match=rf"cells\.{name}: "):
            network(PARAMETERS[model](**{name: value}))
    for value in (0.5, [0.1, 0.2], Shared.paired([0.3]), *([np.inf] if limits["infinite"] else [])):
        value = np.array(value) if isinstance(value, list) else value
        network(PARAMETERS[model](**{name: value}))


def test_errors_of_time_constants_name_the_unit() -> None:
    with pytest.raises(ParameterError, match=r"cells\.tau_mem_s: -0\.02 is below 0 \(unit s\)"):
        network(LIF(tau_mem_s=-0.02))


@pytest.mark.parametrize("model", PARAMETERS)
def test_every_choice_is_checked(model: str) -> None:
    for field in PARAMETERS[model].choice_fields():
        for choice in PARAMETERS[model].choices(field.name):
            network(PARAMETERS[model](**{field.name: choice}))
        with pytest.raises(ParameterError, match=rf"cells\.{field.name}: 'sof', expected one of"):
            network(PARAMETERS[model](**{field.name: "sof"}))


def to_cells(weights: Any, **options: Any) -> dict[str, Any]:
    return {"connections": (Connection("input", "cells", np.array(weights), **options),)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"control_period_s": 0.0}, "control_period_s"),
        ({"control_period_s": -0.1}, "control_period_s"),
        ({"control_period_s": np.nan}, "control_period_s"),
        ({"control_period_s": np.inf}, "control_period_s"),
        ({"sub_ticks": 0}, "sub_ticks"),
        ({"start": "warm"}, "start"),
        ({"inputs": ()}, "inputs"),
        ({"readouts": (Readout("y", "cells", 2),)}, "'y': neuron 2 of 2"),
        ({"readouts": (Readout("y", "cell"),)}, "Did you mean: `cells`"),
        ({"populations": (Population("input", 2, LIF()),)}, "names must differ"),
        ({"populations": (Population("cells", 0, LIF()),)}, r"cells\.size: 0 is below 1"),
        (to_cells([[1.0, 2.0, 3.0]]), r"weights: shape \(1, 3\), expected \(1, 2\)"),
        (to_cells([[1.0, np.nan]]), "weights: not finite"),
        (to_cells([[1.0, 2.0]], delay_ticks=-1), "delay_ticks: -1 is negative"),
        (to_cells([[1.0, 2.0]], port="adaptation"), "only iwta"),
        (to_cells([[1.0, 2.0]], kind="thin"), "unknown 'thin'"),
        (to_cells([1.0, 2.0], kind="diagonal"), "diagonal needs equal sizes"),
        (to_cells([1.0, 2.0], kind="sparse"), "sparse needs `pre` and `post`"),
        (
            {"connections": (Connection("cells", "cells", np.ones((2, 2))),)},
            "reorder the populations or give the connection a delay of 1",
        ),
    ],
)
def test_every_part_of_a_network_is_checked(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        network(LIF(), **changes)


def test_a_refused_change_leaves_the_network_unchanged() -> None:
    valid = network(LeakyIntegrator(tau_mem_s=0.5))
    with pytest.raises(ParameterError):
        dataclasses.replace(valid, control_period_s=-1.0)
    assert valid.control_period_s == 0.1
