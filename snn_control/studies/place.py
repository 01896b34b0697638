"""Places recognised in another visit: the spiking recogniser beside SAD and the linear one.

The first part of the places calibrates everything that is chosen or learned from queries; the rest
tests it. The map is of the tested places alone (`own`) or of all (`whole`); for `all` the queries
of the first part are asked too, of a recogniser that was calibrated on the last part. Random steps
take every first to third query, with their true odometry. For unknown places, queries of the second
half of the calibration part are asked of the own map by recognisers that were calibrated on the
first half. With a folder, `place_pictures` leaves what the page draws.
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
from snn_control.studies.study import Say, StudyConfig, StudyResult, TablePart, silent
from snn_control.studies.support.place_data import Sights, read_sights
from snn_control.studies.support.place_pictures import Pictures
from snn_control.studies.support.plots import error_bars
from snn_control.training.place.evaluation import Visit, ask, figures, joined, unknown_figures
from snn_control.training.statistics import half_width

METHODS: dict[str, Callable[[int], Recognizer]] = {
    "place": PlaceRecognizer,
    "linear": lambda seed: LinearRecognizer(),
    "sad": lambda seed: SadRecognizer(neighbours=0),
    "sad-local": lambda seed: SadRecognizer(),
    "sad-large": lambda seed: SadRecognizer(56, 56, window=15),
}
"""By name: the recogniser of a seed. `sad-local` and `sad-large` compare neighbours (local z)."""
_LEAST_CALIBRATION = 40
"""Places, since unknown places take half of them away."""
SPIKING = "place"
"""The one that is random, and whose run spike by spike is timed."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    reference: str = ""
    """Images of the places, in order: a folder, or FILE.npz:ARRAY; default: Route-v0 by day."""
    query: str = ""
    """Images of another visit, one a place, in order, likewise; default: Route-v0 under
    stress (other light, season, fog and noise)."""
    select: str = ""
    """Boolean array FILE.npz:ARRAY of the images that are used; default: all."""
    calibration: float = 0.2
    """Share of the places, the first ones, that calibrate."""
    lengths: tuple[int, ...] = (1, 5, 10, 20)
    """Frames of a sequence."""
    methods: tuple[str, ...] = tuple(METHODS)
    """Which recognisers."""

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
            raise ParameterError("name both, reference and query, or neither")
        if not 0.0 < self.calibration <= 0.5:
            raise ParameterError(
                f"calibration is {self.calibration:g}; expected above 0, at most half of the places"
            )


def run(config: Config, *, folder: Path | None = None, say: Say = silent) -> StudyResult:
    """Recognise with every method."""
    sights = read_sights(config.reference, config.query, config.select)
    n_calibration = round(config.calibration * len(sights.mapped))
    if n_calibration < _LEAST_CALIBRATION:
        raise ParameterError(
            f"calibration {config.calibration:g} of {len(sights.mapped)} places is "
            f"{n_calibration}; expected at least {_LEAST_CALIBRATION}: give more places or a "
            "larger share"
        )
    rows: list[dict[str, Any]] = []
    pictures = Pictures()
    for name in config.methods:
        found = _of_method(name, config, sights, n_calibration, pictures if folder else None)
        rows += [{"method": name} | _mean(cells) for cells in found]
        say(f"{name}: recall at 1 of {found[0][0]['recall_at_1']:.3f} with one frame")
    if folder is not None:
        pictures.write(folder)
    n = len(sights.mapped)
    many = "seed" if config.seeds == 1 else "seeds"
    summary = (
        f"{n} places, the first {n_calibration} of them for calibration; {config.seeds} {many} of "
        f"{SPIKING} and of random steps, the other methods are not random. Recall counts all "
        "queries, and is precision at full recall; precision's confidence is the lead of the "
        "best score over its best rival."
    )
    return StudyResult(rows, summary, [_figure(rows)], PARTS)


def _of_method(
    name: str, config: Config, sights: Sights, n_calibration: int, pictures: Pictures | None
) -> list[list[dict[str, Any]]]:
    """Return the rows of each map and length, one a seed, without the method; fill `pictures`.

    Of a method that is not random, the random steps alone have several seeds.
    """
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for k in range(config.seeds):
        seed, rows = config.first_seed + k, []
        if k == 0 or name == SPIKING:
            costs, whole = _fitted(name, seed, sights, slice(0, n_calibration))
            rows = _of_seed(
                name, seed, sights, n_calibration, config.lengths, whole,
                pictures if k == 0 else None,
            )  # fmt: skip
            rows[0] |= costs | _costs(whole, _tested(sights.visit, n_calibration))
        rows += _of_strides(whole, sights.visit, n_calibration, config.lengths[1:], seed)
        for row in rows:
            found.setdefault((row["map"], row["sequence"]), []).append(row)
    return [found[key] for key in sorted(found, key=lambda key: MAPS.index(key[0]))]


