"""Place neurons: imprinted in one shot, kept in balance, heard all at once.

A place neuron j has weights w_j = g_j P r_j onto the input cells, r_j what they fired at its place
and P the lateral weights of `plasticity.decorrelation`. It answers the spikes x of a query with the
potential w_j . x. Its gain g_j = (r_j . P r_j)^-1/2 gives all place neurons the same drive, and its
homeostasis, mean and spread of its answers to the other mapped places, makes answers comparable
across neurons and modules, without a threshold.

Weights are integers of 8 bits with a scale a neuron. `potentials` adds them up input by input;
it leaves out time, and only time: spikes, one after another, add up to the same integers
(`spiking`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.senses import Codes
from snn_control.plasticity.decorrelation import Decorrelation
from snn_control.threads import one_blas_thread

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_SPREAD = 1e-9
_LEAST_OWN_SPREAD = 0.1
_FEW = 4
_BLOCK = 512
"""Places whose answers are held at once."""


class PlaceMap:
    """Places in the order of the route, each with a number of its own that never changes.

    Args:
        n_inputs: pairs of input cells.
    """

    def __init__(self, n_inputs: int) -> None:
        self.weights = np.zeros((n_inputs, 0), np.int8)
        """Of each place neuron, shape (n_inputs, n_places)."""
        self.codes = np.zeros((0, n_inputs), np.int8)
        """What the input cells fired at each place, (n_places, n_inputs)."""
        self.scales = np.zeros(0)
        """What a weight of 1 is worth, (n_places,)."""
        self.numbers = np.zeros(0, np.int64)
        """Number of each place."""
        self.means, self.spreads = np.zeros(0), np.ones(0)
        """Homeostasis: of the answers, standardised over the map, to other places."""
        self.next_number = 0
        self.sums, self.squares = np.zeros(0), np.zeros(0)
        """Of the answers of all place neurons to each place, before they are standardised."""
        self.fixed = False
        """Whether `codes` and sums are missing: the map was saved to be flown, not changed."""

    def __len__(self) -> int:
        return len(self.numbers)

    # Answers.

    def potentials(self, code: Codes) -> npt.NDArray[np.int32]:
        """Return the potential of each place neuron after a presentation."""
        found = np.zeros(len(self), np.int32)
        _add_up(self.weights, code, found)
        return found

    def answers(self, potentials: npt.NDArray[Any]) -> FloatArray:
        """Return potentials as answers: by scale, and standardised over the map."""
        return standardised(potentials * self.scales)

    def balanced(self, answers: FloatArray) -> FloatArray:
        """Return answers by each neuron's own mean and spread."""
        return (answers - self.means) / self.spreads

    # Learning.

    def imprint(self, codes: Codes, lateral: Decorrelation) -> IntArray:
        """Append places; return their numbers.

        Args:
            codes: spikes at each, shape (n, n_inputs).
            lateral: decorrelates them.
        """
        weights, scales = imprinted(codes, lateral)
        numbers = np.arange(self.next_number, self.next_number + len(codes))
        self.append(codes, weights, scales, numbers)
        return numbers

    def append(
        self, codes: Codes, weights: npt.NDArray[np.int8], scales: FloatArray, numbers: IntArray
    ) -> None:
        """Append places whose neurons are known, and bring all into balance.

        Args:
            codes: shape (n, n_inputs).
            weights: shape (n, n_inputs).
            scales: shape (n,).
            numbers: shape (n,); none of them is taken.
        """
        if not len(codes):
            return
        first, n = len(self), len(self) + len(codes)
        self.weights = np.ascontiguousarray(np.hstack([self.weights, weights.T]))
        self.codes = np.vstack([self.codes, codes])
        self.scales = np.concatenate([self.scales, scales])
        self.numbers = np.concatenate([self.numbers, numbers])
        self.next_number = max(self.next_number, int(numbers.max(initial=-1)) + 1)
        self.sums = np.concatenate([self.sums, np.zeros(n - first)])
        self.squares = np.concatenate([self.squares, np.zeros(n - first)])
        answers = np.zeros(n)
        squares = np.zeros(n)
        for begin, end in _blocks(first, n):  # rows of them at a time, to save memory
            places = np.arange(begin, end)
            heard = slice(first if end <= first else 0, n)  # old places by the new neurons alone
            block = self._answered(slice(begin, end), heard)
            self.sums[begin:end] += block.sum(axis=1)
            self.squares[begin:end] += (block**2).sum(axis=1)
            mean = self.sums[begin:end] / n
            variance = np.maximum(self.squares[begin:end] / n - mean**2, LEAST_SPREAD)
            block = (block - mean[:, None]) / np.sqrt(variance)[:, None]
            if begin >= first:
                block[np.arange(len(places)), places] = 0.0  # each neuron to its own place
            answers[heard] += block.sum(axis=0)
            squares[heard] += (block**2).sum(axis=0)
        self._balance(first, answers, squares)

    def _balance(self, first: int, answers: FloatArray, squares: FloatArray) -> None:
        """Let neurons follow their answers to places that they did not know.

        Args:
            first: number of old neurons.
            answers: summed over those places, and over all for new neurons, (n_places,).
            squares: of them, likewise.
        """
        n_new, others = len(self) - first, max(len(self) - 1, 1)
        before = max(first - 1, 0)
        means = np.concatenate([self.means, np.zeros(n_new)])
        spreads = np.concatenate([self.spreads, np.zeros(n_new)])
        self.means = (means * before + answers) / others
        self.spreads = _spread(
            ((spreads**2 + means**2) * before + squares) / others - self.means**2
        )

    def _answered(self, places: slice, neurons: slice) -> FloatArray:
        """Return answers of neurons to mapped places, before they are standardised."""
        codes, weights = self.codes[places], self.weights[:, neurons]
        found: Any = np.zeros((len(codes), weights.shape[1]), np.float32)
        if len(codes) <= _FEW:
            for code, row in zip(codes, found, strict=True):
                _add_up(weights, code, row)
        elif weights.shape[1] <= _FEW:
            for k, own in enumerate(weights.T):
                _compare(codes, np.ascontiguousarray(own), found[:, k])
        else:  # sums of products of 8 bits are exact in single precision, and BLAS is fast
            with one_blas_thread():
                np.matmul(codes.astype(np.float32), weights.astype(np.float32), out=found)
        answers: FloatArray = found.astype(np.float64) * self.scales[neurons]
        return answers

    # Changes.

    def keep(self, places: IntArray) -> None:
        """Keep the places at these positions, in that order; neurons keep their balance."""
        gone = np.setdiff1d(np.arange(len(self)), places)
        with one_blas_thread():
            potentials = self.codes.astype(np.float32) @ self.weights[:, gone].astype(np.float32)
        lost = potentials.astype(np.float64) * self.scales[gone]
        self.sums -= lost.sum(axis=1)
        self.squares -= (lost**2).sum(axis=1)
        self.weights = np.ascontiguousarray(self.weights[:, places])
        for name in ("codes", "scales", "numbers", "means", "spreads", "sums", "squares"):
            setattr(self, name, getattr(self, name)[places])


