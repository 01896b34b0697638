"""From many modules to one answer, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place.diehl_cook.fusion import (
    added_up,
    answers,
    side_by_side,
    standardised,
)
from snn_control.errors import ParameterError


def test_modules_side_by_side_and_seeds_added_up():
    first, second = [[1.0, 4.0], [0.0, 2.0]], [[3.0], [5.0]]
    np.testing.assert_array_equal(side_by_side([first, second]), [[1, 4, 3], [0, 2, 5]])
    np.testing.assert_array_equal(added_up([first, first, first]), [[3, 12], [0, 6]])
    np.testing.assert_array_equal(answers(side_by_side([first, second])), [1, 2])
    assert answers([[2.0, 2.0]]) == [0]


def test_a_module_that_answers_more_no_longer_wins():
    loud = np.array([[8.0, 9.0], [10.0, 9.0], [9.0, 12.0]])
    quiet = np.array([[0.0, 0.1], [0.1, 0.0], [0.5, 0.1]])
    query_loud, query_quiet = [[9.0, 10.0]], [[0.6, 0.1]]
    assert answers(side_by_side([query_loud, query_quiet])) == [1]
    fused = side_by_side([standardised(loud, query_loud), standardised(quiet, query_quiet)])
    assert answers(fused) == [2]
    expected = (np.array(query_quiet) - quiet.mean(axis=0)) / quiet.std(axis=0)
    np.testing.assert_allclose(fused[:, 2:], expected)


def test_wrong_arguments_are_refused():
    for parts in ([], [[[1.0]], [[1.0], [2.0]]], [[1.0]]):
        with pytest.raises(ParameterError, match="expected"):
            side_by_side(parts)
    with pytest.raises(ParameterError, match="expected"):
        added_up([[[1.0]], [[1.0, 2.0]]])
    with pytest.raises(ParameterError, match="expected"):
        standardised([1.0], [[1.0]])
