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
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.coding.images import resize
from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes
from snn_control.controllers.place.diehl_cook.fusion import (
    added_up,
    answers,
    side_by_side,
    standardised,
)
from snn_control.controllers.place.diehl_cook.hyperactive import (
    activity,
    choose_threshold,
    silenced,
)
from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig, DiehlCookModule
from snn_control.plasticity.triplet_stdp import TripletSTDP
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

PLACES = 25
N_CALIBRATION_FRAMES = 552
CALIBRATION_MODULES = 2
STAGES = (10, 20, 30)
EPOCHS_OF_ABLATIONS = 20
DATA = Path(
    os.environ.get("SNN_CONTROL_DATA")
    or Path(__file__).resolve().parents[2] / "shared/data/nordland"
)


class Route(NamedTuple):
    """Patch-normalised bytes of consecutive places, shape (places, 28, 28) each."""

    summer: Bytes
    augmented: Bytes
    winter: Bytes

    def part(self, begin: int, n: int) -> Route:
        """Return n places from one on."""
        return Route(*(images[begin : begin + n] for images in self))


class Case(NamedTuple):
    """Modules of a size, and after how many epochs they are asked."""

    size: int
    n_modules: int
    n_calibration: int
    stages: tuple[int, ...]


SIZES = (Case(500, 1, 1, (1, 10)), Case(100, 5, 2, (5, 10)), Case(25, 20, 2, (10,)))
EPOCHS = (Case(PLACES, 4, CALIBRATION_MODULES, (40, 50, 60)),)


class Asked(NamedTuple):
    """A module's spikes, shape (images, n_excitatory), for the recorded and the asked images."""

    module: DiehlCookModule
    recorded: FloatArray
    queries: FloatArray


# --- images ------------------------------------------------------------------------------------


def read(n_test: int, n_calibration: int) -> tuple[Route, Route]:
    """Return the places of the test and of the calibration modules."""
    path = DATA / "nordland_64x32.npz"
    if not path.exists():
        raise SystemExit(
            f"{path} is not here; set SNN_CONTROL_DATA to the folder of nordland_64x32.npz"
        )
    with np.load(path, allow_pickle=False) as data:
        rows = np.flatnonzero(data["moving"])
        rows = np.concatenate(
            (rows[N_CALIBRATION_FRAMES:][:n_test], rows[:N_CALIBRATION_FRAMES][:n_calibration])
        )
        summer, winter = data["summer"][rows], data["winter"][rows]
    random = np.random.default_rng(2209)
    augmented = [augment(image, random) for image in summer]
    whole = Route(*(np.array([normal(i) for i in part]) for part in (summer, augmented, winter)))
    return whole.part(0, n_test), whole.part(n_test, n_calibration)


def normal(image: Bytes) -> Bytes:
    return to_bytes(PatchNormalisation(7).apply(resize(image, 28, 28)))


