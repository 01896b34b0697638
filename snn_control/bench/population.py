"""Many networks over many ticks with equal inputs: native population engine and Norse batch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from snn_control.bench.agreement import AGREEMENT_TICKS, compare, require
from snn_control.bench.norse_peer import Batch
from snn_control.bench.timing import QUIET, Throughput, take_turns
from snn_control.bench.workload import (
    N_NEURONS,
    Genomes,
    genomes,
    inputs,
    rows,
)
from snn_control.engines.native import NativePopulation

N_GENOMES, N_TICKS, PEER_TICKS = 256, 1000, 200


def population_neuron_steps_per_s(rounds: int) -> dict[str, Any]:
    """Measure neuron-steps/s; ratios are relative to Norse on one thread."""
    figures: dict[str, Any] = {
        "native": {}, "native_1_thread": {}, "norse": {},
        "ratio": {}, "ratio_1_thread": {}, "agreement": {}, "spikes": {}, "cores_got": {},
        "repeated_rounds": {},
    }  # fmt: skip
    drive = inputs(N_TICKS)
    for kind, recurrent in (("ff", False), ("rec", True)):
        pool = genomes(N_GENOMES, recurrent)
        native = NativePopulation(*rows(pool, np.float32), np.float32)
        norse = Batch(pool)
        steps = N_GENOMES * N_NEURONS
        agreement = _agreement(pool, native, norse)
        require(f"population, {kind}", agreement)
        figures["agreement"][kind] = agreement
        figures["spikes"][kind] = float(native.run(drive).spikes.sum() / (steps * N_TICKS))
        turns = take_turns(
            {
                "native": Throughput(partial(native.run, drive, 2), steps * N_TICKS, 3),
                "norse": Throughput(partial(norse.run, drive[:PEER_TICKS]), steps * PEER_TICKS, 2),
                "native_1_thread": Throughput(partial(native.run, drive, 1), steps * N_TICKS),
            },
            rounds,
            QUIET,
        )
        for name in turns.figures:
            figures[name][kind] = turns.best(name)
        figures["cores_got"][kind] = min(turns.cores_got["native"])
        figures["repeated_rounds"][kind] = turns.repeated
        figures["ratio"][kind] = turns.ratio("native", "norse")
        figures["ratio_1_thread"][kind] = turns.ratio("native_1_thread", "norse")
    return figures


def _agreement(pool: Genomes, native: NativePopulation, norse: Batch) -> dict[str, Any]:
    """Compare the outputs in the timed precision and in float64, which accepts no departure."""
    drive = inputs(AGREEMENT_TICKS)
    single = compare(native.run(drive).readouts[:, :, 0], norse.run(drive), pool, drive)
    ours = NativePopulation(*rows(pool, np.float64)).run(drive).readouts[:, :, 0]
    theirs = Batch(pool, np.float64).run(drive)
    return single | {"largest_float64": float(np.abs(ours - theirs).max() / np.abs(theirs).max())}
