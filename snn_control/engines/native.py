"""Native engine: compiled with Numba, for one network on board and for whole populations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from snn_control.engines import kernels
from snn_control.engines.layout import Layout, lay_out
from snn_control.engines.trace import Trace
from snn_control.network import Network

FloatArray = npt.NDArray[Any]


class State(NamedTuple):
    """Arrays of one running network; see `engines.kernels`."""

    values: FloatArray
    active: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    memory: FloatArray
    drive: FloatArray
    clock: npt.NDArray[np.int64]


def new_state(program: npt.NDArray[np.int64], dtype: npt.DTypeLike) -> State:
    """Make the arrays for one network; `kernels.rest` puts them to rest."""
    n_values, ring, n_populations, n_state = (int(program[k]) for k in (1, 2, 3, 7))
    return State(
        values=np.zeros(ring * n_values, dtype),
        active=np.zeros(ring * n_values, np.int64),
        counts=np.zeros(ring * (n_populations + 1), np.int64),
        memory=np.zeros(n_state, dtype),
        drive=np.zeros(2 * n_values, dtype),
        clock=np.zeros(2, np.int64),
    )


class NativeEngine:
    """Runs one network, one tick or many.

    Args:
        network: what to run.
        dtype: `float64` (bit for bit equal to the reference engine) or `float32`.
    """

    def __init__(self, network: Network, dtype: npt.DTypeLike = np.float64) -> None:
        self.network = network
        layout = lay_out(network)
        weights, coefficients = layout.row()
        self._program = layout.program
        self._weights = weights.astype(dtype)
        self._coefficients = coefficients.astype(dtype)
        self._state = new_state(layout.program, dtype)
        self._inputs = np.zeros((1, len(network.inputs)), dtype)
        self._spikes = np.zeros((1, network.n_spiking), dtype)
        self._outputs = np.zeros(len(network.readouts), dtype)
        self._arguments = (
            self._program, self._weights, self._coefficients, *self._state,
            self._inputs, self._outputs, self._spikes,
        )  # fmt: skip
        self.reset()
        self.step(np.zeros(len(network.inputs)))
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick."""
        s = self._state
        kernels.rest(self._program, self._coefficients, s.values, s.counts, s.memory, s.clock)
        self._spikes[:] = 0

    def step(self, inputs: npt.ArrayLike) -> FloatArray:
        """Advance one control tick.

        Args:
            inputs: shape (n_inputs,), held during the sub-ticks.

        Returns:
            The read-outs, shape (n_readouts,): a view that the next step overwrites.
        """
        self._inputs[0] = inputs
        kernels.step_network(*self._arguments)
        return self._outputs

    @property
    def spikes(self) -> FloatArray:
        """Spikes of each spiking neuron in the last control tick, a view."""
        return self._spikes[0]

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the present state over `inputs` of shape (n_ticks, n_inputs)."""
        rows = np.ascontiguousarray(inputs, self._weights.dtype)
        outputs = np.zeros((len(rows), self._outputs.size), rows.dtype)
        spikes = np.zeros((len(rows), self.network.n_spiking), rows.dtype)
        kernels.run_network(*self._arguments[:-3], rows, outputs, spikes)
        return Trace(outputs, spikes)


class NativePopulation:
    """Runs many networks of one structure in parallel.

    Args:
        layout: of the structure.
        weights: shape (n_networks, layout.n_weights).
        coefficients: shape (n_networks, layout.n_coefficients).
        dtype: `float64` or `float32`.
    """

    def __init__(
        self,
        layout: Layout,
        weights: FloatArray,
        coefficients: FloatArray,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        self.layout = layout
        self._weights = np.ascontiguousarray(weights, dtype)
        self._coefficients = np.ascontiguousarray(coefficients, dtype)

    def run(self, inputs: npt.ArrayLike, threads: int | None = None) -> Trace:
        """Run from rest over `inputs`, shape ([n_networks,] n_ticks, n_inputs).

        Returns:
            Read-outs of shape (n_networks, n_ticks, n_readouts) and the number of spikes of each
            network, shape (n_networks,).
        """
        rows = np.ascontiguousarray(inputs, self._weights.dtype)
        rows = rows[None] if rows.ndim == 2 else rows
        shape = (len(self._weights), rows.shape[1], len(self.layout.network.readouts))
        outputs, spikes = np.zeros(shape, rows.dtype), np.zeros(len(self._weights))
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads or before, before))
        try:
            kernels.run_population(
                self.layout.program, self._weights, self._coefficients, rows, outputs, spikes
            )
        finally:
            numba.set_num_threads(before)
        return Trace(outputs, spikes)
