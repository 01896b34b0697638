"""Output of `bench`: complete, finite and positive figures of any size."""

import json
import math

import numpy as np
import pytest

from snn_control.bench.toy_blimp import CENTRES, fly, reference_m
from snn_control.bench.workload import genomes, rows
from snn_control.cli.main import main

PARTS = ("tick_us", "population_neuron_steps_per_s", "closed_loop_steps_per_s")


@pytest.mark.slow
def test_bench_prints_one_object_with_figures_and_ratios(capsys):
    assert main(["bench", "--quick", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    for part in PARTS:
        for kind in ("ff", "rec"):
            key = f"{kind}_p50" if part == "tick_us" else kind
            figures = [result[part][engine][key] for engine in ("native", "norse")]
            figures += result[part]["ratio"][kind].values()
            assert all(math.isfinite(figure) and figure > 0 for figure in figures)
            assert 0 < result[part]["spikes"][kind] < 0.2
    assert {"norse", "numba", "torch"} <= set(result["versions"])


@pytest.mark.parametrize("recurrent", [False, True])
def test_fused_toy_blimp_agrees_with_numpy_and_norse(recurrent):
    from snn_control.bench.norse_peer import Batch
    from snn_control.bench.toy_blimp import fly_batch

    pool = genomes(4, recurrent)
    layout, weights, coefficients = rows(pool, np.float64)
    reference, costs, spikes = reference_m(200, np.float64), np.zeros(4), np.zeros(4, np.int64)
    fly(layout.program, weights, coefficients, reference, CENTRES, costs, spikes)
    assert np.all(spikes > 0)
    assert costs == pytest.approx(fly_batch(Batch(pool, np.float64), reference), rel=1e-6)
