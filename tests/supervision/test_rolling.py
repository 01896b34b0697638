"""Quantiles of a stream, compared with NumPy on the newest values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_control.supervision.rolling import Rolling


def test_quantiles_of_an_empty_window_are_nan() -> None:
    assert all(math.isnan(q) for q in Rolling(5).quantiles())


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 20))
def test_the_window_holds_the_newest_values(values: list[float], size: int) -> None:
    rolling = Rolling(size)
    for value in values:
        rolling.add(value)
    kept = values[-size:]
    expected = (np.median(kept), np.quantile(kept, 0.99), max(kept))
    assert rolling.quantiles() == pytest.approx(expected)
    assert rolling.n == len(values)
    rolling.reset()
    rolling.add(values[0])
    assert rolling.quantiles() == (values[0],) * 3
