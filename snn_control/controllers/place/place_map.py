"""Place neurons: imprinted in one shot and standardised by homeostasis.

Place neuron j has input weights w_j = g_j P r_j, with r_j the spike code of its place and P the
lateral weights of `plasticity.decorrelation`. Its response to the spikes x of a query is the
potential w_j . x. Its gain g_j = (r_j . P r_j)^-1/2 gives all place neurons the same drive. Its
homeostasis, by mean and standard deviation of its responses to the other mapped places, makes
responses comparable across neurons and modules without a threshold.

Weights are 8-bit integers with a scale per neuron. `potentials` sums them input by input and leaves
out only the timing: spikes delivered one by one (`presentation`) sum to the same integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.place.config import PlaceConfig
from snn_control.controllers.place.image_encoder import Codes
from snn_control.copies import Copied
from snn_control.plasticity.decorrelation import Decorrelation
from snn_control.threads import one_blas_thread

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_SPREAD = 1e-9
_LEAST_OWN_SPREAD = 0.1
_FEW = 4
_BLOCK = 512
"""Places whose responses are held in memory at once."""


class PlaceMap(Copied):
    """Place neurons in the order of the route, each with a unique, constant place number.

    Args:
        n_inputs: number of pixels, each with a pair of input cells.
    """

    def __init__(self, n_inputs: int) -> None:
        self.weights = np.zeros((n_inputs, 0), np.int8)
        """Weights of the place neurons, shape (n_inputs, n_places)."""
        self.codes = np.zeros((0, n_inputs), np.int8)
        """Spike code of each place, (n_places, n_inputs)."""
        self.scales = np.zeros(0)
        """Potential per unit of weight, (n_places,)."""
        self.numbers = np.zeros(0, np.int64)
        """Number of each place, (n_places,)."""
        self.means, self.spreads = np.zeros(0), np.ones(0)
        """Homeostasis: mean and standard deviation of each neuron's responses to the other places,
        after standardisation over the map, (n_places,)."""
        self.next_number = 0
        self.sums, self.squares = np.zeros(0), np.zeros(0)
        """Sum and sum of squares of the raw responses of all neurons to each place, (n_places,)."""
        self.fixed = False
        """True for a deployed map, which lacks `codes` and sums and cannot be changed."""

    def __len__(self) -> int:
        return len(self.numbers)

    # Responses.

    def potentials(self, code: Codes) -> npt.NDArray[np.int32]:
        """Return the potential of each place neuron after a presentation."""
        potentials = np.zeros(len(self), np.int32)
        _accumulate(self.weights, code, potentials)
        return potentials

    def scores(self, potentials: npt.NDArray[Any]) -> FloatArray:
        """Return potentials scaled, standardised over the map, then by neuron, (n_places,)."""
        responses = standardised(potentials * self.scales)
        return (responses - self.means) / self.spreads

    # Learning.

    def imprint(self, codes: Codes, lateral: Decorrelation) -> IntArray:
        """Append places; return their numbers.

        Args:
            codes: spike codes of the places, shape (n, n_inputs).
            lateral: lateral weights that decorrelate them.
        """
        weights, scales = imprinted(codes, lateral)
        numbers = np.arange(self.next_number, self.next_number + len(codes))
        self.append(codes, weights, scales, numbers)
        return numbers

    def append(
        self, codes: Codes, weights: npt.NDArray[np.int8], scales: FloatArray, numbers: IntArray
    ) -> None:
        """Append places with their neurons, and update the homeostasis of all neurons.

        Args:
            codes: spike codes, shape (n, n_inputs).
            weights: input weights, shape (n, n_inputs).
            scales: shape (n,).
            numbers: place numbers not on the map yet, shape (n,).
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
        responses = np.zeros(n)
        squares = np.zeros(n)
        for begin, end in _blocks(first, n):  # in blocks, to limit memory
            places = np.arange(begin, end)
            neurons = slice(first if end <= first else 0, n)  # old places: only the new neurons
            block = self._raw_responses(slice(begin, end), neurons)
            self.sums[begin:end] += block.sum(axis=1)
            self.squares[begin:end] += (block**2).sum(axis=1)
            mean = self.sums[begin:end] / n
            variance = np.maximum(self.squares[begin:end] / n - mean**2, LEAST_SPREAD)
            block = (block - mean[:, None]) / np.sqrt(variance)[:, None]
            if begin >= first:
                block[np.arange(len(places)), places] = 0.0  # exclude each neuron's own place
            responses[neurons] += block.sum(axis=0)
            squares[neurons] += (block**2).sum(axis=0)
        self._update_homeostasis(first, responses, squares)

    def _update_homeostasis(self, first: int, responses: FloatArray, squares: FloatArray) -> None:
        """Update mean and standard deviation of the neurons' responses to other places.

        Args:
            first: number of old neurons.
            responses: sum of responses over the new places, for new neurons over all places,
                (n_places,).
            squares: sum of squared responses, likewise.
        """
        n_new, others = len(self) - first, max(len(self) - 1, 1)
        before = max(first - 1, 0)
        means = np.concatenate([self.means, np.zeros(n_new)])
        spreads = np.concatenate([self.spreads, np.zeros(n_new)])
        self.means = (means * before + responses) / others
        self.spreads = _spread(
            ((spreads**2 + means**2) * before + squares) / others - self.means**2
        )

    def _raw_responses(self, places: slice, neurons: slice) -> FloatArray:
        """Return the responses of neurons to mapped places before standardisation."""
        codes, weights = self.codes[places], self.weights[:, neurons]
        potentials: Any = np.zeros((len(codes), weights.shape[1]), np.float32)
        if len(codes) <= _FEW:
            for code, row in zip(codes, potentials, strict=True):
                _accumulate(weights, code, row)
        elif weights.shape[1] <= _FEW:
            for k, own in enumerate(weights.T):
                _compare(codes, np.ascontiguousarray(own), potentials[:, k])
        else:  # exact in single precision, since the products have 8-bit factors
            with one_blas_thread():
                np.matmul(codes.astype(np.float32), weights.astype(np.float32), out=potentials)
        responses: FloatArray = potentials.astype(np.float64) * self.scales[neurons]
        return responses

    # Changes.

    def keep(self, places: IntArray) -> None:
        """Keep the places at these positions, in that order; the homeostasis is unchanged."""
        removed = np.setdiff1d(np.arange(len(self)), places)
        with one_blas_thread():
            potentials = self.codes.astype(np.float32) @ self.weights[:, removed].astype(np.float32)
        lost = potentials.astype(np.float64) * self.scales[removed]
        self.sums -= lost.sum(axis=1)
        self.squares -= (lost**2).sum(axis=1)
        self.weights = np.ascontiguousarray(self.weights[:, places])
        for name in ("codes", "scales", "numbers", "means", "spreads", "sums", "squares"):
            setattr(self, name, getattr(self, name)[places])


