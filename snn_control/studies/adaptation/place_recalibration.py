"""Probabilities of single frames in another light, before and after recalibration in operation.

A map is made by day without queries, and a query traverse in another light is matched frame by
frame, at one frame a place with true odometry. Figures count the second half of the traverse, each
frame before any label of it; an answer within one place is correct. Every method gives the same
answers, so that recall is common to them:

- `map`: the calibration of the map, with the shift by hindsight that is always on,
- `recalibrated`: labels from certain sequences (`confidence.recalibration`),
- `true places`: the same refits on labels from the true places, a limit that no robot reaches.

The default limits of the recalibration were chosen on route seeds 100 to 104. With `reference` and
`query`, seed k takes the k-th stretch of the images instead of a separate route.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import PlaceRecognizer
from snn_control.controllers.place.confidence.confidence import features
from snn_control.controllers.place.confidence.hindsight import LATER
from snn_control.controllers.place.confidence.long_sequence import LongMatch
from snn_control.controllers.place.confidence.recalibration import (
    FrameAnswer,
    Recalibration,
    log_loss,
)
from snn_control.errors import ParameterError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.studies.support.place_data import read_traverses
from snn_control.studies.support.plots import error_bars
from snn_control.threads import one_blas_thread
from snn_control.training.place.metrics import calibration_error
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]
Images = npt.NDArray[np.uint8]

MAP, RECALIBRATED, TRUE_PLACES = METHODS = ("map", "recalibrated", "true places")
TUNED_ON = range(100, 105)
"""Route seeds on which the default limits of the recalibration were chosen."""
QUERY = "query"
"""Condition of images from files."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 10
    """Number of independent routes, or of stretches of the images."""
    conditions: tuple[str, ...] = ("dusk", "winter", "night")
    """Presets of Route-v0 for the query traverse."""
    length_m: float = 800.0
    """Length of a route, m."""
    reference: str = ""
    """Reference images in route order, a folder or FILE.npz:ARRAY; default: Route-v0 by day."""
    query: str = ""
    """Query images of the same places in the same order, likewise."""
    select: str = ""
    """Boolean array FILE.npz:ARRAY of the images to use; default: all."""
    stretch: int = 200
    """Number of places in a stretch of images from files."""

    def __post_init__(self) -> None:
        super().__post_init__()
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        if not self.reference and {*seeds} & {*TUNED_ON}:
            raise ParameterError(
                f"seeds {TUNED_ON.start} to {TUNED_ON.stop - 1} chose the limits; expected others, "
                "change first_seed"
            )
        if bool(self.reference) != bool(self.query):
            raise ParameterError("set both reference and query, or neither")
        if not self.conditions or len({*self.conditions}) < len(self.conditions):
            raise ParameterError(f"conditions are {self.conditions}; expected each once")
        if self.stretch < 50:
            raise ParameterError(f"stretch is {self.stretch}; expected at least 50 places")


