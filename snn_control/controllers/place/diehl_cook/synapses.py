"""Synapses from the inputs of a Diehl-Cook module, in the order in which spikes reach them."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.diehl_cook.kernel import Wiring

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)


class Synapses(NamedTuple):
    """Wiring and weights."""

    wiring: Wiring
    weight: FloatArray
    """In the order of the wiring, shape (n_inputs, n_excitatory); training changes it."""

    @classmethod
    def of(cls, delays: npt.NDArray[np.integer], longest: int, weights: FloatArray) -> Synapses:
        """Order synapses by their delay.

        Args:
            delays: time steps, 0 to `longest`, shape (n_inputs, n_excitatory).
            longest: largest delay.
            weights: same shape.
        """
        wiring = wire(delays, longest)
        return cls(wiring, by_input(wiring, weights))

    def delays(self) -> IntArray:
        """Return the time steps that each takes, shape (n_inputs, n_excitatory)."""
        first = self.wiring.first - self.wiring.first[:, :1]
        found = np.empty(self.weight.shape, np.int64)
        for row, begins, target in zip(found, first, self.wiring.target, strict=True):
            row[target] = np.repeat(np.arange(begins.size - 1), np.diff(begins))
        return found

    def by_neuron(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Return values that are in the order of the wiring in that of the E neurons."""
        found = np.empty_like(values)
        np.put_along_axis(found, self.wiring.target.astype(np.int64), values, axis=1)
        return found


def by_input(wiring: Wiring, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return values that are in the order of the E neurons in that of the wiring."""
    return np.take_along_axis(values, wiring.target.astype(np.int64), axis=1)


def wire(delays: npt.NDArray[np.integer], longest: int) -> Wiring:
    """Order the synapses of each input by their delay.

    Args:
        delays: time steps, shape (n_inputs, n_excitatory), 0 to `longest`.
        longest: largest delay.
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
