"""Controller of ONNX files in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import MissingExtraError, ModelFileError, ParameterError, require
from snn_control.export.manifest import listed_file, read_manifest
from snn_control.export.onnx.model import OnnxModels
from snn_control.export.run_program import ProgramTrace
from snn_control.input_file import read_bytes

__all__ = ["OnnxSession"]


class OnnxSession:
    """Models of a controller, run tick by tick on one thread.

    Args:
        tick: content of the model of a tick.
        start: content of the model of its start; None for a controller without state.

    Raises:
        MissingExtraError: the package `onnxruntime` is not installed.
    """

    def __init__(self, tick: bytes, start: bytes | None) -> None:
        runtime = require("onnxruntime", "onnx")
        runtime.disable_telemetry_events()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1

        def session(content: bytes) -> Any:
            return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

        self._tick, self._start = session(tick), None if start is None else session(start)
        observation, *states = self._tick.get_inputs()
        self.dtype = np.dtype(np.float32 if "float)" in observation.type else np.float64)
        self._shape = tuple(observation.shape)
        self._states = [state.name for state in states]
        self._outputs = [output.name for output in self._tick.get_outputs()]
        self.reset()

    @classmethod
    def of_models(cls, models: OnnxModels) -> OnnxSession:
        """Return the session of models in memory."""
        return cls(models.tick, models.start)

    @classmethod
    def load(cls, folder: str | Path) -> OnnxSession:
        """Load the models of a folder written by `export_onnx`.

        Raises:
            ModelFileError: a file is missing or damaged.
            MissingExtraError: the package `onnxruntime` is not installed.
        """
        paths = [listed_file(folder, item) for item in read_manifest(folder)["files"].items()]
        if not 1 <= len(paths) <= 2:
            raise ModelFileError(f"{folder}: {len(paths)} files; expected a model and its start")
        tick, *start = [read_bytes(path, ModelFileError) for path in paths]
        try:
            return cls(tick, start[0] if start else None)
        except MissingExtraError:
            raise
        except Exception as exc:  # a damaged file may raise anything
            raise ModelFileError(f"{paths[0]}: {exc}") from exc

    def reset(self) -> None:
        """Return to the state before the first tick."""
        self._values: dict[str, Any] | None = None

    def step(self, observation: npt.ArrayLike) -> npt.NDArray[np.floating]:
        """Advance one control tick.

        Args:
            observation: shape (n_observations,).

        Returns:
            Actions, shape (n_actions,).

        Raises:
            ParameterError: another shape, or a value that is not finite; the state is unchanged.
        """
        with np.errstate(over="ignore"):
            values = np.asarray(observation, self.dtype)
        if values.shape != self._shape or not np.isfinite(values).all():
            raise ParameterError(
                f"observation {values.tolist()}: expected finite numbers of shape {self._shape}"
            )
        feed = {"observation": values}
        if self._values is None:
            started = [] if self._start is None else self._start.run(self._states, feed)
            self._values = dict(zip(self._states, started, strict=True))
        results = self._tick.run(self._outputs, feed | self._values)
        named = dict(zip(self._outputs, results, strict=True))
        self._values = {name: named[f"{name}_next"] for name in self._states}
        self.readouts, self.spikes = named["readouts"], named["spikes"]
        return np.asarray(named["action"])

    def run(self, observations: npt.NDArray[np.floating]) -> ProgramTrace:
        """Advance from the current state over observations of shape (n_ticks, n_observations)."""
        ticks = [(self.step(row), self.readouts, self.spikes) for row in observations]
        actions, readouts, spikes = (np.array(rows) for rows in zip(*ticks, strict=True))
        return ProgramTrace(readouts, spikes, actions)
