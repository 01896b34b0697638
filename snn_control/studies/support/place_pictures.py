"""What the page of the study `place` draws: curves, similarity, images and modules of one seed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place import PlaceRecognizer, Recognizer
from snn_control.report.place_file import PLACE_FILE
from snn_control.runs import atomic
from snn_control.training.place.evaluation import Answers, Visit
from snn_control.training.place.metrics import precision_recall

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LARGEST_MATRIX = 300
"""Rows and columns of a similarity matrix, at most; blocks are reduced to their maximum."""
EACH_KIND = 4
"""Queries shown that were answered rightly and surely, rightly and unsurely, and wrongly."""
APART = 10
"""Least distance of queries of one kind that are shown, where there are enough."""
LARGEST_IMAGE = 128
"""Height and width of an image that is shown, at most, pixels."""


class Pictures:
    """Collects what recognisers of one seed answered, and writes it as `eval/place.npz`.

    What the file holds: `snn_control.report`.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}

    def take(
        self,
        method: str,
        recognizer: Recognizer,
        mapped: npt.NDArray[np.uint8],
        visit: Visit,
        answers: Mapping[int, Answers],
    ) -> None:
        """Take what a method answered; of a spiking one also how. The recogniser stays as it is.

        Args:
            method: name of it.
            recognizer: that answered.
            mapped: images by number of the place, (n, h, w).
            visit: that was asked; its places are on the map.
            answers: by length of the sequence.
        """
        for length, said in answers.items():
            precision, recall = precision_recall(said.lead, said.right)
            self.arrays[f"precision:{method}:{length}"] = precision.astype(np.float32)
            self.arrays[f"recall:{method}:{length}"] = recall.astype(np.float32)
        if isinstance(recognizer, PlaceRecognizer):
            shortest = min(answers)
            self.arrays |= strip(mapped, visit, answers[shortest], shortest)
            self.arrays |= inside(copy.deepcopy(recognizer), visit, max(answers))

    def write(self, folder: Path) -> None:
        """Write the file into a run folder.

        Raises:
            RunError: it cannot be written.
        """
        path = folder / PLACE_FILE
        with atomic.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_arrays(path, self.arrays)


