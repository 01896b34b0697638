"""Asks a recogniser of places along a visit, and counts what its answers are worth."""

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
class Visit:
    """Images of a visit, in order."""

    images: npt.NDArray[np.uint8]
    """(n, h, w)."""
    places: IntArray
    """Number of the true place of each, (n,)."""
    steps: FloatArray
    """Places moved since the image before, (n,); the first does not count."""

    def part(self, which: IntArray | slice) -> Visit:
        """Return some of the images, with the ways between them."""
        places = self.places[which]
        moved = np.cumsum(self.steps)[which]
        return Visit(self.images[which], places, np.diff(moved, prepend=moved[:1]))


@dataclass(frozen=True)
class Answers:
    """What was said at each image of a visit, arrays of shape (n,)."""

    places: IntArray
    """Numbers that were answered."""
    off: IntArray
    """How many places on the map from the truth."""
    rank: IntArray
    """Places with a better score than the true one."""
    lead: FloatArray
    """Lead of the best score over its best rival."""
    probability: FloatArray
    familiarity: FloatArray
    known: npt.NDArray[np.bool_]
    query_s: FloatArray
    """Time that each took."""
    spikes: IntArray

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether the answer was the true place."""
        return self.off == 0


@one_blas_thread()
def ask(recognizer: Recognizer, visit: Visit, length: int, *, spiking: bool = False) -> Answers:
    """Ask at every image, on one thread, from a fresh start.

    Args:
        recognizer: whose map holds the places of the visit, or none of them; it is left as it is,
            so that nothing learned from a visit helps in another pass of it.
        visit: to make.
        length: frames of a sequence.
        spiking: see `Recognizer.match`.
    """
    recognizer = copy.deepcopy(recognizer)
    recognizer.reset_sequence()
    position = {int(number): k for k, number in enumerate(recognizer.places)}
    rows = []
    for image, place, step in zip(visit.images, visit.places.tolist(), visit.steps, strict=True):
        began = time.perf_counter()
        said = recognizer.match(image, length, float(step), spiking=spiking)
        took = time.perf_counter() - began
        best, given = features(said.scores, 1, recognizer.same_place)
        truth = position.get(place)
        off = len(position) if truth is None else abs(best - truth)
        rank = len(position) if truth is None else rank_of_truth(said.scores, truth)
        rows.append(
            (said.place, off, rank, given[0], said.probability, said.familiarity, said.known,
             took, said.spikes)
        )  # fmt: skip
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Answers(*columns)


def joined(one: Answers, other: Answers) -> Answers:
    """Return the answers of two visits as those of one."""
    columns = zip(vars(one).values(), vars(other).values(), strict=True)
    return Answers(*(np.concatenate(pair) for pair in columns))


def figures(answers: Answers) -> dict[str, float]:
    """Return the metrics of answers to places that are on the map.

    `recall_at_1` counts the true place alone, `within_1` and `within_2` its neighbours too. The
    confidence of precision is the lead.
    """
    found = {
        "recall_at_1": float(answers.right.mean()),
        "within_1": float((answers.off <= 1).mean()),
        "within_2": float((answers.off <= 2).mean()),
    }
    found |= {f"recall_at_{k}": float((answers.rank < k).mean()) for k in RANKS}
    return found | {
        "auc_pr": auc_pr(answers.lead, answers.right),
        "recall_at_full_precision": recall_at_full_precision(answers.lead, answers.right),
        "calibration_error": calibration_error(answers.probability, answers.right),
        "query_s": float(np.median(answers.query_s)),
    }


def unknown_figures(known: Answers, unknown: Answers) -> dict[str, float]:
    """Return how well unknown places are told from known ones.

    Args:
        known: answers to places that are on the map.
        unknown: answers to places that are not.
    """
    threshold = np.quantile(unknown.familiarity, 1.0 - FALSE_ACCEPTANCE)
    accepted = known.right & (known.familiarity > threshold)
    return {
        "auroc": auroc(known.familiarity, unknown.familiarity),
        "right_at_false_acceptance": float(accepted.mean()),
        "accepted_right": float((known.right & known.known).mean()),
        "accepted_unknown": float(unknown.known.mean()),
    }
