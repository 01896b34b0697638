"""Neurons and their places, by hand."""

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


def test_a_neuron_stands_for_the_place_of_its_highest_mean():
    """Of places 0, 1, 2 neuron 0 answers 1.5, 0, 0.5; neuron 1 0, 0, 2.5; 2 never; 3 3, 0, 1."""
    np.testing.assert_array_equal(assign(COUNTS, PLACES, 3), [0, 2, -1, 0])


def test_the_mean_counts_not_the_sum():
    np.testing.assert_array_equal(assign([[2], [2], [3]], [0, 0, 1], 2), [1])


def test_ties_go_to_the_lower_place():
    np.testing.assert_array_equal(assign([[2, 0], [2, 5], [0, 5]], [0, 1, 2], 3), [0, 1])


def test_scores_are_means_and_no_label_moves():
    """Place 1 has no neuron and a neuron has no place; 2 stays in the third column."""
    found = scores([[4, 7, 9, 1], [0, 2, 0, 0]], [0, 2, -1, 0], 3)
    np.testing.assert_array_equal(found, [[2.5, 0, 7], [0, 0, 2]])
    found = scores([[4, 7, 9, 1]], [0, 2, -1, 0], 3, missing=-np.inf)
    np.testing.assert_array_equal(found, [[2.5, -np.inf, 7]])


def test_weights_by_hand():
    """Neuron 0 spiked 9 and 1 times on places 0 and 1, neuron 1 0 and 4: neuron 0 is not of 1."""
    learnt = spikes_by_place([[9, 0], [1, 4]], [0, 1], 2)
    np.testing.assert_array_equal(learnt, [[9, 0], [1, 4]])
    found = weighted_scores([[5, 0], [2, 3], [0, 6]], learnt)
    np.testing.assert_allclose(
        found, np.array([[5 / 2 * 0.9, 0.0], [2 / 2 * 0.9, 3.0], [0.0, 6.0]])
    )


def test_neurons_that_stay_silent_weaken_a_place():
    """Both neurons are of place 0 alone, with 3 and 1 spikes in training."""
    found = weighted_scores([[2, 0], [0, 2], [2, 2]], [[3, 1], [0, 0]])
    np.testing.assert_allclose(found, np.array([[2 * 0.75, 0.0], [2 * 0.25, 0.0], [4.0, 0.0]]))


def test_among_many_places_one_that_was_learnt_does_not_divide():
    """2 % of 100 places are 2: of 1 the division is by 1 anyway, of 2 it is by 2."""
    learnt = np.zeros((100, 2))
    learnt[3, 0], learnt[7, 1], learnt[8, 1] = 5, 5, 5
    found = weighted_scores([[6, 6]], learnt)
    assert found[0, 3] == pytest.approx(6)
    assert found[0, 7] == pytest.approx(6 / 2 * 0.5)
    learnt = np.zeros((200, 1))
    learnt[7], learnt[8] = 5, 5
    assert weighted_scores([[6]], learnt)[0, 7] == pytest.approx(6 * 0.5)


def test_wrong_arguments_are_refused():
    for arguments in ((COUNTS, PLACES[:3], 3), (COUNTS, PLACES, 2), (COUNTS[0], PLACES, 3)):
        with pytest.raises(ParameterError, match="expected"):
            assign(*arguments)
    for responses, assigned in (([1, 2], [0, 0]), ([[1, 2]], [0]), ([[1, 2]], [0, 1])):
        with pytest.raises(ParameterError, match="expected"):
            scores(responses, assigned, 1)
    with pytest.raises(ParameterError, match="expected"):
        weighted_scores([[1, 2]], [[1]])
