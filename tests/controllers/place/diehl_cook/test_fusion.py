"""Fusion of modules, against results by hand."""

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


def test_modules_are_concatenated_and_seeds_summed():
    first, second = [[1.0, 4.0], [0.0, 2.0]], [[3.0], [5.0]]
    np.testing.assert_array_equal(side_by_side([first, second]), [[1, 4, 3], [0, 2, 5]])
    np.testing.assert_array_equal(added_up([first, first, first]), [[3, 12], [0, 6]])
    np.testing.assert_array_equal(answers(side_by_side([first, second])), [1, 2])
    assert answers([[2.0, 2.0]]) == [0]


def test_standardised_modules_compete_equally():
    strong = np.array([[8.0, 9.0], [10.0, 9.0], [9.0, 12.0]])
    weak = np.array([[0.0, 0.1], [0.1, 0.0], [0.5, 0.1]])
    query_strong, query_weak = [[9.0, 10.0]], [[0.6, 0.1]]
    assert answers(side_by_side([query_strong, query_weak])) == [1]
    fused = side_by_side([standardised(strong, query_strong), standardised(weak, query_weak)])
    assert answers(fused) == [2]
    expected = (np.array(query_weak) - weak.mean(axis=0)) / weak.std(axis=0)
    np.testing.assert_allclose(fused[:, 2:], expected)


def test_invalid_arguments_are_refused():
    for parts in ([], [[[1.0]], [[1.0], [2.0]]], [[1.0]]):
        with pytest.raises(ParameterError, match="expected"):
            side_by_side(parts)
    with pytest.raises(ParameterError, match="expected"):
        added_up([[[1.0]], [[1.0, 2.0]]])
    with pytest.raises(ParameterError, match="expected"):
        standardised([1.0], [[1.0]])