def imprinted(codes: Codes, lateral: Decorrelation) -> tuple[npt.NDArray[np.int8], FloatArray]:
    """Return 8-bit weights, shape as `codes`, and the scale of each place neuron."""
    own = codes.astype(np.float64)
    with one_blas_thread():
        driven = lateral.apply(own)
    drive = np.sqrt(np.maximum((driven * own).sum(axis=1), LEAST_SPREAD))
    largest = np.maximum(np.abs(driven).max(axis=1), LEAST_SPREAD)
    weights = np.rint(driven * (127.0 / largest)[:, None]).astype(np.int8)
    return weights, largest / 127.0 / drive


def standardised(rows: FloatArray) -> FloatArray:
    """Return the z-scores of each row, shape as `rows`; 0 for constant rows."""
    mean = rows.mean(axis=-1, keepdims=True)
    spread = rows.std(axis=-1, keepdims=True)
    return (rows - mean) / np.where(spread > LEAST_SPREAD, spread, 1.0)


def contrast_enhanced(row: FloatArray, neighbours: int) -> FloatArray:
    """Return the z-score of each score within its neighbourhood, itself included, (n_places,).

    The local contrast enhancement of SeqSLAM (M. Milford and G. Wyeth, ICRA 2012): neighbouring
    places, which look alike, inhibit each other.
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


def blended(scores: FloatArray, config: PlaceConfig) -> FloatArray:
    """Return scores for sequences: contrast-enhanced, plus `blend` times the plain scores."""
    return contrast_enhanced(scores, config.neighbours) + config.blend * scores


def _blocks(first: int, n: int) -> Iterator[tuple[int, int]]:
    """Return begin and end of blocks of places, separate for old and new ones."""
    for begin, end in ((0, first), (first, n)):
        for at in range(begin, end, _BLOCK):
            yield at, min(at + _BLOCK, end)


def _spread(variance: FloatArray) -> FloatArray:
    """Return standard deviations of neurons, with a floor against estimates from few places."""
    return np.sqrt(np.maximum(variance, _LEAST_OWN_SPREAD**2))


@kernel(nogil=True)
def _accumulate(weights: Any, code: Any, potentials: Any) -> None:
    for i in range(code.size):
        spikes = np.int32(code[i])
        if spikes != 0:
            for j in range(potentials.size):
                potentials[j] += spikes * np.int32(weights[i, j])


@kernel(nogil=True)
def _compare(codes: Any, weights: Any, potentials: Any) -> None:
    for j in range(potentials.size):
        total = np.int32(0)
        for i in range(weights.size):
            total += np.int32(codes[j, i]) * np.int32(weights[i])
        potentials[j] = total
