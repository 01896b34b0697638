"""Assignment of neurons to places, against results by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place.diehl_cook.assignment import (
    assign,
    scores,
    spikes_by_place,
    weighted_scores,
)
from snn_control.errors import ParameterError

COUNTS = np.array([[3, 0, 0, 2], [0, 1, 0, 2], [1, 4, 0, 0], [0, 0, 0, 4]])
PLACES = np.array([0, 2, 2, 0])


def test_neurons_are_assigned_by_their_highest_mean():
    """Mean spikes on places 0, 1, 2: neuron 0 1.5, 0, 0.5; 1 0, 0, 2.5; 2 none; 3 3, 0, 1."""
    np.testing.assert_array_equal(assign(COUNTS, PLACES, 3), [0, 2, -1, 0])


def test_assignment_uses_the_mean_not_the_sum():
    np.testing.assert_array_equal(assign([[2], [2], [3]], [0, 0, 1], 2), [1])


def test_ties_go_to_the_lower_place():
    np.testing.assert_array_equal(assign([[2, 0], [2, 5], [0, 5]], [0, 1, 2], 3), [0, 1])


def test_scores_are_means_in_the_column_of_their_place():
    """Place 1 without neuron, one neuron without place; place 2 in the third column."""
    result = scores([[4, 7, 9, 1], [0, 2, 0, 0]], [0, 2, -1, 0], 3)
    np.testing.assert_array_equal(result, [[2.5, 0, 7], [0, 0, 2]])
    result = scores([[4, 7, 9, 1]], [0, 2, -1, 0], 3, missing=-np.inf)
    np.testing.assert_array_equal(result, [[2.5, -np.inf, 7]])


def test_weighted_scores_by_hand():
    """Training spikes on places 0, 1: neuron 0 9, 1, not assigned to place 1; neuron 1 0, 4."""
    learnt = spikes_by_place([[9, 0], [1, 4]], [0, 1], 2)
    np.testing.assert_array_equal(learnt, [[9, 0], [1, 4]])
    result = weighted_scores([[5, 0], [2, 3], [0, 6]], learnt)
    np.testing.assert_allclose(
        result, np.array([[5 / 2 * 0.9, 0.0], [2 / 2 * 0.9, 3.0], [0.0, 6.0]])
    )


def test_silent_neurons_reduce_the_score_of_a_place():
    """Two neurons of place 0, with 3 and 1 spikes in training."""
    result = weighted_scores([[2, 0], [0, 2], [2, 2]], [[3, 1], [0, 0]])
    np.testing.assert_allclose(result, np.array([[2 * 0.75, 0.0], [2 * 0.25, 0.0], [4.0, 0.0]]))


def test_neurons_of_few_places_are_not_divided():
    """Division by the number of a neuron's places, from 2 % of all places on."""
    learnt = np.zeros((100, 2))
    learnt[3, 0], learnt[7, 1], learnt[8, 1] = 5, 5, 5
    result = weighted_scores([[6, 6]], learnt)
    assert result[0, 3] == pytest.approx(6)
    assert result[0, 7] == pytest.approx(6 / 2 * 0.5)
    learnt = np.zeros((200, 1))
    learnt[7], learnt[8] = 5, 5
    assert weighted_scores([[6]], learnt)[0, 7] == pytest.approx(6 * 0.5)


def test_invalid_arguments_are_refused():
    for arguments in ((COUNTS, PLACES[:3], 3), (COUNTS, PLACES, 2), (COUNTS[0], PLACES, 3)):
        with pytest.raises(ParameterError, match="expected"):
            assign(*arguments)
    for responses, assigned in (([1, 2], [0, 0]), ([[1, 2]], [0]), ([[1, 2]], [0, 1])):
        with pytest.raises(ParameterError, match="expected"):
            scores(responses, assigned, 1)
    with pytest.raises(ParameterError, match="expected"):
        weighted_scores([[1, 2]], [[1]])
