"""Benchmarks of place recognition: speed, size, growing maps, small modules, early exit.

    python benchmarks/place.py [speed] [growth] [modules] [hurry] [uncalibrated] [small] [choices]
                               [--reference R --query Q --select S]

Prints one JSON object per part. R and Q are folders of images or FILE.npz:ARRAY, S is a boolean
array of the images to use; by default traverses of Route-v0 are rendered. `speed` requires an idle
machine. For recognition rates: `snn-control study place` with the same options.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import itertools
import json
import time
from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from snn_control.controllers.place import PlaceConfig, PlaceRecognizer, Recognizer, presentation
from snn_control.controllers.place.baselines import SadRecognizer
from snn_control.controllers.place.image_encoder import ImageEncoder
from snn_control.controllers.place.place_map import PlaceMap, standardised
from snn_control.controllers.place.recognizer import LEAST_QUERIES
from snn_control.plasticity.decorrelation import Decorrelation
from snn_control.studies.support.place_data import Traverses, read_traverses
from snn_control.training.place.evaluation import Answers, QueryTraverse, evaluate, known_metrics
from snn_control.training.place.metrics import calibration_error

CALIBRATION = 0.2
QUERIES = 500
LENGTHS = (1, 5, 10, 20)
_TICKS = (6, 8, 16, 24)
_SIZES, _STARTS, _APART = (10, 20, 50, 100, 200, 500), 5, 50


def _percentiles(call: Callable[[int], Any], n: int) -> dict[str, float]:
    took = []
    for k in range(n):
        began = time.perf_counter()
        call(k)
        took.append(1e3 * (time.perf_counter() - began))
    p50, p99 = np.percentile(took, [50, 99])
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def speed(traverses: Traverses) -> dict[str, Any]:
    """Return the times of queries, of training and of adding a place, and the sizes of maps."""
    images, n = traverses.query.images, len(traverses.reference)
    first = round(CALIBRATION * n)
    calibration = (images[:first], list(range(first)))
    compiled = PlaceRecognizer().fit(traverses.reference[:50])
    compiled.match(images[0], spiking=True)
    compiled.add(images[0])
    began = time.process_time()
    recognizer = PlaceRecognizer().fit(traverses.reference, calibration)
    trained_s = time.process_time() - began
    sad = SadRecognizer().fit(traverses.reference, calibration)
    queries = images[first : first + QUERIES]

    def query(recogniser: Recognizer, **options: Any) -> Callable[[int], Any]:
        return lambda k: recogniser.match(queries[k % len(queries)], 10, **options)

    code = recognizer.encoder.codes(
        recognizer.encoder.normalise(queries[0])[0], recognizer.adaptation.mean
    )
    results: dict[str, Any] = {
        "places": n,
        "train_cpu_s": round(trained_s, 2),
        "query": _percentiles(query(recognizer), QUERIES),
        "query_spiking": _percentiles(query(recognizer, spiking=True), QUERIES),
        "query_sad": _percentiles(query(sad), QUERIES),
        "potentials": _percentiles(lambda k: recognizer.map.potentials(code), QUERIES),
        "normalisation": _percentiles(lambda k: recognizer.encoder.normalise(queries[0]), QUERIES),
    }
    with TemporaryDirectory() as folder:
        for name, deployed in (("map_bytes", False), ("deployed_map_bytes", True)):
            path = recognizer.save(f"{folder}/{name}", deployed=deployed)
            arrays = path.with_suffix(".safetensors")
            results[name] = path.stat().st_size + arrays.stat().st_size
    results["add"] = _percentiles(lambda k: recognizer.add(queries[k]), 50)
    return results


def growth(traverses: Traverses) -> dict[str, Any]:
    """Return recall and calibration error of a grown map and of one fitted in one batch.

    The first half of the route is fitted and calibrated on its first part, and the other half is
    added; the queries are those after the calibration part.
    """
    n = len(traverses.reference)
    first, half = round(CALIBRATION * n), n // 2
    calibration = (traverses.query.images[:first], list(range(first)))
    grown = PlaceRecognizer().fit(traverses.reference[:half], calibration)
    early = traverses.query.part(slice(first, half))
    results: dict[str, Any] = {"places_before": half, "places": n}
    results["before, on its half"] = {k: _summary(evaluate(grown, early, k)) for k in LENGTHS}
    for image in traverses.reference[half:]:
        grown.add(image)
    at_once = PlaceRecognizer().fit(traverses.reference, calibration)
    tested = traverses.query.part(slice(first, None))
    for name, recognizer in (("grown", grown), ("at once", at_once)):
        results[f"{name}, on that half"] = {
            k: _summary(evaluate(recognizer, early, k)) for k in LENGTHS
        }
        results[f"{name}, on all"] = {k: _summary(evaluate(recognizer, tested, k)) for k in LENGTHS}
    return results


def hurry(traverses: Traverses) -> dict[str, Any]:
    """Return recall and calibration error for all spikes, with early exit, and with deadlines."""
    n = len(traverses.reference)
    first = round(CALIBRATION * n)
    calibration = (traverses.query.images[:first], list(range(first)))
    recognizer = PlaceRecognizer().fit(traverses.reference, calibration)
    tested, results = traverses.query.part(slice(first, None)), {}
    every = recognizer.config.ticks
    waits: dict[str, dict[str, Any]] = {"all spikes": {"spiking": True}, "early": {"early": True}}
    waits |= {f"{k} of {every} ticks": {"deadline_s": k + 1.0} for k in _TICKS}
    ticking = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticking)))
    for length in LENGTHS:
        for name, options in waits.items():
            matcher = copy.deepcopy(recognizer)
            with patch.object(presentation, "time", clock):  # deadlines in ticks
                matches = [
                    matcher.match(image, length, step, **options)
                    for image, step in zip(tested.images, tested.steps.tolist(), strict=True)
                ]
            correct = np.array([m.place for m in matches]) == tested.places
            probability = np.array([m.probability for m in matches])
            results[f"{length} frames, {name}"] = {
                "recall_at_1": round(float(correct.mean()), 4),
                "calibration_error": round(calibration_error(probability, correct), 4),
                "spikes": round(float(np.mean([m.spikes for m in matches])), 1),
                "cut": round(float(np.mean([not m.complete for m in matches])), 3),
            }
    return results


def uncalibrated(traverses: Traverses) -> dict[str, Any]:
    """Return recall on the tested places only, mapped without calibration queries."""
    n = len(traverses.reference)
    tested = traverses.query.part(slice(round(CALIBRATION * n), None))
    first = int(tested.places[0])
    own = QueryTraverse(tested.images, tested.places - first, tested.steps)
    recognizer = PlaceRecognizer().fit(traverses.reference[first:])
    return {str(length): _summary(evaluate(recognizer, own, length)) for length in LENGTHS}


def small(traverses: Traverses) -> dict[str, Any]:
    """Return the fraction of unknown places that are classified as known, by size of the map.

    Maps start at several places, without calibration queries and with queries of every second
    place. The unknown places are half of the route, starting a quarter of the route after the map.
    """
    n, results = len(traverses.reference), {}
    for size in _SIZES:
        fractions: dict[str, list[float]] = {}
        for first in range(0, n - size, n // _STARTS):
            own = np.arange(first, first + size)
            elsewhere = (first + n // 4 + np.arange(n // 2)) % n
            elsewhere = elsewhere[
                (elsewhere < first - _APART) | (elsewhere >= first + size + _APART)
            ]
            unknown = traverses.query.part(np.sort(elsewhere))
            halves = (traverses.query.images[own[::2]], list(range(0, size, 2)))
            for name, known in (("self-calibrated", None), ("calibrated", halves)):
                if known is not None and len(known[1]) < LEAST_QUERIES:
                    continue
                recognizer = PlaceRecognizer().fit(traverses.reference[own], known)
                for length in (1, 10):
                    fraction = float(evaluate(recognizer, unknown, length).known.mean())
                    fractions.setdefault(f"{name}, {length} frames", []).append(round(fraction, 3))
        results[str(size)] = fractions
    return results


def _summary(answers: Answers) -> dict[str, float]:
    kept = ("recall_at_1", "calibration_error")
    return {name: round(value, 4) for name, value in known_metrics(answers).items() if name in kept}


def modules(traverses: Traverses) -> list[dict[str, Any]]:
    """Return recall at 1 for one frame by size of the modules.

    Lateral weights are shared and learned from the calibration part, shared and learned from the
    mapped places, or separate for each module and learned from its places. Scores are raw, or
    standardised for each neuron by mean and spread over the mapped places.
    """
    config = PlaceConfig()
    encoder, n = ImageEncoder(config, 0), len(traverses.reference)
    first = round(CALIBRATION * n)
    reference = np.array([encoder.normalise(image)[0] for image in traverses.reference])
    query = np.array([encoder.normalise(image)[0] for image in traverses.query.images])
    reference_mean, query_mean = reference.mean(axis=0), query[:first].mean(axis=0)
    mapped = encoder.codes(reference[first:], reference_mean)
    queries = encoder.codes(query[first:], query_mean)
    own_gain = np.sqrt(config.reference_share)

    def lateral(disturbances: Any) -> Decorrelation:
        layer = Decorrelation(config.n_inputs, config.stiffness * config.levels**2)
        layer.learn(disturbances)
        return layer

    pairs = query[:first] - query_mean - (reference[:first] - reference[:first].mean(axis=0))
    calibrated = lateral(config.levels * pairs)
    whole = lateral(own_gain * mapped.astype(np.float64))
    rows = []
    for kind in ("shared, calibrated", "shared, of the map", "of each module"):
        for size in (25, 100, 500, len(mapped)):
            responses, to_mapped = [], []
            for k in range(0, len(mapped), size):
                own = mapped[k : k + size]
                weights = {"shared, calibrated": calibrated, "shared, of the map": whole}.get(kind)
                weights = weights or lateral(own_gain * own.astype(np.float64))
                module = PlaceMap(config.n_inputs)
                module.imprint(own, weights)
                drive = module.weights.astype(np.float64) * module.scales
                responses.append(queries @ drive)
                to_mapped.append(mapped @ drive)
            rows.append(
                {"lateral": kind, "places": size}
                | _recalls(np.hstack(responses), np.hstack(to_mapped))
            )
    return rows


def _recalls(responses: Any, to_mapped: Any) -> dict[str, float]:
    truth = np.arange(len(responses))
    np.fill_diagonal(to_mapped, np.nan)
    balanced = (responses - np.nanmean(to_mapped, axis=0)) / np.nanstd(to_mapped, axis=0)
    rows = standardised(np.where(np.isnan(to_mapped), np.nanmean(to_mapped), to_mapped))
    np.fill_diagonal(rows, np.nan)
    both = (standardised(responses) - np.nanmean(rows, axis=0)) / np.nanstd(rows, axis=0)
    return {
        name: round(float((scores.argmax(axis=1) == truth).mean()), 3)
        for name, scores in (
            ("as_they_are", responses), ("balanced", balanced), ("standardised_and_balanced", both),
        )
    }  # fmt: skip


_CHOICES: dict[str, tuple[float, ...]] = {
    "window": (7, 11, 15, 21, 27),
    "floor": (0.0, 5.0, 10.0, 20.0, 40.0),
    "levels": (4, 8, 16),
    "memory": (100, 250, 500, 1000),
    "stiffness": (10.0, 30.0, 110.0, 300.0, 1000.0),
    "neighbours": (2, 5, 10, 20),
    "blend": (0.0, 0.1, 0.3, 0.6, 1.0),
    "reference_share": (0.03, 0.06, 0.13, 0.25, 0.5, 1.0),
}
"""Values of `PlaceConfig` to compare, one setting at a time with the others at their defaults."""


def choices(traverses: Traverses) -> dict[str, Any]:
    """Return recall on the calibration part by setting, which determined the defaults.

    All places are mapped. Each quarter of the queries is matched by a recogniser that was
    calibrated on the other quarters; for `reference_share`, by one without calibration queries.
    """
    traverse = traverses.query.part(slice(0, round(CALIBRATION * len(traverses.reference))))
    results: dict[str, Any] = {}
    for name, values in _CHOICES.items():
        for value in values:
            config = dataclasses.replace(PlaceConfig(), **{name: value})
            recalls = _calibration_recalls(
                config, traverses, traverse, calibrated=name != "reference_share"
            )
            results[f"{name} {value:g}"] = recalls
    return results


def _calibration_recalls(
    config: PlaceConfig, traverses: Traverses, traverse: QueryTraverse, calibrated: bool
) -> dict[str, float]:
    every = np.arange(len(traverse.images))
    correct: dict[int, list[Any]] = {1: [], 5: [], 10: []}
    for mine in np.array_split(every, 4 if calibrated else 1):
        others = np.setdiff1d(every, mine)
        known = (traverse.images[others], traverse.places[others].tolist()) if calibrated else None
        recognizer = PlaceRecognizer(config=config).fit(traverses.reference, known)
        for length, each in correct.items():
            each.append(evaluate(recognizer, traverse.part(mine), length).correct)
    return {f"{k} frames": round(float(np.concatenate(v).mean()), 3) for k, v in correct.items()}


PARTS: dict[str, Callable[[Traverses], Any]] = {
    "speed": speed,
    "growth": growth,
    "modules": modules,
    "hurry": hurry,
    "uncalibrated": uncalibrated,
    "small": small,
    "choices": choices,
}


def main(words: Sequence[str] | None = None) -> None:
    """Run the named parts, by default all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    for name in ("reference", "query", "select"):
        parser.add_argument(f"--{name}", default="")
    args = parser.parse_args(words)
    traverses = read_traverses(args.reference, args.query, args.select)
    for part in args.parts or PARTS:
        print(json.dumps({part: PARTS[part](traverses)}), flush=True)


if __name__ == "__main__":
    main()
