"""Learned completion of a scan from the memory of points, spiking or not.

Both networks are three layers of circular convolutions over the azimuth, of the same sizes: `width`
channels, `kernel` directions. Their output is a correction of the interpolated memory, so that
without evidence the prediction is that of `Remembered`. Directions of the current scan keep their
ranges. The spiking cells are leaky integrators with a soft reset that see the scan for `TICKS`
ticks from rest:

    v <- LEAK v + current;   s = [v >= 1];   v <- v - s

and pass their spikes to the next layer within the tick; the output is the mean over the ticks. The
cells of the twin are rectified linear units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from snn_control.array_file import pack_npz, read_npz
from snn_control.errors import ModelFileError, ParameterError
from snn_control.loops.corridor.completion import Completion
from snn_control.loops.corridor.point_memory import PointMemory
from snn_control.loops.corridor.rays import N_RAYS, REACH_M, Estimate, Motion, filled

__all__ = ["CELLS", "LEAK", "N_FEATURES", "TICKS", "Cells", "Predicted", "Predictor", "features"]

FloatArray = npt.NDArray[np.float64]
Cells = Literal["spiking", "rectified"]
CELLS: tuple[Cells, ...] = ("spiking", "rectified")
TICKS = 4
LEAK = 0.5
N_FEATURES = 4
MAX_AGE_S = 2.5
_LAYERS = 3


def features(estimate: Estimate) -> FloatArray:
    """Return the inputs of a predictor, shape (N_FEATURES, N_RAYS).

    Proximity 0.5 m / (0.5 m + range) of the interpolated memory, the same of its points only (0
    elsewhere), age over 2.5 s (1 without a point), 1 for a direction with a point.
    """
    known = np.isfinite(estimate.age_s)
    proximity = 0.5 / (0.5 + estimate.range_m)
    age = np.minimum(estimate.age_s, MAX_AGE_S) / MAX_AGE_S
    return np.stack([proximity, np.where(known, proximity, 0.0), age, known.astype(float)])


@dataclass(frozen=True, eq=False)
class Predictor:
    """Weights of a predictor.

    Args:
        cells: model of the cells.
        weights: of each layer, shape (channels out, channels in, kernel), odd kernel.
        biases: of each layer, shape (channels out,).

    Raises:
        ParameterError: shapes that do not fit.
    """

    cells: Cells
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    def __post_init__(self) -> None:
        if self.cells not in CELLS:
            raise ParameterError(f"cells is {self.cells!r}; expected one of {', '.join(CELLS)}")
        sizes = [N_FEATURES, *(w.shape[0] for w in self.weights if w.ndim == 3)]
        right = len(self.weights) == len(self.biases) == _LAYERS and sizes[-1] == 1
        for size, weight, bias in zip(sizes, self.weights, self.biases, strict=False):
            right = right and weight.ndim == 3 and weight.shape[1] == size
            right = right and weight.shape[2] % 2 == 1 and bias.shape == weight.shape[:1]
        if not right:
            shapes = [weight.shape for weight in self.weights]
            raise ParameterError(
                f"weights of the shapes {shapes}; expected {_LAYERS} layers (out, in, odd kernel) "
                f"from {N_FEATURES} to 1 channel, and a bias for each output"
            )

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return sum(array.size for array in (*self.weights, *self.biases))

    def correction_m(self, inputs: FloatArray) -> tuple[FloatArray, float]:
        """Return the correction of the range of each ray, m, and the number of spikes.

        Args:
            inputs: see `features`.
        """
        first = _convolve(self.weights[0], self.biases[0], inputs)
        if self.cells == "rectified":
            hidden = np.maximum(first, 0.0)
            hidden = np.maximum(_convolve(self.weights[1], self.biases[1], hidden), 0.0)
            return _convolve(self.weights[2], self.biases[2], hidden)[0], 0.0
        first_spikes = _spikes([first] * TICKS)
        second = _convolve(self.weights[1], self.biases[1], first_spikes)
        spikes = _spikes(second)
        output_m = _convolve(self.weights[2], self.biases[2], spikes.mean(axis=0))[0]
        return output_m, float(first_spikes.sum() + spikes.sum())

    def save(self, path: Path) -> None:
        """Write the weights as an npz file."""
        arrays = {f"weight_{k}": weight for k, weight in enumerate(self.weights)}
        arrays |= {f"bias_{k}": bias for k, bias in enumerate(self.biases)}
        path.write_bytes(pack_npz(arrays | {"cells": np.array(self.cells)}))

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Read the weights of `save`.

        Raises:
            ModelFileError: the file is damaged or contains no predictor.
        """
        names = [f"{kind}_{k}" for kind in ("weight", "bias") for k in range(_LAYERS)]
        try:
            read = read_npz(path, ModelFileError, [*names, "cells"])
            arrays = [read[name].astype(np.float64) for name in names]
            cells: Cells = str(read["cells"])  # type: ignore[assignment]
            return cls(cells, tuple(arrays[:_LAYERS]), tuple(arrays[_LAYERS:]))
        except (ParameterError, ValueError, KeyError) as exc:
            raise ModelFileError(f"{path} contains no predictor: {exc}") from exc


def _spikes(currents: Iterable[FloatArray]) -> FloatArray:
    """Return the spikes of cells that start at rest, one row for each tick of the currents."""
    rows, v = [], np.zeros(1)
    for current in currents:
        v = LEAK * v + current
        rows.append((v >= 1.0).astype(float))
        v = v - rows[-1]
    return np.stack(rows)


def _convolve(weight: FloatArray, bias: FloatArray, inputs: FloatArray) -> FloatArray:
    """Return the circular convolution over the rays.

    Args:
        weight: shape (n_out, n_in, kernel).
        bias: shape (n_out,).
        inputs: shape (..., n_in, N_RAYS); the result has the shape (..., n_out, N_RAYS).
    """
    n_out, n_in, kernel = weight.shape
    half = kernel // 2
    padded = np.concatenate([inputs[..., N_RAYS - half :], inputs, inputs[..., :half]], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, N_RAYS, axis=-1)
    columns = windows.reshape(*inputs.shape[:-2], n_in * kernel, N_RAYS)
    result: FloatArray = weight.reshape(n_out, n_in * kernel) @ columns + bias[:, None]
    return result


class Predicted(Completion):
    """Memory of points, corrected by a predictor.

    Args:
        predictor: trained weights.
    """

    def __init__(self, predictor: Predictor) -> None:
        self.predictor, self.memory = predictor, PointMemory()
        self.reset()

    def reset(self) -> None:
        """Forget all points."""
        self.memory.reset()
        self.n_spikes = 0.0
        """Spikes since the reset."""

    def update(self, range_m: FloatArray, motion: Motion) -> Estimate:
        """Return the corrected ranges of the memory."""
        self.memory.update(range_m, motion)
        scan = self.memory.scan()
        filled_m = filled(scan.range_m, np.isfinite(scan.age_s))
        estimate = Estimate(filled_m, scan.age_s)
        correction_m, n_spikes = self.predictor.correction_m(features(estimate))
        self.n_spikes += n_spikes
        predicted_m = np.clip(filled_m + correction_m, 0.0, REACH_M)
        fired = range_m >= 0.0
        predicted_m[fired] = np.minimum(filled_m, range_m)[fired]
        return Estimate(predicted_m, scan.age_s)
