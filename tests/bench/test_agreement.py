"""Agreement of engines: departures are accepted only within rounding of the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.bench.agreement import ROUNDING_ULPS, Exact, compare, require
from snn_control.bench.workload import N_NEURONS, Genomes, genomes, inputs, rows
from snn_control.engines.native import NativePopulation
from snn_control.errors import SnnControlError

N, TICKS = 4, 300


def run(pool: Genomes, dtype: type) -> np.ndarray:
    layout, weights, coefficients = rows(pool, dtype)
    return (
        NativePopulation(layout, weights, coefficients, dtype).run(inputs(TICKS)).readouts[..., 0]
    )


@pytest.mark.parametrize("recurrent", [False, True])
def test_float64_equations_match_the_engine(recurrent: bool) -> None:
    pool = genomes(N, recurrent)
    for index, expected in enumerate(run(pool, np.float64)):
        exact = Exact(pool, index)
        outputs = [exact.step(x) for x in inputs(TICKS)]
        np.testing.assert_allclose(outputs, expected, atol=1e-13)


def test_equal_outputs_pass_and_a_wrong_spike_fails() -> None:
    pool, drive = genomes(N, False), inputs(TICKS)
    theirs = run(pool, np.float32)
    agreement = compare(theirs, theirs, pool, drive)
    assert (agreement["networks"], agreement["departing"]) == (N, 0)
    require("population", agreement)
    wrong = theirs.copy()
    wrong[2, 150:] += 0.005
    agreement = compare(wrong, theirs, pool, drive)
    assert [d["network"] for d in agreement["departures"]] == [2]
    with pytest.raises(SnnControlError, match=r"network 2 departs from Norse at tick 150.*ulps"):
        require("population", agreement)


def test_departure_within_rounding_is_accepted() -> None:
    """One neuron whose potential misses the threshold by half an ulp in its first tick."""
    w_in = np.zeros((30, 10, N_NEURONS), np.float32)
    w_in[:, 0, 0] = 10.0
    w_out = np.full((30, N_NEURONS), 0.05, np.float32)
    pool, drive = Genomes(w_in, None, w_out), np.eye(3, 10, dtype=np.float32)
    spiking, silent = np.zeros((30, 3), np.float32), np.zeros((30, 3), np.float32)
    spiking[:, 1:] = silent[:, 1:] = 0.01
    spiking[7, 0] = 0.005
    agreement = compare(spiking, silent, pool, drive)
    assert [(d["network"], d["tick"]) for d in agreement["departures"]] == [(7, 0)]
    assert agreement["departures"][0]["ulps"] < ROUNDING_ULPS
    require("population", agreement)


def test_float64_differences_and_many_departures_are_errors() -> None:
    fine = {"networks": 100, "departing": 0, "largest": 0.0, "departures": []}
    with pytest.raises(SnnControlError, match="float64 outputs"):
        require("population", fine | {"largest_float64": 1e-9})
    close = [{"network": k, "tick": 1, "ulps": 1.0} for k in range(6)]
    with pytest.raises(SnnControlError, match="6 of 100 networks"):
        require("population", fine | {"departing": 6, "departures": close})
