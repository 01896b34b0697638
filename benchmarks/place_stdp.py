"""Spiking place modules that learn by STDP, on Nordland: recognition, speed, ablations.

    python benchmarks/place_stdp.py [main] [ablations] [assignments] [sizes] [epochs]
                                    [--modules 4] [--seeds 5]

Prints one JSON object per part, and for `sizes` and `epochs` also one per seed and number of
epochs. `--out FILE` also appends them to a file and skips cases that the file contains already. All
parts take about four hours on one core. Requires `nordland_64x32.npz` (grey frames `summer`,
`winter` of the same places, and `moving`) in the folder SNN_CONTROL_DATA or beside the checkout.

Modules have 25 places each; they are trained on summer and an augmented summer, and tested on
winter. Test modules are consecutive moving frames from the 553rd on; two calibration modules, from
the first frame on, determine the threshold of hyperactive neurons for each seed. Reference
responses are those to the summer frames of all modules. R@1 is the fraction of queries whose true
place scores highest, among the 25 places of the module or among those of all fused modules. `sizes`
has 500 places in modules of 25, 100 or 500 instead; `epochs` is `main` after 40, 50 and 60 epochs;
in `assignments` places are assigned to modules at random for each seed.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from place_stdp_images import Route, read
from place_stdp_modules import (
    METHODS,
    PLACES,
    Clock,
    FloatArray,
    Pair,
    Tuned,
    baseline,
    fused,
    modules_of,
    recall,
    recall_within,
    respond,
    spikes_a_query,
    spread,
    summed,
    train,
    warm_up,
)

from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig
from snn_control.plasticity.triplet_stdp import TripletSTDP

CALIBRATION_MODULES = 2
STAGES = (10, 20, 30)
EPOCHS_OF_ABLATIONS = 20


class Case(NamedTuple):
    """Size and number of modules, and the numbers of epochs after which they are tested."""

    size: int
    n_modules: int
    n_calibration: int
    stages: tuple[int, ...]


SIZES = (Case(500, 1, 1, (1, 10)), Case(100, 5, 2, (5, 10)), Case(25, 20, 2, (10,)))
EPOCHS = (Case(PLACES, 4, CALIBRATION_MODULES, (40, 50, 60)),)


def emit(results: dict[str, Any], out: Path | None) -> None:
    line = json.dumps(results)
    print(line, flush=True)
    if out:
        with out.open("a") as file:
            file.write(line + "\n")


def read_places(args: argparse.Namespace) -> tuple[Route, Route]:
    return read(args.modules * PLACES, CALIBRATION_MODULES * PLACES)


def part_main(args: argparse.Namespace) -> dict[str, Any]:
    """Recognition after 10, 20 and 30 epochs, by module and fused, and that of SAD."""
    test, calibration = read_places(args)
    results: dict[int, list[Tuned]] = {e: [] for e in STAGES}
    clock = Clock()
    for seed in range(args.seeds):
        pair, trained = Pair(test, calibration, seed, clock), 0
        for e in STAGES:
            pair.train(e - trained)
            trained = e
            results[e].append(pair.winter_scores())
            print(f"seed {seed}, {e} epochs", flush=True)

    def each(value: Callable[[list[Tuned], str], Any]) -> dict[int, dict[str, Any]]:
        return {e: {method: value(results[e], method) for method in METHODS} for e in STAGES}

    cpu_s = clock.each()
    return {
        "modules": args.modules,
        "cpu_s": cpu_s | {"query of all": round(args.modules * cpu_s["query of a module"], 4)},
        "sad": baseline(test),
        "sad_calibration": baseline(calibration),
        "thresholds": {e: [one.threshold for one in results[e]] for e in STAGES},
        "spikes_a_query": {e: spread([one.spikes_a_query for one in results[e]]) for e in STAGES},
        "calibration_fused": each(
            lambda t, method: spread([recall(x.calibration[method]) for x in t])
        ),
        "module": each(lambda t, method: spread([recall_within(x.test[method]) for x in t])),
        "fused": each(lambda t, method: spread([recall(x.test[method]) for x in t])),
        "summed": each(lambda t, method: summed([x.test[method] for x in t])),
    }


def part_ablations(args: argparse.Namespace) -> dict[str, Any]:
    """Timer, sign of the pre-synaptic term and inhibition, each changed separately."""
    test, calibration = read_places(args)
    reference = np.concatenate((test.summer, calibration.summer))
    base = DiehlCookConfig()
    variants = {
        "timer 5 ms": dataclasses.replace(base, silence_e_s=0.005),
        "pre-synaptic sign -": dataclasses.replace(base, stdp=TripletSTDP(pre_sign=-1)),
        "tau_gi 2 ms": dataclasses.replace(base, tau_gi_s=2e-3),
    }
    methods = [method for method in METHODS if method != "count rule"]
    results: dict[str, Any] = {"modules": args.modules, "epochs": EPOCHS_OF_ABLATIONS}
    for name, config in variants.items():
        clock = Clock()
        matrices: dict[str, list[FloatArray]] = {method: [] for method in methods}
        spikes = []
        for seed in range(args.seeds):
            modules = modules_of(test, config, seed)
            train(modules, test, EPOCHS_OF_ABLATIONS, clock)
            responses = respond(modules, reference, test.winter, clock)
            spikes.append(spikes_a_query(responses))
            for method in methods:
                matrices[method].append(fused(responses, method))
            print(f"{name}, seed {seed}", flush=True)
        results[name] = {
            "cpu_s": clock.each(),
            "spikes_a_query": spread(spikes),
            "module": {w: spread([recall_within(s) for s in m]) for w, m in matrices.items()},
            "fused": {w: spread([recall(s) for s in m]) for w, m in matrices.items()},
            "summed": {w: summed(m) for w, m in matrices.items()},
        }
    return results


def part_assignments(args: argparse.Namespace) -> dict[str, Any]:
    """Modules of places from the whole route, assigned at random for each seed."""
    test, calibration = read_places(args)
    reference = np.concatenate((test.summer, calibration.summer))
    methods = [method for method in METHODS if method != "count rule"]
    matrices: dict[str, list[FloatArray]] = {method: [] for method in methods}
    clock = Clock()
    for seed in range(args.seeds):
        order = np.random.default_rng(seed).permutation(len(test.summer))
        mixed = Route(*(images[order] for images in test))
        modules = modules_of(mixed, DiehlCookConfig(), seed)
        train(modules, mixed, STAGES[0], clock)
        responses = respond(modules, reference, test.winter, clock)
        for method in methods:
            matrices[method].append(fused(responses, method)[:, np.argsort(order)])
        print(f"assignment of seed {seed}", flush=True)
    return {
        "epochs": STAGES[0],
        "fused": {w: spread([recall(s) for s in m]) for w, m in matrices.items()},
        "summed": {w: summed(m) for w, m in matrices.items()},
    }


def part_sizes(args: argparse.Namespace) -> dict[str, Any]:
    """500 places in one, five or twenty modules."""
    return by_case("sizes", SIZES, args)


def part_epochs(args: argparse.Namespace) -> dict[str, Any]:
    """Modules of `main` after 40, 50 and 60 epochs."""
    return by_case("epochs", EPOCHS, args)


def by_case(part: str, cases: Sequence[Case], args: argparse.Namespace) -> dict[str, Any]:
    """Print a line per size, number of epochs and seed; return means over the seeds."""
    lines = [json.loads(x) for x in args.out.open()] if args.out and args.out.exists() else []
    done = {
        (x["size"], x["epochs"], x["seed"]): x for x in lines if x["part"] == part and "seed" in x
    }
    for seed, case in itertools.product(range(args.seeds), cases):
        if any((case.size, e, seed) not in done for e in case.stages):
            for line in case_lines(case, seed):
                done[case.size, line["epochs"], seed] = line
                emit({"part": part} | line, args.out)
    results: dict[str, Any] = {}
    for case in cases:
        test, calibration = places_of(case)
        results[f"modules of {case.size}"] = {
            "sad": baseline(test, case.size),
            "sad_calibration": baseline(calibration, case.size),
        } | {
            f"{e} epochs": over_seeds([done[case.size, e, seed] for seed in range(args.seeds)])
            for e in case.stages
        }
    return results


def places_of(case: Case) -> tuple[Route, Route]:
    return read(case.size * case.n_modules, case.size * case.n_calibration)


def case_lines(case: Case, seed: int) -> Iterator[dict[str, Any]]:
    test, calibration = places_of(case)
    clock, trained = Clock(), 0
    pair = Pair(test, calibration, seed, clock, case.size)
    for epochs in case.stages:
        pair.train(epochs - trained)
        trained, tuned = epochs, pair.winter_scores()
        n_assigned = sum(np.unique(m.assigned[m.assigned >= 0]).size for m in pair.modules)
        yield {
            "size": case.size,
            "epochs": epochs,
            "seed": seed,
            "threshold": tuned.threshold,
            "spikes_a_query": round(tuned.spikes_a_query, 2),
            "places_without_neuron": len(test.summer) - n_assigned,
            "calibration_fused": {w: recall(x) for w, x in tuned.calibration.items()},
            "module": {w: recall_within(x, case.size) for w, x in tuned.test.items()},
            "fused": {w: recall(x) for w, x in tuned.test.items()},
            "cpu_s": clock.each() | {"so far": round(sum(clock.seconds.values()), 1)},
        }


def over_seeds(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "thresholds": [line["threshold"] for line in lines],
        "spikes_a_query": spread([line["spikes_a_query"] for line in lines]),
        "places_without_neuron": spread([line["places_without_neuron"] for line in lines]),
    } | {
        name: {method: spread([line[name][method] for line in lines]) for method in METHODS}
        for name in ("calibration_fused", "module", "fused")
    }


PARTS = {
    "main": part_main,
    "ablations": part_ablations,
    "assignments": part_assignments,
    "sizes": part_sizes,
    "epochs": part_epochs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument(
        "--modules", type=int, default=4, help="number of modules in `main` and `ablations`"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    warm_up()
    for name in args.parts or PARTS:
        began = time.process_time()
        results = {"part": name, "seeds": args.seeds} | PARTS[name](args)
        results |= {
            "machine": platform.processor() or platform.machine(),
            "part_cpu_s": round(time.process_time() - began, 1),
        }
        emit(results, args.out)


if __name__ == "__main__":
    main()
