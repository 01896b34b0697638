"""Many networks over many ticks with the same inputs: our population engine and Norse's batch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from snn_control.engines.native import NativePopulation
from snn_control.training.benchmark.norse_peer import Batch
from snn_control.training.benchmark.timing import take_turns, throughput
from snn_control.training.benchmark.workload import (
    AGREEMENT,
    AGREEMENT_TICKS,
    N_NEURONS,
    FloatArray,
    genomes,
    inputs,
    rows,
)

N_GENOMES, N_TICKS, PEER_TICKS = 256, 1000, 200


def population_neuron_steps_per_s(rounds: int) -> dict[str, Any]:
    """Measure neuron-steps/s; ratios are ours over Norse's on one thread."""
    found: dict[str, Any] = {
        "native": {}, "native_1_thread": {}, "norse": {},
        "ratio": {}, "ratio_1_thread": {}, "agreement": {}, "spikes": {},
    }  # fmt: skip
    given = inputs(N_TICKS)
    for kind, recurrent in (("ff", False), ("rec", True)):
        pool = genomes(N_GENOMES, recurrent)
        native = NativePopulation(*rows(pool, np.float32), np.float32)
        norse = Batch(pool)
        steps = N_GENOMES * N_NEURONS
        found["agreement"][kind] = disagreement(
            native.run(given[:AGREEMENT_TICKS]).readouts[:, :, 0],
            norse.run(given[:AGREEMENT_TICKS]),
        )
        found["spikes"][kind] = float(native.run(given).spikes.sum() / (steps * N_TICKS))
        turns = take_turns(
            {
                "native": throughput(partial(native.run, given, 2), steps * N_TICKS, 3),
                "norse": throughput(partial(norse.run, given[:PEER_TICKS]), steps * PEER_TICKS, 2),
                "native_1_thread": throughput(partial(native.run, given, 1), steps * N_TICKS),
            },
            rounds,
        )
        for name in turns.figures:
            found[name][kind] = turns.best(name)
        found["ratio"][kind] = turns.ratio("native", "norse")
        found["ratio_1_thread"][kind] = turns.ratio("native_1_thread", "norse")
    return found


def disagreement(ours: FloatArray, theirs: FloatArray) -> dict[str, float]:
    """Compare float32 outputs of shape (n_networks, n_ticks).

    Rounding alone moves a spike of a network whose potential comes within 1e-7 of the threshold,
    and its outputs then part for good: `agreeing` is the share of networks where none did.

    Returns:
        The share of networks that agree, and their largest difference relative to the peak.
    """
    apart = np.abs(ours - theirs).max(axis=1) / np.abs(theirs).max()
    same = apart <= AGREEMENT
    largest = float(apart[same].max()) if same.any() else float(apart.min())
    return {"agreeing": float(same.mean()), "largest": largest}
