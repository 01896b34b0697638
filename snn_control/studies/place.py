"""Study of place recognition: spiking recogniser, sum of absolute differences, linear discriminant.

The first part of the places is used for calibration, that is for all that is chosen or learned from
queries; the rest is used for testing. The map contains the tested places only (`own`) or all places
(`whole`). For `all`, the queries of the first part are evaluated too, with a recogniser that was
calibrated on the last part. Random steps use every first to third query, with true odometry. For
unknown places, recognisers are calibrated on the first half of the calibration part, and queries of
its second half are matched with the map `own`. With a run folder, `place_report_data` writes the
data of the report.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers.place import PlaceRecognizer, Recognizer
from snn_control.controllers.place.baselines import LinearRecognizer, SadRecognizer
from snn_control.controllers.place.sequence import LONGEST
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, TablePart, silent
from snn_control.studies.support.blank_places import (
    blank_frames,
    describe,
    without_blank_places,
)
from snn_control.studies.support.place_data import Traverses, read_traverses
from snn_control.studies.support.place_report_data import ReportData
from snn_control.studies.support.plots import error_bars
from snn_control.training.place.evaluation import (
    QueryTraverse,
    concatenated,
    evaluate,
    known_metrics,
    unknown_metrics,
)
from snn_control.training.statistics import half_width

METHODS: dict[str, Callable[[int], Recognizer]] = {
    "place": PlaceRecognizer,
    "linear": lambda seed: LinearRecognizer(),
    "sad": lambda seed: SadRecognizer(neighbours=0),
    "sad-local": lambda seed: SadRecognizer(),
    "sad-large": lambda seed: SadRecognizer(56, 56, window=15),
}
"""Recogniser for a seed, by name; `sad-local` and `sad-large` use local contrast (local z)."""
_LEAST_CALIBRATION = 40
"""Minimum number of calibration places, half of which are used as unknown places."""
SPIKING = "place"
"""Name of the method that depends on the seed and is also timed spike by spike."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    reference: str = ""
    """Reference images in route order, a folder or FILE.npz:ARRAY; default: Route-v0 by day."""
    query: str = ""
    """Query images of the same places in the same order, likewise; default: Route-v0 under stress
    (other light and season, fog, noise)."""
    select: str = ""
    """Boolean array FILE.npz:ARRAY of the images to use; default: all."""
    skip_blank: bool = False
    """Leave out the places with a blank image (black, saturated or flat) in one of the traverses,
    and list them; default: refuse blank images that are mapped or used for calibration."""
    calibration: float = 0.2
    """Fraction of the places for calibration, from the first on."""
    lengths: tuple[int, ...] = (1, 5, 10, 20)
    """Lengths of the sequences, frames."""
    methods: tuple[str, ...] = tuple(METHODS)
    """Names of the recognisers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.methods:
            if name not in METHODS:
                raise UnknownNameError("method", name, METHODS)
        if not self.methods or not self.lengths:
            raise ParameterError("name at least one method and one length")
        if len({*self.methods}) < len(self.methods) or len({*self.lengths}) < len(self.lengths):
            raise ParameterError("name each method and each length once")
        for length in self.lengths:
            if not 1 <= length <= LONGEST:
                raise ParameterError(f"length {length}; expected 1 to {LONGEST} frames")
        if bool(self.reference) != bool(self.query):
            raise ParameterError("set both reference and query, or neither")
        if not 0.0 < self.calibration <= 0.5:
            raise ParameterError(
                f"calibration is {self.calibration:g}; expected above 0, at most half of the places"
            )


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Evaluate every method."""
    traverses, skipped = _usable(config)
    for note in traverses.notes:
        progress(note)
    n_calibration = round(config.calibration * len(traverses.reference))
    if n_calibration < _LEAST_CALIBRATION:
        raise ParameterError(
            f"calibration {config.calibration:g} of {len(traverses.reference)} places is "
            f"{n_calibration}; expected at least {_LEAST_CALIBRATION}: use more places or a "
            "larger fraction"
        )
    rows: list[dict[str, Any]] = []
    report_data = ReportData()
    for name in config.methods:
        seeds = _method_rows(
            name, config, traverses, n_calibration, report_data if folder else None
        )
        rows += [{"method": name} | _mean(cells) for cells in seeds]
        progress(f"{name}: recall at 1 of {seeds[0][0]['recall_at_1']:.3f} with one frame")
    if folder is not None:
        report_data.write(folder)
    n = len(traverses.reference)
    unit = "seed" if config.seeds == 1 else "seeds"
    summary = (
        f"{n} places, the first {n_calibration} of them for calibration; {config.seeds} {unit} of "
        f"{SPIKING} and of random steps, the other methods are deterministic. Recall counts all "
        "queries and equals the precision at full recall; precision is ordered by the lead of "
        "the best score over its best rival."
    )
    if skipped:
        summary += f" Places with blank images were left out: {describe(skipped)}."
    return StudyResult(rows, summary, [_figure(rows)], PARTS, traverses.notes, skipped)