def _of_seed(
    name: str,
    seed: int,
    sights: Sights,
    n_calibration: int,
    lengths: tuple[int, ...],
    whole: Recognizer,
    pictures: Pictures | None,
) -> list[dict[str, Any]]:
    """Return rows of steps of one place, those of the whole map first; `whole` has all places."""
    visit, tested = sights.visit, _tested(sights.visit, n_calibration)
    _, other = _fitted(name, seed, sights, slice(-n_calibration, None))
    calibrating = visit.part(np.flatnonzero(visit.places < n_calibration))
    rows = []
    for length in lengths:
        answers = ask(whole, tested, length)
        rows.append(_row("whole", length, figures(answers)))
        every = joined(ask(other, calibrating, length), answers)
        rows.append(_row("all", length, figures(every)))
    own = copy.deepcopy(whole)
    own.remove(range(n_calibration))
    _, half = _fitted(name, seed, sights, slice(0, n_calibration // 2))
    half.remove(range(n_calibration))
    unknown = visit.part(
        np.flatnonzero((visit.places >= n_calibration // 2) & (visit.places < n_calibration))
    )
    said = {length: ask(own, tested, length) for length in lengths}
    if pictures is not None:
        pictures.take(name, own, sights.mapped, tested, said)
    for length, answers in said.items():
        row = figures(answers)
        row |= unknown_figures(ask(half, tested, length), ask(half, unknown, length))
        rows.append(_row("own", length, row))
    return rows


def _of_strides(
    whole: Recognizer, visit: Visit, n_calibration: int, lengths: tuple[int, ...], seed: int
) -> list[dict[str, Any]]:
    """Return rows of random steps."""
    tested = _tested(visit, n_calibration)
    taken = np.cumsum(np.random.default_rng(seed).integers(1, 4, len(tested.images)))
    strides = tested.part(taken[taken < len(tested.images)])
    return [
        _row("whole, random steps", length, figures(ask(whole, strides, length)))
        for length in lengths
    ]


def _tested(visit: Visit, n_calibration: int) -> Visit:
    """Return the queries that calibrate nothing."""
    return visit.part(slice(int((visit.places < n_calibration).sum()), None))


def _fitted(
    name: str, seed: int, sights: Sights, calibrating: slice
) -> tuple[dict[str, float], Recognizer]:
    """Return costs, and the recogniser of all places, calibrated on some of them."""
    shown = np.flatnonzero(np.isin(sights.visit.places, np.arange(len(sights.mapped))[calibrating]))
    recognizer = METHODS[name](seed)
    began = time.process_time()
    recognizer.fit(sights.mapped, (sights.visit.images[shown], sights.visit.places[shown].tolist()))
    costs = {"train_s": time.process_time() - began}
    if isinstance(recognizer, PlaceRecognizer):
        costs["map_bytes"] = float(recognizer.map.weights.nbytes + recognizer.map.codes.nbytes)
    elif isinstance(recognizer, SadRecognizer | LinearRecognizer):
        costs["map_bytes"] = float(recognizer.n_bytes)
    return costs, recognizer


def _costs(recognizer: Recognizer, tested: Visit) -> dict[str, float]:
    """Return what a new place costs, and what a query costs spike by spike."""
    recognizer = copy.deepcopy(recognizer)
    some, n_places = tested.part(slice(0, 200)), len(recognizer)
    costs = {}
    if isinstance(recognizer, PlaceRecognizer):
        said = ask(recognizer, some, 1, spiking=True)
        spikes = float(said.spikes.mean())
        costs = {
            "spiking_query_s": float(np.median(said.query_s)),
            "spikes_per_decision": spikes,
            "synaptic_ops_per_decision": spikes * n_places,
        }
    recognizer.add(some.images[0])  # compiles what adding needs
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
"""Columns of figures."""
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
    TablePart("Map of the tested places: nearly right", _LABELS, _NEAR, _OWN),
    TablePart("Unknown places", _LABELS, _UNKNOWN, _OWN),
    TablePart("Costs, with all places on the map", ("method",), _COSTS, {"map": ("whole",)}),
    TablePart("Other maps", ("method", "map", "sequence"), _MAIN, {"map": MAPS[1:]}),
)
"""Of the table."""


def _row(map_name: str, length: int, found: dict[str, float]) -> dict[str, Any]:
    return {"map": map_name, "sequence": length} | found


def _mean(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean over seeds of every column, with intervals; None where there is none."""
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
        title="Recall at 1 over the length of the sequence, map of the tested places",
        x_title="frames",
        y_title="recall at 1",
    )
