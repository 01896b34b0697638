"""Running mean and spread are NumPy's over all frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.errors import ObservationError, ParameterError
from snn_control.plasticity.standardisation import RunningStandardisation


def fed(frames: np.ndarray, floor: float = 0.0) -> RunningStandardisation:
    found = RunningStandardisation(frames.shape[1], floor)
    for frame in frames:
        found.update(frame)
    return found


@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(1, 60),
    n=st.integers(1, 9),
    offset=st.sampled_from([0.0, -3.0, 1e6]),
)
@settings(max_examples=60, deadline=None)
def test_mean_and_spread_are_those_of_numpy(seed, frames, n, offset):
    x = offset + np.random.default_rng(seed).normal(size=(frames, n)) * np.arange(1, n + 1)
    found = fed(x)
    assert found.count == frames
    np.testing.assert_allclose(found.mean, x.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.spread, x.std(axis=0), rtol=1e-8, atol=1e-8)
    if frames > 1:
        y = x[::-1] + 1.0
        expected = (y - x.mean(axis=0)) / x.std(axis=0)
        np.testing.assert_allclose(found.apply(y), expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(found.apply(y[0]), found.apply(y)[0])


def test_counts_by_hand_with_and_without_a_floor():
    x = np.array([[0, 2, 7], [4, 2, 7], [0, 2, 7], [4, 6, 7]])
    np.testing.assert_array_equal(fed(x).mean, [2, 3, 7])
    np.testing.assert_array_equal(fed(x).spread, [2, np.sqrt(3), 0])
    np.testing.assert_allclose(fed(x).apply([4, 3, 9]), [1, 0, 0])
    np.testing.assert_allclose(fed(x, 2.0).apply([4, 3, 9]), [1 / np.sqrt(2), 0, 1])


def test_responses_that_never_vary_and_none_at_all_have_no_say():
    found = RunningStandardisation(2)
    np.testing.assert_array_equal(found.apply([5.0, -5.0]), [0, 0])
    found.update([5.0, 1.0])
    np.testing.assert_array_equal(found.apply([5.0, 9.0]), [0, 0])


def test_a_restored_one_goes_on_bit_for_bit():
    x = np.random.default_rng(3).normal(size=(40, 5))
    whole, first, second = fed(x), fed(x[:17]), RunningStandardisation(5)
    second.restore(first.state())
    for frame in x[17:]:
        second.update(frame)
    for name, part in whole.state().items():
        np.testing.assert_array_equal(second.state()[name], part)


def test_what_is_returned_does_not_follow():
    found = fed(np.ones((2, 3)))
    mean, state = found.mean, found.state()
    found.update([9, 9, 9])
    np.testing.assert_array_equal(mean, [1, 1, 1])
    np.testing.assert_array_equal(state["mean"], [1, 1, 1])
    mean[:] = 7.0
    assert found.mean[0] == pytest.approx(11 / 3)


@pytest.mark.parametrize(
    "values", [[1.0, 2.0], [[1.0, 2.0, 3.0]], [1.0, np.nan, 2.0], 3.0, [1.0, np.inf, 2.0]]
)
def test_a_wrong_frame_changes_nothing(values):
    found = fed(np.arange(6.0).reshape(2, 3))
    before = found.state()
    with pytest.raises(ObservationError, match="expected"):
        found.update(values)
    for name, part in before.items():
        np.testing.assert_array_equal(found.state()[name], part)


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
def test_a_wrong_state_is_refused(change):
    found = fed(np.arange(6.0).reshape(2, 3))
    with pytest.raises(ParameterError, match="expected"):
        found.restore(found.state() | change)
    assert found.count == 2


def test_out_of_range():
    for arguments in ((0,), (3, -1.0), (3, np.inf), (3, np.nan)):
        with pytest.raises(ParameterError, match="expected"):
            RunningStandardisation(*arguments)
