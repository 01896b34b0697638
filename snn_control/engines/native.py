"""Native engine: compiled with Numba, for single networks and for whole populations.

Numba needs about 40 ns for each array argument of a call, 0.4 us for the ten of a tick. For one
network, `_bind` therefore packs their addresses and sizes into one array; a tick takes it and
`exchange`, the inputs and read-outs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from snn_control.addresses import array_at
from snn_control.compiled import kernel
from snn_control.copies import CopiedWithViews
from snn_control.engines import kernels
from snn_control.engines.inputs import population_inputs, run_inputs, tick_inputs
from snn_control.engines.kernels.state import State
from snn_control.engines.kernels.tick import control_tick, read_out
from snn_control.engines.layout import N_INPUTS, Layout, lay_out
from snn_control.engines.trace import Trace
from snn_control.network import Network

__all__ = ["NativeEngine", "NativePopulation"]

FloatArray = npt.NDArray[Any]
Array = Any


def _bind(
    program: Array, weights: Array, c: Array, state: State, spikes: Array
) -> npt.NDArray[np.int64]:
    """Return address and size of each array; the caller must keep the arrays alive."""
    arrays: Sequence[Array] = (program, weights, c, *state, spikes)
    return np.array([[a.ctypes.data, a.size] for a in arrays], np.int64).ravel()


@kernel(forceinline=True)
def _array(bound: Array, k: int, dtype: Any) -> Array:
    return array_at(bound[2 * k], bound[2 * k + 1], dtype)


@kernel()
def _step_bound(bound: Array, exchange: Array) -> None:
    """Advance one network by one control tick.

    Args:
        bound: result of `_bind`; real arrays have the type of `exchange`.
        exchange: inputs, followed by the read-outs, which are written.
    """
    real = exchange.dtype
    program = _array(bound, 0, np.int64)
    state = State(
        _array(bound, 3, real), _array(bound, 4, np.int32), _array(bound, 5, np.int64),
        _array(bound, 6, real), _array(bound, 7, real), _array(bound, 8, np.int64),
    )  # fmt: skip
    spikes = _array(bound, 9, real).reshape(1, -1)
    weights, c = _array(bound, 1, real), _array(bound, 2, real)
    n_inputs = program[N_INPUTS]
    inputs, outputs = exchange[:n_inputs].reshape(1, -1), exchange[n_inputs:].reshape(1, -1)
    start = control_tick(program, weights, c, state, inputs, 0, spikes, 0)
    read_out(program, state, start, outputs, 0)


class NativeEngine(CopiedWithViews):
    """Engine for one network.

    Args:
        network: network to run.
        dtype: `float64` (bit-identical to the reference engine) or `float32`.
    """

    def __init__(self, network: Network, dtype: npt.DTypeLike = np.float64) -> None:
        self.network = network
        layout = lay_out(network)
        weights, coefficients = layout.row()
        self._program = layout.program
        self._weights = weights.astype(dtype)
        self._coefficients = coefficients.astype(dtype)
        self._state = kernels.new_state(layout.program, self._weights)
        self._exchange = np.zeros(len(network.inputs) + len(network.readouts), dtype)
        self._spikes = np.zeros((1, network.n_spiking), dtype)
        self._bind()
        self.reset()
        self.step(np.zeros(len(network.inputs)))
        self.reset()

    def _bind(self) -> None:
        n_inputs = len(self.network.inputs)
        self._inputs, self._outputs = self._exchange[:n_inputs], self._exchange[n_inputs:]
        self._input_shape = (n_inputs,)
        self._bound = _bind(
            self._program, self._weights, self._coefficients, self._state, self._spikes
        )

    def reset(self) -> None:
        """Return to the state before the first tick."""
        kernels.rest(self._program, self._coefficients, self._state)
        self._spikes[:] = 0

    def load(self, weights: FloatArray, coefficients: FloatArray) -> None:
        """Replace the parameters by those of a network of the same structure, and reset.

        Args:
            weights: weight row of the network, shape (layout.n_weights,).
            coefficients: coefficient row, shape (layout.n_coefficients,).
        """
        self._weights[...] = weights
        self._coefficients[...] = coefficients
        self.reset()

    def step(self, inputs: npt.ArrayLike) -> FloatArray:
        """Advance one control tick.

        Args:
            inputs: inputs held during the sub-ticks, shape (n_inputs,).

        Returns:
            Read-outs, shape (n_readouts,): a view that the next step overwrites.

        Raises:
            ParameterError: the inputs have another shape; the state is unchanged.
        """
        if getattr(inputs, "shape", None) != self._input_shape:
            inputs = tick_inputs(inputs, self.network)
        self._inputs[...] = inputs
        _step_bound(self._bound, self._exchange)
        return self._outputs

    @property
    def spikes(self) -> FloatArray:
        """View of the spikes of each neuron in the last control tick, shape (n_spiking,)."""
        return self._spikes[0]

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the current state over `inputs` of shape (n_ticks, n_inputs).

        Raises:
            ParameterError: the inputs have another shape; the state is unchanged.
        """
        rows = run_inputs(inputs, self.network, self._weights.dtype)
        outputs = np.zeros((len(rows), self._outputs.size), rows.dtype)
        spikes = np.zeros((len(rows), self.network.n_spiking), rows.dtype)
        kernels.run_network(
            self._program, self._weights, self._coefficients, self._state, rows, outputs, spikes
        )
        return Trace(outputs, spikes)


class NativePopulation:
    """Engine for many networks of one structure, run in parallel.

    Args:
        layout: common layout of the networks.
        weights: weight rows, shape (n_networks, layout.n_weights).
        coefficients: coefficient rows, shape (n_networks, layout.n_coefficients).
        dtype: `float64` or `float32`.

    Raises:
        ParameterError: the rows have another shape.
    """

    def __init__(
        self,
        layout: Layout,
        weights: FloatArray,
        coefficients: FloatArray,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        layout.check_rows(weights, coefficients)
        self.layout = layout
        self._weights = np.ascontiguousarray(weights, dtype)
        self._coefficients = np.ascontiguousarray(coefficients, dtype)

    def run(self, inputs: npt.ArrayLike, threads: int | None = None) -> Trace:
        """Run from rest over `inputs`, shape ([n_networks,] n_ticks, n_inputs).

        Returns:
            Read-outs of shape (n_networks, n_ticks, n_readouts) and the number of spikes of each
            network, shape (n_networks,).

        Raises:
            ParameterError: the inputs have another shape.
        """
        network, n = self.layout.network, len(self._weights)
        rows = population_inputs(inputs, network, n, self._weights.dtype)
        outputs = np.zeros((n, rows.shape[1], len(network.readouts)), rows.dtype)
        spikes = np.zeros(n)
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads or before, before))
        try:
            kernels.run_population(
                self.layout.program, self._weights, self._coefficients, rows, outputs, spikes
            )
        finally:
            numba.set_num_threads(before)
        return Trace(outputs, spikes)
