"""Report data of the study `place`: curves, similarity, images and modules of one seed."""

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
from snn_control.training.place.evaluation import Answers, QueryTraverse
from snn_control.training.place.metrics import precision_recall

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LARGEST_MATRIX = 300
"""Maximum number of rows and of columns of a similarity matrix; larger ones keep block maxima."""
EACH_KIND = 4
"""Number of queries shown of each kind: correct with high, correct with low probability, wrong."""
APART = 10
"""Minimum distance between shown queries of one kind, if there are enough, places."""
LARGEST_IMAGE = 128
"""Maximum height and width of shown images, pixels."""


class ReportData:
    """Answers of the recognisers of one seed, written as `eval/place.npz`.

    The format is documented in `snn_control.report`.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}

    def add_method(
        self,
        method: str,
        recognizer: Recognizer,
        mapped: npt.NDArray[np.uint8],
        traverse: QueryTraverse,
        answers: Mapping[int, Answers],
    ) -> None:
        """Add the answers of a method, for spiking ones also similarity, images and modules.

        Args:
            method: name of the method.
            recognizer: recogniser of the method; not changed.
            mapped: reference images by place number, (n, h, w).
            traverse: query traverse; its places are on the map.
            answers: answers by length of the sequence.
        """
        for length, of_length in answers.items():
            precision, recall = precision_recall(of_length.lead, of_length.correct)
            self.arrays[f"precision:{method}:{length}"] = precision.astype(np.float32)
            self.arrays[f"recall:{method}:{length}"] = recall.astype(np.float32)
        if isinstance(recognizer, PlaceRecognizer):
            shortest = min(answers)
            self.arrays |= strip(mapped, traverse, answers[shortest], shortest)
            self.arrays |= similarity_and_modules(copy.deepcopy(recognizer), traverse, max(answers))

    def write(self, folder: Path) -> None:
        """Write the file into a run folder.

        Raises:
            RunError: writing failed.
        """
        path = folder / PLACE_FILE
        with atomic.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_arrays(path, self.arrays)


def strip(
    mapped: npt.NDArray[np.uint8], traverse: QueryTraverse, answers: Answers, length: int
) -> dict[str, npt.NDArray[Any]]:
    """Return queries with their answers and true places, as arrays `strip_...`.

    Args:
        mapped: reference images by place number, (n, h, w).
        traverse: query traverse.
        answers: answers to the traverse.
        length: length of the sequence, frames.
    """
    order = np.argsort(-answers.probability, kind="stable")
    correct, wrong = order[answers.correct[order]], order[~answers.correct[order]]
    high = _spread_out(correct)
    low = _spread_out(np.setdiff1d(correct, high, assume_unique=True)[::-1])
    chosen = np.concatenate([high, low, _spread_out(wrong)])
    matched, truth = answers.places[chosen].astype(np.int64), traverse.places[chosen]
    images = np.stack([traverse.images[chosen], mapped[matched], mapped[truth]], axis=1)
    step = max(1, -(-max(images.shape[2:]) // LARGEST_IMAGE))
    return {
        "strip_images": np.ascontiguousarray(images[:, :, ::step, ::step]),
        "strip_query": chosen,
        "strip_answer": matched,
        "strip_truth": truth,
        "strip_probability": answers.probability[chosen],
        "strip_known": answers.known[chosen],
        "strip_length": np.array(length),
    }


def _spread_out(order: IntArray) -> IntArray:
    """Return the first queries of an order that are not neighbours, filled up if too few."""
    chosen: list[int] = []
    for query in order.tolist():
        if len(chosen) < EACH_KIND and all(abs(query - other) >= APART for other in chosen):
            chosen.append(query)
    rest = [query for query in order.tolist() if query not in chosen]
    return np.array((chosen + rest)[:EACH_KIND], np.int64)


def similarity_and_modules(
    recognizer: PlaceRecognizer, traverse: QueryTraverse, longest: int
) -> dict[str, npt.NDArray[Any]]:
    """Match a traverse; return the arrays `similarity_...` and `module_...`.

    Args:
        recognizer: recogniser; it is changed.
        traverse: query traverse.
        longest: length of the longest sequence, frames.
    """
    recognizer.reset_sequence()
    lengths = sorted({1, longest})
    blocks = [Blocks(len(traverse.images), len(recognizer)) for _ in lengths]
    modules = Modules(recognizer)
    for query, (image, step) in enumerate(
        zip(traverse.images, traverse.steps.tolist(), strict=True)
    ):
        alone = modules.respond(image)
        scores = recognizer.match(image, longest, step).scores
        for block, row in zip(blocks, (alone, scores), strict=False):
            block.add(query, row)
    matrices = [block.as_bytes() for block in blocks]
    queries, places = blocks[0].queries, blocks[0].places
    return {
        "similarity": np.stack([matrix for matrix, _ in matrices]),
        "similarity_length": np.array(lengths),
        "similarity_range": np.array([span for _, span in matrices]),
        "similarity_query": queries,
        "similarity_place": recognizer.places[places],
        "similarity_truth": traverse.places[queries],
        "similarity_block": np.array([blocks[0].n_queries, blocks[0].n_places]),
    } | modules.arrays(recognizer, traverse.places)


class Blocks:
    """Similarity matrix, reduced row by row to maxima over blocks.

    Args:
        n_queries: number of rows of the full matrix.
        n_places: number of columns of the full matrix.
    """

    def __init__(self, n_queries: int, n_places: int) -> None:
        self.n_queries = -(-n_queries // LARGEST_MATRIX)
        """Number of queries per block; `n_places` likewise."""
        self.n_places = -(-n_places // LARGEST_MATRIX)
        self.queries = np.arange(0, n_queries, self.n_queries)
        """First query of each block; `places` likewise."""
        self.places = np.arange(0, n_places, self.n_places)
        self.matrix = np.full((len(self.queries), len(self.places)), -np.inf)

    def add(self, query: int, scores: FloatArray) -> None:
        """Add the scores of all places for one query, (n_places,)."""
        row = self.matrix[query // self.n_queries]
        np.maximum(row, np.maximum.reduceat(scores, self.places), out=row)

    def as_bytes(self) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
        """Return the matrix scaled to 0 to 255, and the scores of 0 and of 255."""
        low, high = float(self.matrix.min()), float(self.matrix.max())
        scaled = (self.matrix - low) / (high - low or 1.0)
        return np.rint(255.0 * scaled).astype(np.uint8), (low, high)


class Modules:
    """Responses of the modules of a map, before and after homeostasis.

    Args:
        recognizer: recogniser of the map; not changed.
    """

    def __init__(self, recognizer: PlaceRecognizer) -> None:
        self._recognizer = recognizer
        n = len(recognizer)
        self._sums, self._squares = np.zeros((2, n)), np.zeros((2, n))
        self._wins = np.zeros((2, n))
        self._count = 0

    def respond(self, image: npt.NDArray[np.uint8]) -> FloatArray:
        """Return the standardised responses to an image; zeros for a featureless one."""
        encoder, place_map = self._recognizer.encoder, self._recognizer.map
        frame, fault = encoder.normalise(image)
        if fault:
            return np.zeros(len(place_map))
        potentials = place_map.potentials(encoder.codes(frame, self._recognizer.adaptation.mean))
        after = place_map.scores(potentials)
        for k, responses in enumerate((potentials * place_map.scales, after)):
            self._sums[k] += responses
            self._squares[k] += responses**2
            self._wins[k, responses.argmax()] += 1
        self._count += 1
        return after

    def arrays(self, recognizer: PlaceRecognizer, truths: IntArray) -> dict[str, npt.NDArray[Any]]:
        """Return mean, spread and wins of each module.

        Args:
            recognizer: recogniser with the place numbers.
            truths: number of the true place of each query.
        """
        starts = np.arange(0, len(recognizer), recognizer.config.module_places)
        sizes = np.diff(starts, append=len(recognizer))
        count = max(self._count, 1)
        mean = np.add.reduceat(self._sums, starts, axis=1) / (count * sizes)
        square = np.add.reduceat(self._squares, starts, axis=1) / (count * sizes)
        at = np.searchsorted(recognizer.places, truths)
        due = np.bincount(at // recognizer.config.module_places, minlength=len(starts))
        ends = starts + sizes - 1
        return {
            "module_places": np.stack([recognizer.places[starts], recognizer.places[ends]]),
            "module_mean": mean,
            "module_spread": np.sqrt(np.maximum(square - mean**2, 0.0)),
            "module_wins": np.add.reduceat(self._wins, starts, axis=1) / count,
            "module_due": due / len(truths),
        }
