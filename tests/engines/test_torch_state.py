"""Torch engine run from given states: equal to a whole run bit for bit, with gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.engines.torch import TorchEngine
from snn_control.errors import ParameterError
from tests.conformance.networks import inputs as shared_inputs
from tests.conformance.networks import make
from tests.engines.test_random_networks import inputs, random_network


def batch_of(network, n: int) -> torch.Tensor:
    return torch.as_tensor(np.stack([inputs(network, k, 30) for k in range(n)], axis=1))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_pieces_equal_the_whole_run_bit_for_bit(seed: int) -> None:
    network = random_network(seed)
    engine, x = TorchEngine(network), batch_of(network, 3)
    cuts = np.sort(np.random.default_rng(seed).integers(1, 29, 4))
    with torch.no_grad():
        readouts, spikes = engine(x)
        state = x.new_zeros(3, engine.state_size)
        pieces = []
        for piece in torch.tensor_split(x, np.unique(cuts).tolist()):
            *values, state = engine.advance(piece, state)
            pieces.append(values)
    assert torch.equal(
        torch.cat([values[0] for values in pieces]).nan_to_num(), readouts.nan_to_num()
    )
    assert torch.equal(torch.cat([values[1] for values in pieces]), spikes)


@pytest.mark.parametrize("start", ["rest", "steady"])
def test_a_row_of_zeros_starts_anew_beside_rows_that_continue(start: str) -> None:
    network = make("lif-hard-normalised", "dense", start=start)
    engine = TorchEngine(network)
    x = torch.as_tensor(shared_inputs(40))[:, None].expand(-1, 2, -1)
    with torch.no_grad():
        _, _, state = engine.advance(x[:15], x.new_zeros(2, engine.state_size))
        state[0] = 0.0
        readouts, _, _ = engine.advance(x[15:], state)
        assert torch.equal(readouts[:, 0], engine(x[15:, :1])[0][:, 0])
        assert torch.equal(readouts[:, 1], engine(x)[0][15:, 1])


def test_gradients_flow_through_the_state() -> None:
    network = make("leaky_integrator-normalised", "dense")
    whole, pieces = TorchEngine(network), TorchEngine(network)
    x = torch.as_tensor(shared_inputs(12))[:, None]
    (whole(x)[0] ** 2).sum().backward()
    first, _, state = pieces.advance(x[:5], x.new_zeros(1, pieces.state_size))
    second, _, _ = pieces.advance(x[5:], state)
    (torch.cat([first, second]) ** 2).sum().backward()
    for name, raw in whole.raw.items():
        if raw.grad is not None:
            torch.testing.assert_close(pieces.raw[name].grad, raw.grad)


def test_a_state_of_another_shape_is_an_error() -> None:
    engine = TorchEngine(make("graded", "dense"))
    x = torch.as_tensor(shared_inputs(3))[:, None]
    with pytest.raises(ParameterError, match="state of shape \\(2, 5\\); expected \\(1, "):
        engine.advance(x, x.new_zeros(2, 5))
