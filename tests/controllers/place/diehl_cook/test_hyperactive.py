"""Hyperactive neurons, against results by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place.diehl_cook.hyperactive import (
    THRESHOLD_GRID,
    activity,
    choose_threshold,
    silenced,
)
from snn_control.errors import ParameterError

RECORDED = np.array([[1, 0, 7], [0, 0, 1], [5, 0, 2]])


def test_activity_counts_images_not_spikes():
    np.testing.assert_array_equal(activity(RECORDED), [2, 0, 3])


def test_neurons_are_silenced_from_the_threshold_on():
    h, x = activity(RECORDED), [[4, 5, 6]]
    np.testing.assert_array_equal(silenced(x, h, 0), [[4, 5, 6]])
    np.testing.assert_array_equal(silenced(x, h, 4), [[4, 5, 6]])
    np.testing.assert_array_equal(silenced(x, h, 3), [[4, 5, 0]])
    np.testing.assert_array_equal(silenced(x, h, 1), [[0, 5, 0]])


def test_best_threshold_of_the_grid_is_chosen():
    assert THRESHOLD_GRID == (0, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200)
    best, recalls = choose_threshold(lambda threshold: -abs(threshold - 45))
    assert best == 40
    assert recalls[60] == -15
    assert choose_threshold(lambda _: 0.5)[0] == 0


def test_invalid_arguments_are_refused():
    with pytest.raises(ParameterError, match="expected"):
        activity([1, 2])
    with pytest.raises(ParameterError, match="expected"):
        silenced([[1, 2]], [1], 5)
    with pytest.raises(ParameterError, match="expected"):
        silenced([[1, 2]], [1, 1], -5)
    with pytest.raises(ParameterError, match="empty"):
        choose_threshold(lambda _: 0.0, ())
