"""Running mean and standard deviation against those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.errors import ObservationError, ParameterError
from snn_control.plasticity.standardisation import RunningStandardisation


def standardisation_of(frames: np.ndarray, floor: float = 0.0) -> RunningStandardisation:
    running = RunningStandardisation(frames.shape[1], floor)
    for frame in frames:
        running.update(frame)
    return running


@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(1, 60),
    n=st.integers(1, 9),
    offset=st.sampled_from([0.0, -3.0, 1e6]),
)
@settings(max_examples=60, deadline=None)
def test_mean_and_spread_equal_those_of_numpy(seed, frames, n, offset):
    x = offset + np.random.default_rng(seed).normal(size=(frames, n)) * np.arange(1, n + 1)
    running = standardisation_of(x)
    assert running.count == frames
    np.testing.assert_allclose(running.mean, x.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(running.spread, x.std(axis=0), rtol=1e-8, atol=1e-8)
    if frames > 1:
        y = x[::-1] + 1.0
        expected = (y - x.mean(axis=0)) / x.std(axis=0)
        np.testing.assert_allclose(running.apply(y), expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(running.apply(y[0]), running.apply(y)[0])


def test_results_by_hand_with_and_without_a_floor():
    x = np.array([[0, 2, 7], [4, 2, 7], [0, 2, 7], [4, 6, 7]])
    np.testing.assert_array_equal(standardisation_of(x).mean, [2, 3, 7])
    np.testing.assert_array_equal(standardisation_of(x).spread, [2, np.sqrt(3), 0])
    np.testing.assert_allclose(standardisation_of(x).apply([4, 3, 9]), [1, 0, 0])
    np.testing.assert_allclose(standardisation_of(x, 2.0).apply([4, 3, 9]), [1 / np.sqrt(2), 0, 1])


def test_constant_responses_are_standardised_to_zero():
    running = RunningStandardisation(2)
    np.testing.assert_array_equal(running.apply([5.0, -5.0]), [0, 0])
    running.update([5.0, 1.0])
    np.testing.assert_array_equal(running.apply([5.0, 9.0]), [0, 0])


def test_restored_state_continues_bit_for_bit():
    x = np.random.default_rng(3).normal(size=(40, 5))
    whole, first, second = (
        standardisation_of(x),
        standardisation_of(x[:17]),
        RunningStandardisation(5),
    )
    second.restore(first.state())
    for frame in x[17:]:
        second.update(frame)
    for name, part in whole.state().items():
        np.testing.assert_array_equal(second.state()[name], part)


def test_returned_arrays_are_copies():
    running = standardisation_of(np.ones((2, 3)))
    mean, state = running.mean, running.state()
    running.update([9, 9, 9])
    np.testing.assert_array_equal(mean, [1, 1, 1])
    np.testing.assert_array_equal(state["mean"], [1, 1, 1])
    mean[:] = 7.0
    assert running.mean[0] == pytest.approx(11 / 3)


@pytest.mark.parametrize(
    "values", [[1.0, 2.0], [[1.0, 2.0, 3.0]], [1.0, np.nan, 2.0], 3.0, [1.0, np.inf, 2.0]]
)
def test_invalid_frames_change_nothing(values):
    running = standardisation_of(np.arange(6.0).reshape(2, 3))
    before = running.state()
    with pytest.raises(ObservationError, match="expected"):
        running.update(values)
    for name, part in before.items():
        np.testing.assert_array_equal(running.state()[name], part)


@pytest.mark.parametrize(
    "change",
    [
        {"mean": np.zeros(2)},
        {"count": [1.5]},
        {"count": [-1.0]},
        {"squares": [0.0, -1.0, 0.0]},
        {"mean": [0.0, np.nan, 0.0]},
        {"squares": []},
    ],
)
def test_invalid_states_are_refused(change):
    running = standardisation_of(np.arange(6.0).reshape(2, 3))
    with pytest.raises(ParameterError, match="expected"):
        running.restore(running.state() | change)
    assert running.count == 2


def test_out_of_range_arguments_are_refused():
    for arguments in ((0,), (3, -1.0), (3, np.inf), (3, np.nan)):
        with pytest.raises(ParameterError, match="expected"):
            RunningStandardisation(*arguments)
