"""Population of toy blimps in closed loop: fused kernel, NumPy plant with Norse, plain script."""

from __future__ import annotations

from functools import partial
from typing import Any

import numba
import numpy as np

from snn_control.bench.agreement import AGREEMENT_TICKS, compare_costs, require
from snn_control.bench.norse_peer import Batch
from snn_control.bench.plain_script import run_script
from snn_control.bench.timing import QUIET, Throughput, take_turns
from snn_control.bench.toy_blimp import (
    CENTRES,
    closest_approach,
    fly,
    fly_batch,
    reference_m,
)
from snn_control.bench.workload import (
    N_NEURONS,
    FloatArray,
    Genomes,
    genomes,
    rows,
)

N_GENOMES, N_TICKS, PEER_TICKS, SCRIPT_TICKS = 256, 1000, 200, 500
FEEDBACK_TICKS = 300
"""Length of the float32 comparison, ticks; the plant's feedback amplifies rounding over time."""


class Fused:
    """Plant and networks in one compiled loop."""

    def __init__(self, pool: Any, dtype: Any = np.float32) -> None:
        layout, weights, coefficients = rows(pool, dtype)
        self._arguments = layout.program, weights, coefficients
        self.weights = weights
        self.spikes = np.zeros(len(weights), np.int64)
        self._costs = np.zeros(len(weights), dtype)

    def run(self, n_ticks: int, threads: int) -> FloatArray:
        """Run all episodes; return the costs."""
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads, before))
        try:
            real = self._costs.dtype
            reference, centres = reference_m(n_ticks, real), CENTRES.astype(real)
            fly(*self._arguments, reference, centres, self._costs, self.spikes)
        finally:
            numba.set_num_threads(before)
        return self._costs


def closed_loop_steps_per_s(rounds: int) -> dict[str, Any]:
    """Measure environment steps/s; ratios are relative to NumPy and Norse on one thread."""
    figures: dict[str, Any] = {
        "native": {}, "native_1_thread": {}, "norse": {}, "script": {},
        "ratio": {}, "ratio_1_thread": {}, "ratio_script": {}, "agreement": {}, "spikes": {},
        "cores_got": {}, "repeated_rounds": {},
    }  # fmt: skip
    for kind, recurrent in (("ff", False), ("rec", True)):
        pool = genomes(N_GENOMES, recurrent)
        fused, norse = Fused(pool), Batch(pool)
        agreement = _agreement(pool, fused, norse)
        require(f"closed loop, {kind}", agreement)
        figures["agreement"][kind] = agreement
        fused.run(N_TICKS, 2)
        figures["spikes"][kind] = float(fused.spikes.mean() / (N_NEURONS * N_TICKS))
        steps, short = N_GENOMES * N_TICKS, reference_m(PEER_TICKS)
        turns = take_turns(
            {
                "native": Throughput(lambda f=fused: f.run(N_TICKS, 2), steps, 3),  # type: ignore[misc]
                "norse": Throughput(
                    lambda b=norse, r=short: fly_batch(b, r), N_GENOMES * PEER_TICKS, 2  # type: ignore[misc]
                ),
                "native_1_thread": Throughput(lambda f=fused: f.run(N_TICKS, 1), steps),  # type: ignore[misc]
                "script": Throughput(lambda p=pool: run_script(p, SCRIPT_TICKS), SCRIPT_TICKS),  # type: ignore[misc]
            },
            rounds,
            QUIET,
        )  # fmt: skip
        for name in turns.figures:
            figures[name][kind] = turns.best(name)
        figures["cores_got"][kind] = min(turns.cores_got["native"])
        figures["repeated_rounds"][kind] = turns.repeated
        figures["ratio"][kind] = turns.ratio("native", "norse")
        figures["ratio_1_thread"][kind] = turns.ratio("native_1_thread", "norse")
        figures["ratio_script"][kind] = turns.ratio("native", "script")
    return figures


def _agreement(pool: Genomes, fused: Fused, norse: Batch) -> dict[str, Any]:
    """Compare the costs in the timed precision, and over more ticks in float64."""
    reference = reference_m(FEEDBACK_TICKS)
    single = compare_costs(
        fused.run(FEEDBACK_TICKS, 2),
        fly_batch(norse, reference),
        [partial(closest_approach, pool, k, reference) for k in range(N_GENOMES)],
    )
    ours = Fused(pool, np.float64).run(AGREEMENT_TICKS, 2)
    theirs = fly_batch(Batch(pool, np.float64), reference_m(AGREEMENT_TICKS, np.float64))
    return single | {"largest_float64": float(np.abs(ours - theirs).max() / np.abs(theirs).max())}
