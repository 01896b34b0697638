"""Spike counts per tick and rates per neuron and second."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.report.sections.spikes import population_rate, spike_matrix


def test_several_spikes_of_a_neuron_in_one_tick_are_counted() -> None:
    trace = {
        "population_sizes": np.array([2, 1]),
        "time_s": np.arange(4) * 0.1,
        "spike_tick": np.array([0, 2, 2, 2]),
        "spike_neuron": np.array([0, 2, 2, 1]),
    }
    expected = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 2, 0]]
    np.testing.assert_array_equal(spike_matrix(trace), expected)


@pytest.mark.parametrize("each_tick", [1, 3])
def test_regular_spikes_have_a_constant_rate(each_tick: int) -> None:
    counts = np.full((5, 200), each_tick, np.uint16)
    rate = population_rate(np.arange(200) * 0.1, counts)
    np.testing.assert_allclose(rate, 10.0 * each_tick)