def imprinted(codes: Codes, lateral: Decorrelation) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Return weights of 8 bits, shape as `codes`, and the scale of each place neuron."""
    own = codes.astype(np.float64)
    with one_blas_thread():
        driven = lateral.apply(own)
    drive = np.sqrt(np.maximum((driven * own).sum(axis=1), LEAST_SPREAD))
    largest = np.maximum(np.abs(driven).max(axis=1), LEAST_SPREAD)
    weights = np.rint(driven * (127.0 / largest)[:, None]).astype(np.int8)
    return weights, largest / 127.0 / drive


def standardised(rows: FloatArray) -> FloatArray:
    """Return rows less their mean, by their spread, shape as `rows`; flat ones are 0."""
    mean = rows.mean(axis=-1, keepdims=True)
    spread = rows.std(axis=-1, keepdims=True)
    return (rows - mean) / np.where(spread > LEAST_SPREAD, spread, 1.0)


def outstanding(row: FloatArray, neighbours: int) -> FloatArray:
    """Return each score by mean and spread of its neighbourhood, itself included, (n_places,).

    The contrast enhancement of SeqSLAM (M. Milford and G. Wyeth, ICRA 2012): neighbours, which look
    alike, inhibit each other.
    """
    n = len(row)
    ends = np.minimum(np.arange(n) + neighbours + 1, n)
    starts = np.maximum(np.arange(n) - neighbours, 0)
    sums = np.concatenate([[0.0], np.cumsum(row)])
    squares = np.concatenate([[0.0], np.cumsum(row * row)])
    size = ends - starts
    mean = (sums[ends] - sums[starts]) / size
    spread = np.sqrt(np.maximum((squares[ends] - squares[starts]) / size - mean**2, 0.0))
    return (row - mean) / np.where(spread > LEAST_SPREAD, spread, 1.0)


def blended(balanced: FloatArray, config: PlaceConfig) -> FloatArray:
    """Return the score of a frame in a sequence: by its neighbourhood, and a little as it is."""
    return outstanding(balanced, config.neighbours) + config.blend * balanced


def _blocks(first: int, n: int) -> Iterator[tuple[int, int]]:
    """Return where blocks of places begin and end, old and new ones apart."""
    for begin, end in ((0, first), (first, n)):
        for at in range(begin, end, _BLOCK):
            yield at, min(at + _BLOCK, end)


def _spread(variance: FloatArray) -> FloatArray:
    """Return the root of variances of neurons, no less than a few places can tell."""
    return np.sqrt(np.maximum(variance, _LEAST_OWN_SPREAD**2))


@kernel(nogil=True)
def _add_up(weights: Any, code: Any, potentials: Any) -> None:
    for i in range(code.size):
        spikes = np.int32(code[i])
        if spikes != 0:
            for j in range(potentials.size):
                potentials[j] += spikes * np.int32(weights[i, j])


@kernel(nogil=True)
def _compare(codes: Any, weights: Any, answers: Any) -> None:
    for j in range(answers.size):
        total = np.int32(0)
        for i in range(weights.size):
            total += np.int32(codes[j, i]) * np.int32(weights[i])
        answers[j] = total
