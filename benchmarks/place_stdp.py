"""Spiking place modules that learn by STDP, on Nordland: recognition, speed, ablations.

    python benchmarks/place_stdp.py [main] [ablations] [assignments] [sizes] [epochs]
                                    [--modules 4] [--seeds 5]

Prints one JSON object a part, of `sizes` and `epochs` also one for each seed and number of epochs;
`--out FILE` appends them to a file too, and what of those is there already is not run again. Takes
some four hours of one core in all. Needs `nordland_64x32.npz` (grey frames `summer`, `winter` of
the same places, and `moving`) in the folder SNN_CONTROL_DATA or beside the checkout.

Modules of 25 places each: summer and an augmented summer are learnt, winter is asked. Test modules
are consecutive moving frames from the 553rd on; two calibration modules, from the first on, choose
the threshold of hyperactive neurons of each seed. Both are recorded over the summer frames of all
modules. R@1 is the share of queries whose own place scores highest, of the 25 of the module or of
all of the modules fused. `sizes` has 500 places in modules of 25, 100 or 500 instead; `epochs` is
`main` after 40, 50 and 60 epochs; in `assignments` each seed assigns places to modules at random.
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
    PLACES,
    WAYS,
    Clock,
    FloatArray,
    Pair,
    Tuned,
    ask,
    baseline,
    fused,
    modules_of,
    recall,
    recall_within,
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
    """Modules of a size, and after how many epochs they are asked."""

    size: int
    n_modules: int
    n_calibration: int
    stages: tuple[int, ...]


SIZES = (Case(500, 1, 1, (1, 10)), Case(100, 5, 2, (5, 10)), Case(25, 20, 2, (10,)))
EPOCHS = (Case(PLACES, 4, CALIBRATION_MODULES, (40, 50, 60)),)


def emit(found: dict[str, Any], out: Path | None) -> None:
    line = json.dumps(found)
    print(line, flush=True)
    if out:
        with out.open("a") as file:
            file.write(line + "\n")


def read_places(args: argparse.Namespace) -> tuple[Route, Route]:
    return read(args.modules * PLACES, CALIBRATION_MODULES * PLACES)


def part_main(args: argparse.Namespace) -> dict[str, Any]:
    """Recognition after 10, 20 and 30 epochs, by module and fused, beside SAD."""
    test, calibration = read_places(args)
    found: dict[int, list[Tuned]] = {e: [] for e in STAGES}
    clock = Clock()
    for seed in range(args.seeds):
        pair, trained = Pair(test, calibration, seed, clock), 0
        for e in STAGES:
            pair.train(e - trained)
            trained = e
            found[e].append(pair.ask())
            print(f"seed {seed}, {e} epochs", flush=True)

    def each(value: Callable[[list[Tuned], str], Any]) -> dict[int, dict[str, Any]]:
        return {e: {way: value(found[e], way) for way in WAYS} for e in STAGES}

    cpu_s = clock.each()
    return {
        "modules": args.modules,
        "cpu_s": cpu_s | {"query of all": round(args.modules * cpu_s["query of a module"], 4)},
        "sad": baseline(test),
        "sad_calibration": baseline(calibration),
        "thresholds": {e: [one.threshold for one in found[e]] for e in STAGES},
        "spikes_a_query": {e: spread([one.spikes_a_query for one in found[e]]) for e in STAGES},
        "calibration_fused": each(lambda t, way: spread([recall(x.calibration[way]) for x in t])),
        "module": each(lambda t, way: spread([recall_within(x.test[way]) for x in t])),
        "fused": each(lambda t, way: spread([recall(x.test[way]) for x in t])),
        "summed": each(lambda t, way: summed([x.test[way] for x in t])),
    }


def part_ablations(args: argparse.Namespace) -> dict[str, Any]:
    """Timer, sign of the pre-synaptic term, inhibition: each changed alone."""
    test, calibration = read_places(args)
    reference = np.concatenate((test.summer, calibration.summer))
    base = DiehlCookConfig()
    variants = {
        "timer 5 ms": dataclasses.replace(base, silence_e_s=0.005),
        "pre-synaptic sign -": dataclasses.replace(base, stdp=TripletSTDP(pre_sign=-1)),
        "tau_gi 2 ms": dataclasses.replace(base, tau_gi_s=2e-3),
    }
    ways = [way for way in WAYS if way != "count rule"]
    found: dict[str, Any] = {"modules": args.modules, "epochs": EPOCHS_OF_ABLATIONS}
    for name, config in variants.items():
        clock = Clock()
        matrices: dict[str, list[FloatArray]] = {way: [] for way in ways}
        spikes = []
        for seed in range(args.seeds):
            modules = modules_of(test, config, seed)
            train(modules, test, EPOCHS_OF_ABLATIONS, clock)
            asked = ask(modules, reference, test.winter, clock)
            spikes.append(spikes_a_query(asked))
            for way in ways:
                matrices[way].append(fused(asked, way))
            print(f"{name}, seed {seed}", flush=True)
        found[name] = {
            "cpu_s": clock.each(),
            "spikes_a_query": spread(spikes),
            "module": {w: spread([recall_within(s) for s in m]) for w, m in matrices.items()},
            "fused": {w: spread([recall(s) for s in m]) for w, m in matrices.items()},
            "summed": {w: summed(m) for w, m in matrices.items()},
        }
    return found


def part_assignments(args: argparse.Namespace) -> dict[str, Any]:
    """Modules of places from all over the route, others in each seed."""
    test, calibration = read_places(args)
    reference = np.concatenate((test.summer, calibration.summer))
    ways = [way for way in WAYS if way != "count rule"]
    matrices: dict[str, list[FloatArray]] = {way: [] for way in ways}
    clock = Clock()
    for seed in range(args.seeds):
        order = np.random.default_rng(seed).permutation(len(test.summer))
        mixed = Route(*(images[order] for images in test))
        modules = modules_of(mixed, DiehlCookConfig(), seed)
        train(modules, mixed, STAGES[0], clock)
        asked = ask(modules, reference, test.winter, clock)
        for way in ways:
            matrices[way].append(fused(asked, way)[:, np.argsort(order)])
        print(f"assignment of seed {seed}", flush=True)
    return {
        "epochs": STAGES[0],
        "fused": {w: spread([recall(s) for s in m]) for w, m in matrices.items()},
        "summed": {w: summed(m) for w, m in matrices.items()},
    }


def part_sizes(args: argparse.Namespace) -> dict[str, Any]:
    """500 places in one module, five or twenty."""
    return by_case("sizes", SIZES, args)


def part_epochs(args: argparse.Namespace) -> dict[str, Any]:
    """The modules of `main` after 40, 50 and 60 epochs."""
    return by_case("epochs", EPOCHS, args)


def by_case(part: str, cases: Sequence[Case], args: argparse.Namespace) -> dict[str, Any]:
    """Give a line for each size, number of epochs and seed, then means over the seeds."""
    lines = [json.loads(x) for x in args.out.open()] if args.out and args.out.exists() else []
    done = {
        (x["size"], x["epochs"], x["seed"]): x for x in lines if x["part"] == part and "seed" in x
    }
    for seed, case in itertools.product(range(args.seeds), cases):
        if any((case.size, e, seed) not in done for e in case.stages):
            for line in of_case(case, seed):
                done[case.size, line["epochs"], seed] = line
                emit({"part": part} | line, args.out)
    found: dict[str, Any] = {}
    for case in cases:
        test, calibration = places_of(case)
        found[f"modules of {case.size}"] = {
            "sad": baseline(test, case.size),
            "sad_calibration": baseline(calibration, case.size),
        } | {
            f"{e} epochs": over_seeds([done[case.size, e, seed] for seed in range(args.seeds)])
            for e in case.stages
        }
    return found


def places_of(case: Case) -> tuple[Route, Route]:
    return read(case.size * case.n_modules, case.size * case.n_calibration)


def of_case(case: Case, seed: int) -> Iterator[dict[str, Any]]:
    test, calibration = places_of(case)
    clock, trained = Clock(), 0
    pair = Pair(test, calibration, seed, clock, case.size)
    for epochs in case.stages:
        pair.train(epochs - trained)
        trained, tuned = epochs, pair.ask()
        known = sum(np.unique(m.assigned[m.assigned >= 0]).size for m in pair.modules)
        yield {
            "size": case.size,
            "epochs": epochs,
            "seed": seed,
            "threshold": tuned.threshold,
            "spikes_a_query": round(tuned.spikes_a_query, 2),
            "places_without_neuron": len(test.summer) - known,
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
        name: {way: spread([line[name][way] for line in lines]) for way in WAYS}
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
    parser.add_argument("--modules", type=int, default=4, help="of `main` and `ablations`")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    warm_up()
    for name in args.parts or PARTS:
        began = time.process_time()
        found = {"part": name, "seeds": args.seeds} | PARTS[name](args)
        found |= {
            "machine": platform.processor() or platform.machine(),
            "part_cpu_s": round(time.process_time() - began, 1),
        }
        emit(found, args.out)


if __name__ == "__main__":
    main()
