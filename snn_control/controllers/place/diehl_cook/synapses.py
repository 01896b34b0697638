"""Input synapses of a Diehl-Cook module, stored in the order of spike arrival."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.diehl_cook.kernel import Wiring

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)


class Synapses(NamedTuple):
    """Wiring and weights of the input synapses."""

    wiring: Wiring
    weight: FloatArray
    """Weights in the order of the wiring, shape (n_inputs, n_excitatory); changed by training."""

    @classmethod
    def of(cls, delays: npt.NDArray[np.integer], longest: int, weights: FloatArray) -> Synapses:
        """Create synapses, sorted by their delay.

        Args:
            delays: delays, 0 to `longest` time steps, shape (n_inputs, n_excitatory).
            longest: largest delay, time steps.
            weights: same shape.
        """
        wiring = wire(delays, longest)
        return cls(wiring, by_input(wiring, weights))

    def delays(self) -> IntArray:
        """Return the delays, time steps, shape (n_inputs, n_excitatory)."""
        first = self.wiring.first - self.wiring.first[:, :1]
        delays = np.empty(self.weight.shape, np.int64)
        for row, begins, target in zip(delays, first, self.wiring.target, strict=True):
            row[target] = np.repeat(np.arange(begins.size - 1), np.diff(begins))
        return delays

    def by_neuron(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Reorder values from the order of the wiring to that of the E neurons."""
        ordered = np.empty_like(values)
        np.put_along_axis(ordered, self.wiring.target.astype(np.int64), values, axis=1)
        return ordered


def by_input(wiring: Wiring, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Reorder values from the order of the E neurons to that of the wiring."""
    return np.take_along_axis(values, wiring.target.astype(np.int64), axis=1)


def wire(delays: npt.NDArray[np.integer], longest: int) -> Wiring:
    """Sort the synapses of each input by their delay.

    Args:
        delays: delays, 0 to `longest` time steps, shape (n_inputs, n_excitatory).
        longest: largest delay, time steps.
    """
    target = np.argsort(delays, axis=1, kind="stable")
    position = np.argsort(target, axis=1, kind="stable")
    slots = np.arange(longest + 2)
    first = np.array([np.searchsorted(np.sort(row), slots) for row in delays])
    first += delays.shape[1] * np.arange(len(delays))[:, np.newaxis]
    return Wiring(
        np.ascontiguousarray(first, np.int32),
        np.ascontiguousarray(target, np.int32),
        np.ascontiguousarray(position.T, np.int32),
    )