def _usable(config: Config) -> tuple[Traverses, list[dict[str, Any]]]:
    """Return the traverses, and the blank images that were left out."""
    traverses = read_traverses(config.reference, config.query, config.select)
    blank = blank_frames(traverses, [METHODS[name](0) for name in config.methods])
    n = len(traverses.reference)
    n_calibration = round(config.calibration * n)
    calibrating = {*range(n_calibration), *range(n - n_calibration, n)}
    usable = without_blank_places(traverses, blank, calibrating, config.skip_blank)
    return usable, blank if config.skip_blank else []


def _method_rows(
    name: str,
    config: Config,
    traverses: Traverses,
    n_calibration: int,
    report_data: ReportData | None,
) -> list[list[dict[str, Any]]]:
    """Return the rows of each map and length, one per seed, and add to `report_data`.

    Deterministic methods have several seeds for random steps only.
    """
    by_case: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for k in range(config.seeds):
        seed, rows = config.first_seed + k, []
        if k == 0 or name == SPIKING:
            costs, whole = _fitted(name, seed, traverses, slice(0, n_calibration))
            rows = _seed_rows(
                name, seed, traverses, n_calibration, config.lengths, whole,
                report_data if k == 0 else None,
            )  # fmt: skip
            rows[0] |= costs | _costs(whole, _tested(traverses.query, n_calibration))
        rows += _random_step_rows(whole, traverses.query, n_calibration, config.lengths[1:], seed)
        for row in rows:
            by_case.setdefault((row["map"], row["sequence"]), []).append(row)
    return [by_case[key] for key in sorted(by_case, key=lambda key: MAPS.index(key[0]))]


