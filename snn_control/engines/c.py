"""Engine `c`: a network as exported C, compiled and called through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.engines.inputs import run_inputs, tick_inputs
from snn_control.engines.trace import Trace
from snn_control.export.c.build import build_library
from snn_control.export.c.literals import REAL
from snn_control.export.c.source import c_source
from snn_control.network import Network
from snn_control.network.program import Program

__all__ = ["CEngine", "cache_folder"]

PREFIX = "snn_network"


class CEngine(Copied):
    """Engine for one network.

    Args:
        network: network to run.
        precision: `float64` (bits of the reference engine) or `float32` (those of the native one).
        folder: folder of source and library; default: a folder of the cache for this source.

    Raises:
        MissingCompilerError: there is no C compiler.
    """

    def __init__(
        self, network: Network, precision: str = "float64", folder: Path | None = None
    ) -> None:
        self.network = network
        source = c_source(Program.of_network(network), PREFIX, precision)
        content = (source.header + source.source).encode()
        folder = folder or cache_folder() / hashlib.sha256(content).hexdigest()[:24]
        library = folder / f"lib{PREFIX}.so"
        self._path = library if library.is_file() else build_library(source, folder)
        self._dtype = REAL[precision]
        self._bind()
        self.reset()

    def _bind(self) -> None:
        library = ctypes.CDLL(str(self._path))
        self._init, self._advance = library[f"{PREFIX}_init"], library[f"{PREFIX}_step"]
        for function in (self._init, self._advance):
            function.restype = ctypes.c_int
        library[f"{PREFIX}_state_bytes"].restype = ctypes.c_uint32
        self._state = np.zeros(int(library[f"{PREFIX}_state_bytes"]()) // 8 + 1, np.float64)
        spikes = library[f"{PREFIX}_spikes"]
        spikes.restype = ctypes.c_void_p
        network = self.network
        self._in = np.zeros(len(network.inputs), self._dtype)
        self._out = np.zeros(len(network.readouts), self._dtype)
        self._arguments = [
            ctypes.c_void_p(array.ctypes.data) for array in (self._state, self._in, self._out)
        ]
        at = int(spikes(self._arguments[0])) - self._state.ctypes.data
        bytes_ = self._state.view(np.uint8)
        self._counts = bytes_[at : at + 2 * network.n_spiking].view(np.uint16)

    def reset(self) -> None:
        """Return to the state before the first tick."""
        self._init(self._arguments[0])

    @property
    def spikes(self) -> npt.NDArray[Any]:
        """Spikes of each spiking neuron in the last control tick, shape (n_spiking,)."""
        return self._counts.astype(self._dtype)

    def step(self, inputs: npt.ArrayLike) -> npt.NDArray[Any]:
        """Advance one control tick.

        Args:
            inputs: inputs held during the sub-ticks, finite, shape (n_inputs,).

        Returns:
            Read-outs, shape (n_readouts,).

        Raises:
            ParameterError: another shape; the state is unchanged.
            FloatingPointError: an input is not finite; the state is unchanged.
        """
        self._in[:] = tick_inputs(inputs, self.network)
        if self._advance(*self._arguments):
            raise FloatingPointError(f"inputs {self._in.tolist()}: expected finite numbers")
        return self._out.copy()

    def run(self, inputs: npt.ArrayLike) -> Trace:
        """Advance from the current state over `inputs` of shape (n_ticks, n_inputs).

        Raises:
            ParameterError: the inputs have another shape; the state is unchanged.
            FloatingPointError: an input is not finite; later ticks are not run.
        """
        rows = run_inputs(inputs, self.network, self._dtype)
        ticks = [(self.step(row), self.spikes) for row in rows]
        return Trace(np.array([r for r, _ in ticks]), np.array([s for _, s in ticks]))


def cache_folder() -> Path:
    """Return the folder of built libraries: `SNN_CONTROL_CACHE`, or that of the user's cache."""
    named = os.environ.get("SNN_CONTROL_CACHE")
    base = Path(named) if named else Path.home() / ".cache" / "snn_control"
    return base / "c"
