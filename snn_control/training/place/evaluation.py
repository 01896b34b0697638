"""Evaluation of a place recogniser on a query traverse."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import Recognizer
from snn_control.controllers.place.confidence.confidence import features
from snn_control.threads import one_blas_thread
from snn_control.training.place.metrics import (
    auc_pr,
    auroc,
    calibration_error,
    rank_of_truth,
    recall_at_full_precision,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FALSE_ACCEPTANCE = 0.01
RANKS = (5, 10, 20)


@dataclass(frozen=True)
class QueryTraverse:
    """Images of a query traverse, in order."""

    images: npt.NDArray[np.uint8]
    """Images, (n, h, w)."""
    places: IntArray
    """Number of the true place of each image, (n,)."""
    steps: FloatArray
    """Odometry distance since the previous image, places, (n,); the first is not used."""

    def part(self, which: IntArray | slice) -> QueryTraverse:
        """Return a part of the images, with the distances between them."""
        places = self.places[which]
        distances = np.cumsum(self.steps)[which]
        return QueryTraverse(self.images[which], places, np.diff(distances, prepend=distances[:1]))


@dataclass(frozen=True)
class Answers:
    """Answers to the images of a query traverse, arrays of shape (n,)."""

    places: IntArray
    """Numbers of the matched places."""
    off: IntArray
    """Distance from the true place on the map, places."""
    rank: IntArray
    """Number of places with a better score than the true one."""
    lead: FloatArray
    """Lead of the best score over its best rival."""
    probability: FloatArray
    familiarity: FloatArray
    known: npt.NDArray[np.bool_]
    query_s: FloatArray
    """Processing time, s."""
    spikes: IntArray

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """True for answers that are the true place, (n,)."""
        return self.off == 0


@one_blas_thread()
def evaluate(
    recognizer: Recognizer, traverse: QueryTraverse, length: int, *, spiking: bool = False
) -> Answers:
    """Match every image of a traverse, on one thread, with a new sequence.

    Args:
        recognizer: recogniser with all places of the traverse on its map, or none of them; it is
            not changed, so that passes over a traverse are independent.
        traverse: query traverse.
        length: length of a sequence, frames.
        spiking: see `Recognizer.match`.
    """
    recognizer = copy.deepcopy(recognizer)
    recognizer.reset_sequence()
    position = {int(number): k for k, number in enumerate(recognizer.places)}
    rows = []
    for image, place, step in zip(
        traverse.images, traverse.places.tolist(), traverse.steps, strict=True
    ):
        began = time.perf_counter()
        match = recognizer.match(image, length, float(step), spiking=spiking)
        took = time.perf_counter() - began
        best, values = features(match.scores, 1, recognizer.same_place)
        truth = position.get(place)
        off = len(position) if truth is None else abs(best - truth)
        rank = len(position) if truth is None else rank_of_truth(match.scores, truth)
        rows.append(
            (match.place, off, rank, values[0], match.probability, match.familiarity, match.known,
             took, match.spikes)
        )  # fmt: skip
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Answers(*columns)


def concatenated(one: Answers, other: Answers) -> Answers:
    """Concatenate the answers to two traverses."""
    columns = zip(vars(one).values(), vars(other).values(), strict=True)
    return Answers(*(np.concatenate(pair) for pair in columns))


def known_metrics(answers: Answers) -> dict[str, float]:
    """Return the metrics of answers to images of mapped places.

    `recall_at_1` counts the true place only, `within_k` also places up to k away on the map.
    Answers are ranked by lead for `auc_pr` and `recall_at_full_precision`.
    """
    metrics = {
        "recall_at_1": float(answers.correct.mean()),
        "within_1": float((answers.off <= 1).mean()),
        "within_2": float((answers.off <= 2).mean()),
    }
    metrics |= {f"recall_at_{k}": float((answers.rank < k).mean()) for k in RANKS}
    return metrics | {
        "auc_pr": auc_pr(answers.lead, answers.correct),
        "recall_at_full_precision": recall_at_full_precision(answers.lead, answers.correct),
        "calibration_error": calibration_error(answers.probability, answers.correct),
        "query_s": float(np.median(answers.query_s)),
    }


def unknown_metrics(known: Answers, unknown: Answers) -> dict[str, float]:
    """Return the metrics of separating unknown places from known ones.

    Args:
        known: answers to places on the map.
        unknown: answers to places that are not on the map.
    """
    threshold = np.quantile(unknown.familiarity, 1.0 - FALSE_ACCEPTANCE)
    accepted = known.correct & (known.familiarity > threshold)
    return {
        "auroc": auroc(known.familiarity, unknown.familiarity),
        "right_at_false_acceptance": float(accepted.mean()),
        "accepted_right": float((known.correct & known.known).mean()),
        "accepted_unknown": float(unknown.known.mean()),
    }