def _seed_rows(
    name: str,
    seed: int,
    traverses: Traverses,
    n_calibration: int,
    lengths: tuple[int, ...],
    whole: Recognizer,
    report_data: ReportData | None,
) -> list[dict[str, Any]]:
    """Return the rows with steps of one place, those of the map `whole` first."""
    traverse, tested = traverses.query, _tested(traverses.query, n_calibration)
    _, other = _fitted(name, seed, traverses, slice(-n_calibration, None))
    calibrating = traverse.part(np.flatnonzero(traverse.places < n_calibration))
    rows = []
    for length in lengths:
        answers = evaluate(whole, tested, length)
        rows.append(_row("whole", length, known_metrics(answers)))
        combined = concatenated(evaluate(other, calibrating, length), answers)
        rows.append(_row("all", length, known_metrics(combined)))
    own = copy.deepcopy(whole)
    own.remove(range(n_calibration))
    _, half = _fitted(name, seed, traverses, slice(0, n_calibration // 2))
    half.remove(range(n_calibration))
    unknown = traverse.part(
        np.flatnonzero((traverse.places >= n_calibration // 2) & (traverse.places < n_calibration))
    )
    answers_by_length = {length: evaluate(own, tested, length) for length in lengths}
    if report_data is not None:
        report_data.add_method(name, own, traverses.reference, tested, answers_by_length)
    for length, answers in answers_by_length.items():
        row = known_metrics(answers)
        row |= unknown_metrics(evaluate(half, tested, length), evaluate(half, unknown, length))
        rows.append(_row("own", length, row))
    return rows


def _random_step_rows(
    whole: Recognizer,
    traverse: QueryTraverse,
    n_calibration: int,
    lengths: tuple[int, ...],
    seed: int,
) -> list[dict[str, Any]]:
    """Return the rows with random steps of one to three places."""
    tested = _tested(traverse, n_calibration)
    positions = np.cumsum(np.random.default_rng(seed).integers(1, 4, len(tested.images)))
    strides = tested.part(positions[positions < len(tested.images)])
    return [
        _row("whole, random steps", length, known_metrics(evaluate(whole, strides, length)))
        for length in lengths
    ]


def _tested(traverse: QueryTraverse, n_calibration: int) -> QueryTraverse:
    """Return the queries that are not used for calibration."""
    return traverse.part(slice(int((traverse.places < n_calibration).sum()), None))


def _fitted(
    name: str, seed: int, traverses: Traverses, calibrating: slice
) -> tuple[dict[str, float], Recognizer]:
    """Return costs and a recogniser of all places, calibrated on a part of them."""
    queries = np.flatnonzero(
        np.isin(traverses.query.places, np.arange(len(traverses.reference))[calibrating])
    )
    recognizer = METHODS[name](seed)
    began = time.process_time()
    recognizer.fit(
        traverses.reference,
        (traverses.query.images[queries], traverses.query.places[queries].tolist()),
    )
    costs = {"train_s": time.process_time() - began}
    if isinstance(recognizer, PlaceRecognizer):
        costs["map_bytes"] = float(recognizer.map.weights.nbytes + recognizer.map.codes.nbytes)
    elif isinstance(recognizer, SadRecognizer | LinearRecognizer):
        costs["map_bytes"] = float(recognizer.n_bytes)
    return costs, recognizer


def _costs(recognizer: Recognizer, tested: QueryTraverse) -> dict[str, float]:
    """Return the costs of adding a place and of a query spike by spike."""
    recognizer = copy.deepcopy(recognizer)
    some, n_places = tested.part(slice(0, 200)), len(recognizer)
    costs = {}
    if isinstance(recognizer, PlaceRecognizer):
        answers = evaluate(recognizer, some, 1, spiking=True)
        spikes = float(answers.spikes.mean())
        costs = {
            "spiking_query_s": float(np.median(answers.query_s)),
            "spikes_per_decision": spikes,
            "synaptic_ops_per_decision": spikes * n_places,
        }
    recognizer.add(some.images[0])  # compile first
    began = time.perf_counter()
    for image in some.images[:20]:
        recognizer.add(image)
    return costs | {"add_s": (time.perf_counter() - began) / min(len(some.images), 20)}


KEYS = (
    "recall_at_1", "within_1", "within_2", "recall_at_5", "recall_at_10", "recall_at_20", "auc_pr",
    "recall_at_full_precision", "calibration_error", "auroc", "right_at_false_acceptance",
    "accepted_right", "accepted_unknown", "query_s", "spiking_query_s", "train_s", "add_s",
    "map_bytes", "spikes_per_decision", "synaptic_ops_per_decision",
)  # fmt: skip
"""Metric columns of the table."""
MAPS = ("own", "whole", "all", "whole, random steps")
_LABELS = ("method", "sequence")
_MAIN = (
    "recall_at_1", "auc_pr", "recall_at_full_precision", "calibration_error", "query_s",
)  # fmt: skip
_NEAR = ("within_1", "within_2", "recall_at_5", "recall_at_10", "recall_at_20")
_UNKNOWN = ("auroc", "right_at_false_acceptance", "accepted_right", "accepted_unknown")
_COSTS = (
    "train_s", "map_bytes", "add_s", "spiking_query_s", "spikes_per_decision",
    "synaptic_ops_per_decision",
)  # fmt: skip
_OWN: dict[str, tuple[Any, ...]] = {"map": MAPS[:1]}
PARTS = (
    TablePart("Map of the tested places", _LABELS, _MAIN, _OWN),
    TablePart("Map of the tested places: near misses and ranks", _LABELS, _NEAR, _OWN),
    TablePart("Unknown places", _LABELS, _UNKNOWN, _OWN),
    TablePart("Costs, with all places on the map", ("method",), _COSTS, {"map": ("whole",)}),
    TablePart("Other maps", ("method", "map", "sequence"), _MAIN, {"map": MAPS[1:]}),
)
"""Parts of the table."""


def _row(map_name: str, length: int, metrics: dict[str, float]) -> dict[str, Any]:
    return {"map": map_name, "sequence": length} | metrics


def _mean(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean over seeds of every column with its interval; None for missing values."""
    row = {key: cells[0][key] for key in ("map", "sequence")}
    for key in KEYS:
        values = np.array([cell[key] for cell in cells if key in cell])
        row[key] = float(values.mean()) if len(values) else None
        row[f"{key}_ci95"] = half_width(values) if len(values) > 1 else None
    return row


def _figure(rows: list[dict[str, Any]]) -> dict[str, Any]:
    own = [row | {"recall_at_1_ci95": row["recall_at_1_ci95"] or 0.0} for row in rows]
    return error_bars(
        [row for row in own if row["map"] == "own"],
        "sequence",
        "recall_at_1",
        by="method",
        title="Recall at 1 by length of the sequence, map of the tested places",
        x_title="frames",
        y_title="recall at 1",
    )