@dataclass(frozen=True)
class _Traverse:
    """Query images of the places of a map, one image per place."""

    condition: str
    seed: int
    images: Images
    steps: FloatArray
    """Odometry distance since the previous image, places, (n,)."""


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Match the query traverse of each condition and seed, with each calibration."""
    results: dict[str, list[dict[str, dict[str, float]]]] = {}
    for seed in range(config.first_seed, config.first_seed + config.seeds):
        reference, traverses = _traverses(config, seed)
        fitted = PlaceRecognizer(seed).fit(reference)
        state = fitted.calibration_state()
        for traverse in traverses:
            fitted.restore(state)
            before = _matched(fitted, traverse, None)
            fitted.restore(state)
            after = _matched(fitted, traverse, Recalibration())
            figures = dict(zip(METHODS, (before[0], after[0], before[1]), strict=True))
            results.setdefault(traverse.condition, []).append(figures)
            progress(
                f"seed {seed}, {traverse.condition}: recall {figures[MAP]['within_1']:.3f}, mean "
                "probability "
                + ", ".join(
                    f"{name} {row['mean_probability']:.3f}" for name, row in figures.items()
                )
            )
    rows = [
        {"condition": condition, "method": method} | _mean([each[method] for each in seeds])
        for condition, seeds in results.items()
        for method in METHODS
    ]
    return StudyResult(rows, _summary(config, rows), [_figure(rows)])


def _traverses(config: Config, seed: int) -> tuple[Images, Iterator[_Traverse]]:
    """Return the reference images of a seed, and its query traverses."""
    if config.reference:
        traverses = read_traverses(config.reference, config.query, config.select)
        first = (seed - config.first_seed) * config.stretch
        if first + config.stretch > len(traverses.reference):
            raise ParameterError(
                f"{len(traverses.reference)} images for {config.seeds} stretches of "
                f"{config.stretch}; expected fewer seeds or a shorter stretch"
            )
        part = traverses.part(np.arange(first, first + config.stretch))
        images, steps = part.query.images, part.query.steps
        return part.reference, iter([_Traverse(QUERY, seed, images, steps)])
    reference, _ = _rendered("day", seed, 0, config.length_m)
    queries = (
        _Traverse(condition, seed, *_rendered(condition, seed, 1 + k, config.length_m))
        for k, condition in enumerate(config.conditions)
    )
    return reference, queries


def _rendered(preset: str, seed: int, traverse: int, length_m: float) -> tuple[Images, FloatArray]:
    """Return the frame nearest to each place of a route, and the distances between them."""
    from snn_control.envs.route.drive import drive

    frames = drive(preset, seed=1000 * seed + traverse, route_seed=seed, length_m=length_m)
    n = int(frames.places.max()) + 1
    nearest = np.abs(frames.places[None] - np.arange(n)[:, None]).argmin(axis=1)
    return frames.images[nearest], np.diff(np.cumsum(frames.steps)[nearest], prepend=0.0)


@one_blas_thread()
def _matched(
    recognizer: PlaceRecognizer, traverse: _Traverse, recalibration: Recalibration | None
) -> list[dict[str, float]]:
    """Return the figures by the recogniser, then by refits on labels from the true places."""
    recognizer.recalibration = recalibration
    recognizer.reset_sequence()
    by_truth = Recalibration()
    probability, limit, correct = [], [], []
    labels, wrong = 0, 0
    for k, (image, step) in enumerate(zip(traverse.images, traverse.steps.tolist(), strict=True)):
        match = recognizer.match(image, 1, step)
        best, values = features(match.scores, 1, recognizer.same_place)
        if recalibration is not None and recalibration.n_labels > labels:
            labels = recalibration.n_labels
            wrong += abs(recalibration.labels[-1].place - (k - LATER)) > 1
        answer = FrameAnswer(best, tuple(values.tolist()), match.probability)
        limit.append(by_truth.probability(values, match.probability))
        by_truth.update(answer, LongMatch(k, 1.0, True, np.inf), k, 1)
        probability.append(match.probability)
        correct.append(abs(best - k) <= 1)
    right = np.array(correct)
    own = _figures(np.array(probability), right, recalibration, labels, wrong)
    return [own, _figures(np.array(limit), right, by_truth, by_truth.n_labels, 0)]


def _figures(
    probability: FloatArray,
    correct: npt.NDArray[np.bool_],
    recalibration: Recalibration | None,
    labels: int,
    wrong: int,
) -> dict[str, float]:
    """Return the figures of the second half of a traverse, and of all its labels."""
    half = slice(len(correct) // 2, None)
    p, right = probability[half], correct[half]
    return {
        "within_1": float(right.mean()),
        "mean_probability": float(p.mean()),
        "overconfidence": float(p.mean() - right.mean()),
        "calibration_error": calibration_error(p, right),
        "log_loss": log_loss(p, right) / len(right),
        "labels": float(labels),
        "wrong_labels": float(wrong),
        "versions": float(recalibration.version if recalibration else 0),
    }


KEYS = (
    "within_1", "mean_probability", "overconfidence", "calibration_error", "log_loss", "labels",
    "wrong_labels", "versions",
)  # fmt: skip
"""Metric columns of the table."""


def _mean(seeds: list[dict[str, float]]) -> dict[str, Any]:
    """Return the mean over seeds of every column with its interval."""
    row: dict[str, Any] = {}
    for key in KEYS:
        values = np.array([each[key] for each in seeds])
        row[key] = float(values.mean())
        row[f"{key}_ci95"] = half_width(values) if len(values) > 1 else None
    return row


def _summary(config: Config, rows: list[dict[str, Any]]) -> str:
    text = (
        f"{config.seeds} maps by day, second half of the query traverses, single frames; recall "
        "is the same for every method."
    )
    by_name = {(row["condition"], row["method"]): row for row in rows}
    for condition in dict.fromkeys(row["condition"] for row in rows):
        before, after, limit = (by_name[condition, method] for method in METHODS)
        text += (
            f" {condition}: recall {before['within_1']:.3f}, mean probability "
            f"{before['mean_probability']:.3f} -> {after['mean_probability']:.3f}, calibration "
            f"error {before['calibration_error']:.3f} -> {after['calibration_error']:.3f} "
            f"({limit['calibration_error']:.3f} by true places)."
        )
    return text


def _figure(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return error_bars(
        [row | {"calibration_error_ci95": row["calibration_error_ci95"] or 0.0} for row in rows],
        "condition",
        "calibration_error",
        by="method",
        title="Calibration error of single frames",
        x_title="condition of the query traverse",
        y_title="expected calibration error",
    )
