"""Modules of the benchmark `place_stdp`: training, responses and recall."""

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


class Responses(NamedTuple):
    """Spikes of a module for the reference and the query images, (images, n_excitatory) each."""

    module: DiehlCookModule
    reference: FloatArray
    queries: FloatArray


# --- from spikes to recall ---------------------------------------------------------------------


def raw(responses: Responses, _: int) -> FloatArray:
    return responses.module.scores(responses.queries)


def counted(responses: Responses, threshold: int) -> FloatArray:
    return responses.module.scores(
        silenced(responses.queries, activity(responses.reference), threshold)
    )


def by_neuron(responses: Responses, _: int) -> FloatArray:
    return responses.module.scores(standardised(responses.reference, responses.queries))


def by_place(responses: Responses, _: int) -> FloatArray:
    return standardised(
        responses.module.scores(responses.reference), responses.module.scores(responses.queries)
    )


def weighted(responses: Responses, _: int) -> FloatArray:
    return responses.module.scores(responses.queries, weighted=True)


METHODS: dict[str, Callable[[Responses, int], FloatArray]] = {
    "none": raw,
    "count rule": counted,
    "standardised neurons": by_neuron,
    "standardised places": by_place,
    "weighted assignment": weighted,
}


def fused(responses: Sequence[Responses], method: str, threshold: int = 0) -> FloatArray:
    return side_by_side([METHODS[method](one, threshold) for one in responses])


def spikes_a_query(responses: Sequence[Responses]) -> float:
    return float(np.mean([one.queries.sum(axis=1).mean() for one in responses]))


def recall(scores: FloatArray) -> float:
    return float(np.mean(answers(scores) == np.arange(len(scores))))


def recall_within(scores: FloatArray, size: int = PLACES) -> float:
    """Return R@1 among the places of the module of each query, mean over the modules."""
    n = len(scores) // size
    blocks = scores.reshape(n, size, n, size)
    return float(np.mean([recall(blocks[m, :, m]) for m in range(n)]))


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return the mean over seeds and half of its 95 % confidence interval."""
    results = np.array(values)
    return {"mean": round(float(results.mean()), 4), "ci95": round(half_width(results), 4)}


def of_queries(fraction: float, n: int) -> dict[str, Any]:
    """Return a fraction of n queries with its 95 % interval (E. B. Wilson, 1927)."""
    z = 1.96
    middle = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    interval = [round(float(middle - half), 4), round(float(middle + half), 4)]
    return {"r@1": round(fraction, 4), "ci95": interval, "n": n}


def summed(matrices: Sequence[FloatArray]) -> dict[str, Any]:
    """Return R@1 of the sum over k seeds, mean over all choices of k, and that of all seeds."""
    results: dict[str, Any] = {}
    for k in range(1, len(matrices) + 1):
        recalls = [recall(added_up(some)) for some in itertools.combinations(matrices, k)]
        results[str(k)] = round(float(np.mean(recalls)), 4)
    return results | {"all": of_queries(recall(added_up(matrices)), len(matrices[0]))}


# --- modules -----------------------------------------------------------------------------------


class Clock:
    """CPU seconds by name of the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.times: dict[str, int] = {}

    def timed(self, name: str, n: int, work: Callable[[], Any]) -> Any:
        """Execute work that counts as n repetitions, and return its result."""
        began = time.process_time()
        results = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - began
        self.times[name] = self.times.get(name, 0) + n
        return results

    def each(self) -> dict[str, float]:
        """Return the CPU seconds per repetition."""
        return {name: round(s / self.times[name], 5) for name, s in self.seconds.items()}


def modules_of(
    route: Route, config: DiehlCookConfig, seed: int, size: int = PLACES
) -> list[DiehlCookModule]:
    """Return untrained modules of `size` places, each with its own seed."""
    n = len(route.summer) // size
    return [DiehlCookModule(size, config, seed=1000 * seed + m) for m in range(n)]


def train(modules: Sequence[DiehlCookModule], route: Route, epochs: int, clock: Clock) -> None:
    for m, module in enumerate(modules):
        own = route.part(m * module.n_places, module.n_places)
        images = np.array([own.summer, own.augmented])
        n = epochs * 2 * module.n_places
        clock.timed("training presentation", n, lambda: module.fit(images, epochs))  # noqa: B023


def respond(
    modules: Sequence[DiehlCookModule], reference: Bytes, queries: Bytes, clock: Clock
) -> list[Responses]:
    results = []
    for module in modules:
        both = [
            clock.timed("query of a module", len(images), lambda: module.responses(images))  # noqa: B023
            for images in (reference, queries)
        ]
        results.append(Responses(module, *both))
    return results


class Tuned(NamedTuple):
    """Threshold of the count rule, and the winter scores of each method, (queries, places)."""

    threshold: int
    calibration: dict[str, FloatArray]
    test: dict[str, FloatArray]
    spikes_a_query: float


class Pair:
    """Modules of the test places, and calibration modules that determine their threshold."""

    def __init__(
        self, test: Route, calibration: Route, seed: int, clock: Clock, size: int = PLACES
    ) -> None:
        self.test, self.calibration, self.clock = test, calibration, clock
        config = DiehlCookConfig()
        self.others = modules_of(calibration, config, 500 + seed, size)
        self.modules = modules_of(test, config, seed, size)

    def train(self, epochs: int) -> None:
        """Train all modules for further epochs."""
        train(self.others, self.calibration, epochs, self.clock)
        train(self.modules, self.test, epochs, self.clock)

    def winter_scores(self) -> Tuned:
        """Choose the threshold, then compute the winter scores."""
        reference = np.concatenate((self.test.summer, self.calibration.summer))
        others = respond(self.others, reference, self.calibration.winter, self.clock)
        best, _ = choose_threshold(lambda t: recall(fused(others, "count rule", t)))
        test = respond(self.modules, reference, self.test.winter, self.clock)
        return Tuned(
            best,
            {method: fused(others, method, best) for method in METHODS},
            {method: fused(test, method, best) for method in METHODS},
            spikes_a_query(test),
        )


def warm_up() -> None:
    """Compile the kernels before timing."""
    module = DiehlCookModule(1, DiehlCookConfig(n_excitatory=2, image_s=0.01))
    image = np.zeros((1, 28, 28), np.uint8)
    module.fit(image, epochs=1)
    module.responses(image)


def sad(route: Route) -> FloatArray:
    """Return the negative sum of absolute differences, shape (queries, places)."""
    reference, queries = (x.reshape(len(x), -1).astype(float) for x in (route.summer, route.winter))
    return -np.array([np.abs(query - reference).sum(axis=1) for query in queries])


def baseline(route: Route, size: int = PLACES) -> dict[str, Any]:
    scores, n = sad(route), len(route.summer)
    return {
        "module": of_queries(recall_within(scores, size), n),
        "fused": of_queries(recall(scores), n),
    }
