"""Circuits in torch: fixed signs, gradients against finite differences, equal outputs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from snn_control.controllers.swimmer.circuit import swimmer_circuit
from snn_control.engines.native import NativeEngine
from snn_control.engines.torch_circuit import TorchCircuit
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.network.circuit import Circuit, Strength

TRAINED = ("proprioception", "oscillator", "ipsilateral", "contralateral")


def circuit(cells: str = "graded", **strengths: Strength) -> Circuit:
    ticks = 1 if cells == "graded" else 5
    original = swimmer_circuit(3, 0.9, cells=cells, sub_ticks=ticks)  # type: ignore[arg-type]
    return dataclasses.replace(original, strengths={**original.strengths, **strengths})


def inputs(n_ticks: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    angles = rng.uniform(-0.4, 0.4, (n_ticks, n, 3))
    clock = rng.integers(0, 2, (n_ticks, n, 1)).astype(float)
    return np.concatenate([angles, clock, 1.0 - clock, np.zeros((n_ticks, n, 3))], axis=2)


@pytest.mark.parametrize("cells", ["graded", "spiking"])
def test_outputs_equal_those_of_its_network(cells: str) -> None:
    module = TorchCircuit(circuit(cells), TRAINED)
    with torch.no_grad():
        module.raw["contralateral"] += 0.7
        module.raw["proprioception"] -= 0.3
    x = inputs(12, 1)
    outputs, spikes = module(torch.from_numpy(x))
    native = NativeEngine(module.network()).run(x[:, 0])
    np.testing.assert_allclose(outputs[:, 0].detach().numpy(), native.readouts, atol=1e-12)
    np.testing.assert_array_equal(spikes[:, 0].detach().numpy(), native.spikes)


def test_gradients_equal_finite_differences() -> None:
    module = TorchCircuit(circuit(), TRAINED)
    x = torch.from_numpy(0.5 * inputs(1, 64))
    direction = torch.from_numpy(np.random.default_rng(4).normal(size=6))

    def loss() -> torch.Tensor:
        return (module(x)[0] * direction).sum()

    loss().backward()  # type: ignore[no-untyped-call]
    for raw in module.raw.values():
        with torch.no_grad():
            raw += 1e-6
            above = loss()
            raw -= 2e-6
            below = loss()
            raw += 1e-6
        assert raw.grad is not None
        assert float(raw.grad) == pytest.approx(float(above - below) / 2e-6, abs=1e-6)


def test_spiking_circuits_have_gradients() -> None:
    module = TorchCircuit(circuit("spiking"), TRAINED, surrogate="super", alpha=3.0)
    x = 0.5 * inputs(4, 32)
    x[..., -2:] = 0.3  # both turn commands, so that both sides of the head fire
    spikes = module(torch.from_numpy(x))[1]
    spikes[..., -6:].square().mean().backward()  # spikes of the muscles
    for name, raw in module.raw.items():
        assert raw.grad is not None
        assert float(raw.grad) != 0.0, name


def test_no_step_crosses_zero_and_small_strengths_can_grow_again() -> None:
    module = TorchCircuit(circuit(), TRAINED)
    x = torch.from_numpy(inputs(1, 64))
    optimiser = torch.optim.Adam(module.parameters(), lr=0.05)
    for target, least, most in ((0.0, 0.0, 0.1), (1.0, 0.8, np.inf)):
        for _ in range(400):
            optimiser.zero_grad()
            (module(x)[0].mean() - target).abs().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            for name, value in module.strengths().items():
                assert value * module.circuit.strengths[name].value > 0.0
        assert least < module.strengths()["ipsilateral"] < most


def test_free_signs_cross_zero_and_fixed_zeros_are_refused() -> None:
    free = TorchCircuit(circuit(contralateral=Strength(-0.5)), ["contralateral"])
    assert free.strengths() == {"contralateral": -0.5}
    with torch.no_grad():
        free.raw["contralateral"] += 1.0
    assert free.strengths() == {"contralateral": 0.5}
    strong = TorchCircuit(circuit(ipsilateral=Strength(200.0, 1)), ["ipsilateral"], torch.float32)
    assert strong.strengths() == pytest.approx({"ipsilateral": 200.0})
    with pytest.raises(ParameterError, match="cannot change"):
        TorchCircuit(circuit(oscillator=Strength(0.0, 1)), ["oscillator"])
    with pytest.raises(UnknownNameError, match="oscillator"):
        TorchCircuit(circuit(), ["oscilator"])
