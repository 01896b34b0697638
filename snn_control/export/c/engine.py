"""Engine `c`: a network as exported C, compiled and called through ctypes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.engines.inputs import run_inputs, tick_inputs
from snn_control.engines.trace import Trace
from snn_control.errors import ParameterError
from snn_control.export.c.build import cached_library
from snn_control.export.c.library import CLibrary
from snn_control.export.c.source import c_source
from snn_control.network import Network
from snn_control.network.program import Program

__all__ = ["CEngine"]

PREFIX = "snn_network"


class CEngine(Copied):
    """Engine for one network.

    Args:
        network: network to run.
        precision: `float64` (bits of the reference engine), `float32` (those of the native one), or
            integers (those of `IntegerEngine`).
        folder: folder of source and library; default: a folder of the cache for this source.

    Raises:
        MissingCompilerError: there is no C compiler.
    """

    def __init__(
        self, network: Network, precision: str = "float64", folder: Path | None = None
    ) -> None:
        self.network = network
        program = Program.of_network(network)
        source = c_source(program, PREFIX, precision)
        path = cached_library(source, folder)
        self._library = CLibrary(path, PREFIX, program, precision)
        self._form = source.form

    def reset(self) -> None:
        """Return to the state before the first tick."""
        self._library.reset()

    @property
    def spikes(self) -> npt.NDArray[Any]:
        """Spikes of each spiking neuron in the last control tick, shape (n_spiking,)."""
        return self._library.spikes.astype(np.float64)

    def step(self, inputs: npt.ArrayLike) -> npt.NDArray[Any]:
        """Advance one control tick.

        Args:
            inputs: inputs held during the sub-ticks, finite, shape (n_inputs,).

        Returns:
            Read-outs, shape (n_readouts,).

        Raises:
            ParameterError: another shape, or not finite; the state is unchanged.
        """
        library = self._library
        library.inputs[:] = self._typed(tick_inputs(inputs, self.network))
        if not library.step():
            raise ParameterError(f"inputs {library.inputs.tolist()}: expected finite numbers")
        if self._form is not None:
            return np.ldexp(library.outputs.astype(np.float64), np.negative(self._form.exponents))
        return library.outputs.copy()

    def _typed(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self._form is None:
            return inputs
        if not np.isfinite(inputs).all():
            raise ParameterError(f"inputs {inputs.tolist()}: expected finite numbers")
        pairs = zip(self._form.inputs, inputs, strict=True)
        return np.array([form.quantised(value) for form, value in pairs])

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the current state over `inputs` of shape (n_ticks, n_inputs).

        Raises:
            ParameterError: the inputs have another shape, or one is not finite; later ticks are not
                run.
        """
        rows = run_inputs(inputs, self.network, np.float64)
        ticks = [(self.step(row), self.spikes) for row in rows]
        return Trace(np.array([r for r, _ in ticks]), np.array([s for _, s in ticks]))