def strip(
    mapped: npt.NDArray[np.uint8], visit: Visit, answers: Answers, length: int
) -> dict[str, npt.NDArray[Any]]:
    """Return queries with their answers and true places, as arrays `strip_...`.

    Args:
        mapped: images by number of the place, (n, h, w).
        visit: that was asked.
        answers: to it.
        length: of the sequence.
    """
    order = np.argsort(-answers.probability, kind="stable")
    right, wrong = order[answers.right[order]], order[~answers.right[order]]
    sure = _apart(right)
    unsure = _apart(np.setdiff1d(right, sure, assume_unique=True)[::-1])
    chosen = np.concatenate([sure, unsure, _apart(wrong)])
    said, truth = answers.places[chosen].astype(np.int64), visit.places[chosen]
    images = np.stack([visit.images[chosen], mapped[said], mapped[truth]], axis=1)
    step = max(1, -(-max(images.shape[2:]) // LARGEST_IMAGE))
    return {
        "strip_images": np.ascontiguousarray(images[:, :, ::step, ::step]),
        "strip_query": chosen,
        "strip_answer": said,
        "strip_truth": truth,
        "strip_probability": answers.probability[chosen],
        "strip_known": answers.known[chosen],
        "strip_length": np.array(length),
    }


def _apart(order: IntArray) -> IntArray:
    """Return the first few queries of an order that are no neighbours, if there are enough."""
    chosen: list[int] = []
    for query in order.tolist():
        if len(chosen) < EACH_KIND and all(abs(query - other) >= APART for other in chosen):
            chosen.append(query)
    rest = [query for query in order.tolist() if query not in chosen]
    return np.array((chosen + rest)[:EACH_KIND], np.int64)


def inside(recognizer: PlaceRecognizer, visit: Visit, longest: int) -> dict[str, npt.NDArray[Any]]:
    """Visit once more; return scores of all places, `similarity_...`, and of `module_...`.

    Args:
        recognizer: to ask; it changes.
        visit: to make.
        longest: frames of the longest sequence.
    """
    recognizer.reset_sequence()
    lengths = sorted({1, longest})
    blocks = [Blocks(len(visit.images), len(recognizer)) for _ in lengths]
    modules = Modules(recognizer)
    for query, (image, step) in enumerate(zip(visit.images, visit.steps.tolist(), strict=True)):
        alone = modules.hear(image)
        scores = recognizer.match(image, longest, step).scores
        for block, row in zip(blocks, (alone, scores), strict=False):
            block.add(query, row)
    found = [block.as_bytes() for block in blocks]
    queries, places = blocks[0].queries, blocks[0].places
    return {
        "similarity": np.stack([matrix for matrix, _ in found]),
        "similarity_length": np.array(lengths),
        "similarity_range": np.array([span for _, span in found]),
        "similarity_query": queries,
        "similarity_place": recognizer.places[places],
        "similarity_truth": visit.places[queries],
        "similarity_block": np.array([blocks[0].n_queries, blocks[0].n_places]),
    } | modules.arrays(recognizer, visit.places)


class Blocks:
    """A similarity matrix that is reduced, while it comes row by row, to maxima over blocks.

    Args:
        n_queries: rows of the whole matrix.
        n_places: columns of it.
    """

    def __init__(self, n_queries: int, n_places: int) -> None:
        self.n_queries = -(-n_queries // LARGEST_MATRIX)
        """Of a block."""
        self.n_places = -(-n_places // LARGEST_MATRIX)
        self.queries = np.arange(0, n_queries, self.n_queries)
        """First one of each block."""
        self.places = np.arange(0, n_places, self.n_places)
        self.matrix = np.full((len(self.queries), len(self.places)), -np.inf)

    def add(self, query: int, scores: FloatArray) -> None:
        """Take the scores of all places, (n_places,)."""
        row = self.matrix[query // self.n_queries]
        np.maximum(row, np.maximum.reduceat(scores, self.places), out=row)

    def as_bytes(self) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
        """Return the matrix from 0 to 255, and the scores that these two stand for."""
        low, high = float(self.matrix.min()), float(self.matrix.max())
        shares = (self.matrix - low) / (high - low or 1.0)
        return np.rint(255.0 * shares).astype(np.uint8), (low, high)


class Modules:
    """Answers of the modules of a map, before and after each neuron's homeostasis.

    Args:
        recognizer: that hears.
    """

    def __init__(self, recognizer: PlaceRecognizer) -> None:
        self._recognizer = recognizer
        n = len(recognizer)
        self._sums, self._squares = np.zeros((2, n)), np.zeros((2, n))
        self._wins = np.zeros((2, n))
        self._heard = 0

    def hear(self, image: npt.NDArray[np.uint8]) -> FloatArray:
        """Return the balanced answers to an image, zeros where it shows nothing."""
        senses, place_map = self._recognizer.senses, self._recognizer.map
        seen, wrong = senses.normalise(image)
        if wrong:
            return np.zeros(len(place_map))
        potentials = place_map.potentials(senses.codes(seen, self._recognizer.adaptation.mean))
        after = place_map.balanced(place_map.answers(potentials))
        for k, answers in enumerate((potentials * place_map.scales, after)):
            self._sums[k] += answers
            self._squares[k] += answers**2
            self._wins[k, answers.argmax()] += 1
        self._heard += 1
        return after

    def arrays(self, recognizer: PlaceRecognizer, truths: IntArray) -> dict[str, npt.NDArray[Any]]:
        """Return mean, spread and wins of each module.

        Args:
            recognizer: whose numbers of places are meant.
            truths: number of the true place of each query.
        """
        starts = np.arange(0, len(recognizer), recognizer.config.module_places)
        sizes = np.diff(starts, append=len(recognizer))
        heard = max(self._heard, 1)
        mean = np.add.reduceat(self._sums, starts, axis=1) / (heard * sizes)
        square = np.add.reduceat(self._squares, starts, axis=1) / (heard * sizes)
        at = np.searchsorted(recognizer.places, truths)
        due = np.bincount(at // recognizer.config.module_places, minlength=len(starts))
        ends = starts + sizes - 1
        return {
            "module_places": np.stack([recognizer.places[starts], recognizer.places[ends]]),
            "module_mean": mean,
            "module_spread": np.sqrt(np.maximum(square - mean**2, 0.0)),
            "module_wins": np.add.reduceat(self._wins, starts, axis=1) / heard,
            "module_due": due / len(truths),
        }
