"""Modules of the benchmark `place_stdp`: training, answers, and shares of right answers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from place_stdp_images import Bytes, Route

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
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]

PLACES = 25


class Asked(NamedTuple):
    """A module's spikes, shape (images, n_excitatory), for the recorded and the asked images."""

    module: DiehlCookModule
    recorded: FloatArray
    queries: FloatArray


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