def augment(image: Bytes, random: np.random.Generator) -> Bytes:
    """Change the looks of a frame: blur, contrast, light from one side, brightness, noise.

    Blur by a Gaussian of 0 to 1 pixels; contrast times 0.6 to 1.4; a ramp of light of at most 40
    grey levels in any direction; brightness by -30 to 30; noise of 8 grey levels a pixel.
    """
    h, w = image.shape
    x = image.astype(float)
    sigma = max(random.uniform(0.0, 1.0), 1e-3)
    taps = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        padded = np.pad(x, [(3, 3) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        x = sum(
            t * np.take(padded, np.arange(k, k + x.shape[axis]), axis) for k, t in enumerate(taps)
        )
    x = x.mean() + random.uniform(0.6, 1.4) * (x - x.mean())
    angle, light = random.uniform(0.0, 2.0 * np.pi), random.uniform(0.0, 40.0)
    down, right = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    x += light * (np.cos(angle) * right + np.sin(angle) * down)
    x += random.uniform(-30.0, 30.0) + random.normal(0.0, 8.0, image.shape)
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


# --- from spikes to shares ---------------------------------------------------------------------


def raw(asked: Asked, _: int) -> FloatArray:
    return asked.module.scores(asked.queries)


def counted(asked: Asked, threshold: int) -> FloatArray:
    return asked.module.scores(silenced(asked.queries, activity(asked.recorded), threshold))


def by_neuron(asked: Asked, _: int) -> FloatArray:
    return asked.module.scores(standardised(asked.recorded, asked.queries))


def by_place(asked: Asked, _: int) -> FloatArray:
    return standardised(asked.module.scores(asked.recorded), asked.module.scores(asked.queries))


def weighted(asked: Asked, _: int) -> FloatArray:
    return asked.module.scores(asked.queries, weighted=True)


WAYS: dict[str, Callable[[Asked, int], FloatArray]] = {
    "none": raw,
    "count rule": counted,
    "standardised neurons": by_neuron,
    "standardised places": by_place,
    "weighted assignment": weighted,
}


def fused(asked: Sequence[Asked], way: str, threshold: int = 0) -> FloatArray:
    return side_by_side([WAYS[way](one, threshold) for one in asked])


def spikes_a_query(asked: Sequence[Asked]) -> float:
    return float(np.mean([one.queries.sum(axis=1).mean() for one in asked]))


def recall(scores: FloatArray) -> float:
    return float(np.mean(answers(scores) == np.arange(len(scores))))


def recall_within(scores: FloatArray, size: int = PLACES) -> float:
    """R@1 of each query among the places of its own module, mean over the modules."""
    n = len(scores) // size
    blocks = scores.reshape(n, size, n, size)
    return float(np.mean([recall(blocks[m, :, m]) for m in range(n)]))


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean over seeds and half of its 95 % interval."""
    found = np.array(values)
    return {"mean": round(float(found.mean()), 4), "ci95": round(half_width(found), 4)}


def of_queries(share: float, n: int) -> dict[str, Any]:
    """Share of n queries with its 95 % interval (E. B. Wilson, 1927)."""
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    interval = [round(float(middle - half), 4), round(float(middle + half), 4)]
    return {"r@1": round(share, 4), "ci95": interval, "n": n}


def summed(matrices: Sequence[FloatArray]) -> dict[str, Any]:
    """R@1 of the sum over k seeds, mean over all choices of k; for all seeds with its interval."""
    found: dict[str, Any] = {}
    for k in range(1, len(matrices) + 1):
        shares = [recall(added_up(some)) for some in itertools.combinations(matrices, k)]
        found[str(k)] = round(float(np.mean(shares)), 4)
    return found | {"all": of_queries(recall(added_up(matrices)), len(matrices[0]))}


# --- modules -----------------------------------------------------------------------------------


class Clock:
    """CPU seconds by what they went for."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.times: dict[str, int] = {}

    def timed(self, name: str, n: int, work: Callable[[], Any]) -> Any:
        """Do work that is n times what the name says."""
        began = time.process_time()
        found = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - began
        self.times[name] = self.times.get(name, 0) + n
        return found

    def each(self) -> dict[str, float]:
        """Return the CPU seconds of one of each."""
        return {name: round(s / self.times[name], 5) for name, s in self.seconds.items()}


def modules_of(
    route: Route, config: DiehlCookConfig, seed: int, size: int = PLACES
) -> list[DiehlCookModule]:
    """Make a module for every `size` places; each has its own random numbers."""
    n = len(route.summer) // size
    return [DiehlCookModule(size, config, seed=1000 * seed + m) for m in range(n)]


def train(modules: Sequence[DiehlCookModule], route: Route, epochs: int, clock: Clock) -> None:
    for m, module in enumerate(modules):
        own = route.part(m * module.n_places, module.n_places)
        images = np.array([own.summer, own.augmented])
        n = epochs * 2 * module.n_places
        clock.timed("training presentation", n, lambda: module.fit(images, epochs))  # noqa: B023


def ask(
    modules: Sequence[DiehlCookModule], reference: Bytes, queries: Bytes, clock: Clock
) -> list[Asked]:
    found = []
    for module in modules:
        both = [
            clock.timed("query of a module", len(images), lambda: module.responses(images))  # noqa: B023
            for images in (reference, queries)
        ]
        found.append(Asked(module, *both))
    return found


class Tuned(NamedTuple):
    """Threshold of the count rule and, for each way, the scores of winter, (queries, places)."""

    threshold: int
    calibration: dict[str, FloatArray]
    test: dict[str, FloatArray]
    spikes_a_query: float


class Pair:
    """Modules of the test places, and others that choose a threshold for them."""

    def __init__(
        self, test: Route, calibration: Route, seed: int, clock: Clock, size: int = PLACES
    ) -> None:
        self.test, self.calibration, self.clock = test, calibration, clock
        config = DiehlCookConfig()
        self.others = modules_of(calibration, config, 500 + seed, size)
        self.modules = modules_of(test, config, seed, size)

    def train(self, epochs: int) -> None:
        """Train all of them for so many epochs more."""
        train(self.others, self.calibration, epochs, self.clock)
        train(self.modules, self.test, epochs, self.clock)

    def ask(self) -> Tuned:
        """Choose the threshold, then ask for winter."""
        reference = np.concatenate((self.test.summer, self.calibration.summer))
        others = ask(self.others, reference, self.calibration.winter, self.clock)
        best, _ = choose_threshold(lambda t: recall(fused(others, "count rule", t)))
        asked = ask(self.modules, reference, self.test.winter, self.clock)
        return Tuned(
            best,
            {way: fused(others, way, best) for way in WAYS},
            {way: fused(asked, way, best) for way in WAYS},
            spikes_a_query(asked),
        )


def warm_up() -> None:
    """Compile before anything is timed."""
    module = DiehlCookModule(1, DiehlCookConfig(n_excitatory=2, image_s=0.01))
    image = np.zeros((1, 28, 28), np.uint8)
    module.fit(image, epochs=1)
    module.responses(image)


def sad(route: Route) -> FloatArray:
    """Negative sum of absolute differences of the bytes, shape (queries, places)."""
    map_, asked = (x.reshape(len(x), -1).astype(float) for x in (route.summer, route.winter))
    return -np.array([np.abs(query - map_).sum(axis=1) for query in asked])


def baseline(route: Route, size: int = PLACES) -> dict[str, Any]:
    scores, n = sad(route), len(route.summer)
    return {
        "module": of_queries(recall_within(scores, size), n),
        "fused": of_queries(recall(scores), n),
    }


# --- parts -------------------------------------------------------------------------------------


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
