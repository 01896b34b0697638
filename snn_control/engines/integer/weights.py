"""Integer weights of a connection with one real scale.

Weights that are whole numbers in range, or of one magnitude, are exact. Others are rounded to the
nearest, except from a thermometer code: neurons that share their inputs and differ in their
thresholds fire in that order, so a sum over them is a running sum over the thresholds that are
passed. Its rounding error is carried on to the next neuron (error diffusion), so the sum is never
off by more than half a unit while no weight is clipped. The unit is the one with the smallest
relative error of the running sums for which the largest weights, far from rest, are clipped so
little that the sum over the whole code stays within `WHOLE_SUM`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.engines.integer.arithmetic import IntArray
from snn_control.network import INPUT, Network
from snn_control.network.matrices import weight_matrix

__all__ = ["IntegerWeights", "integer_weights", "thermometers"]

FloatArray = npt.NDArray[np.float64]

SMALLEST = 1e-290
"""Smallest magnitude of a weight; smaller ones count as 0."""
CLIPPING = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Largest representable weights that are compared, shares of the largest weight."""
WHOLE_SUM = 0.05
"""Largest error of the sum over a whole code, relative."""


class IntegerWeights(NamedTuple):
    """Weights in integers."""

    integers: IntArray
    """Shape of the real weights."""
    scale: float
    """Real weight of one unit."""
    rounding: str
    """`exact`, `nearest` or `diffused`."""


def integer_weights(
    weights: FloatArray, bits: int, codes: Sequence[IntArray] = ()
) -> IntegerWeights:
    """Return weights in integers.

    Args:
        weights: real weights, shape (sources, targets).
        bits: bits of an integer with its sign, at least 2.
        codes: thermometer codes of the sources, see `thermometers`.
    """
    most = 2 ** (bits - 1) - 1
    magnitudes = np.unique(np.abs(weights[np.abs(weights) >= SMALLEST]))
    if not magnitudes.size:
        return IntegerWeights(np.zeros(weights.shape, np.int64), 1.0, "exact")
    if magnitudes[-1] <= most and (weights == np.rint(weights)).all():
        return IntegerWeights(weights.astype(np.int64), 1.0, "exact")
    if magnitudes.size == 1:
        return IntegerWeights(np.sign(weights).astype(np.int64), float(magnitudes[0]), "exact")
    scale = float(magnitudes[-1]) / most
    if not codes:
        return IntegerWeights(np.rint(weights / scale).astype(np.int64), scale, "nearest")
    scales = [scale * share for share in CLIPPING]
    return min((_of_codes(weights, each, most, codes) for each in scales), key=_Diffused.rank)[0]


class _Diffused(NamedTuple):
    weights: IntegerWeights
    running: float
    whole: float

    def rank(self) -> tuple[bool, float]:
        """Return the order of preference: too much clipping, then the error of running sums."""
        clipped = self.whole > WHOLE_SUM
        return clipped, self.whole if clipped else self.running


def _of_codes(weights: FloatArray, scale: float, most: int, codes: Sequence[IntArray]) -> _Diffused:
    """Return diffused weights, the mean square error of running sums, and that of whole sums."""
    units = weights / scale
    integers = np.clip(np.rint(units), -most, most).astype(np.int64)
    errors, whole = [], 0.0
    for code in codes:
        integers[code] = np.apply_along_axis(_diffused, 0, units[code], most)
        sums = np.cumsum(units[code], axis=0)
        off = np.abs(np.cumsum(integers[code], axis=0) - sums) / np.maximum(np.abs(sums), 1.0)
        errors.append(off**2)
        whole = max(whole, float(off[-1].max()))
    weights_in_units = IntegerWeights(integers, scale, "diffused")
    return _Diffused(weights_in_units, float(np.mean(np.concatenate(errors))), whole)


def _diffused(units: FloatArray, most: int) -> IntArray:
    """Return integers whose running sums are the nearest to those of `units`."""
    error, chosen = 0.0, np.zeros(units.size, np.int64)
    for k, unit in enumerate(units):
        chosen[k] = int(np.rint(min(max(unit + error, -most), most)))
        error += unit - chosen[k]
    return chosen


def thermometers(network: Network, name: str) -> list[IntArray]:
    """Return the neurons of each thermometer code of a population, by ascending threshold.

    A code is at least two neurons without memory, thus with a hard reset, with equal incoming
    weights and biases.
    """
    if name == INPUT or network.population(name).params.choice("reset", "") != "hard":
        return []
    population = network.population(name)
    if population.params.model != "lif":
        return []
    values = {
        each: population.params.expanded(each, population.size)
        for each in ("tau_syn_s", "tau_mem_s", "bias", "threshold")
    }
    memoryless = (values["tau_syn_s"] == 0.0) & (values["tau_mem_s"] == 0.0)
    incoming = [weight_matrix(c, network) for c in network.connections if c.target == name]
    patterns = np.vstack([*incoming, values["bias"][None]]) + 0.0
    codes: dict[bytes, list[int]] = {}
    for neuron in np.flatnonzero(memoryless).tolist():
        codes.setdefault(patterns[:, neuron].tobytes(), []).append(neuron)
    by_threshold = values["threshold"].__getitem__
    return [np.array(sorted(code, key=by_threshold)) for code in codes.values() if code[1:]]
