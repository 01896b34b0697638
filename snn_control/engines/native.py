"""Native engine: compiled with Numba, for one network on board and for whole populations."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from snn_control.engines import kernels
from snn_control.engines.inputs import population_inputs, run_inputs, tick_inputs
from snn_control.engines.layout import Layout, lay_out
from snn_control.engines.trace import Trace
from snn_control.network import Network

FloatArray = npt.NDArray[Any]


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
        self._bound = kernels.bind(
            self._program, self._weights, self._coefficients, self._state, self._spikes
        )

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        """Copies and unpickled engines have arrays of their own: bind those."""
        self.__dict__.update(attributes)
        self._bind()

    def reset(self) -> None:
        """Return to the state before the first tick."""
        kernels.rest(self._program, self._coefficients, self._state)
        self._spikes[:] = 0

    def step(self, inputs: npt.ArrayLike) -> FloatArray:
        """Advance one control tick.

        Args:
            inputs: shape (n_inputs,), held during the sub-ticks.

        Returns:
            The read-outs, shape (n_readouts,): a view that the next step overwrites.

        Raises:
            ParameterError: another shape; the state is unchanged.
        """
        if getattr(inputs, "shape", None) != self._input_shape:
            inputs = tick_inputs(inputs, self.network)
        self._inputs[...] = inputs
        kernels.step_bound(self._bound, self._exchange)
        return self._outputs

    @property
    def spikes(self) -> FloatArray:
        """Spikes of each spiking neuron in the last control tick, a view."""
        return self._spikes[0]

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the present state over `inputs` of shape (n_ticks, n_inputs).

        Raises:
            ParameterError: another shape; the state is unchanged.
        """
        rows = run_inputs(inputs, self.network, self._weights.dtype)
        outputs = np.zeros((len(rows), self._outputs.size), rows.dtype)
        spikes = np.zeros((len(rows), self.network.n_spiking), rows.dtype)
        kernels.run_network(
            self._program, self._weights, self._coefficients, self._state, rows, outputs, spikes
        )
        return Trace(outputs, spikes)


class NativePopulation:
    """Runs many networks of one structure in parallel.

    Args:
        layout: of the structure.
        weights: shape (n_networks, layout.n_weights).
        coefficients: shape (n_networks, layout.n_coefficients).
        dtype: `float64` or `float32`.

    Raises:
        ParameterError: rows of another shape.
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
            ParameterError: inputs of another shape.
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
