"""Controller that runs on a microcontroller, at the other end of a serial line."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.copies import NotCopied
from snn_control.engines.integer.formats import InputFormat
from snn_control.errors import InterfaceMismatchError, ParameterError, UnansweredError
from snn_control.export.firmware.link import FirmwareLink

__all__ = ["RemoteController"]

FloatArray = npt.NDArray[np.float64]


class RemoteController(NotCopied, Controller):
    """Controller of a connected firmware.

    The action of an unanswered step is the last one, for at most `max_unanswered` steps in a row.
    If no byte arrives at all, the line is lost at once: the step raises, and `link.connect`, then
    `reset`, continue.

    Args:
        link: connected link.
        observation_names: entries of the observation.
        action_names: entries of the action.
        input_unit: value of 1 in an integer input; 0 for inputs in floating point.
        output_unit: value of 1 in an integer output; 0 for outputs in floating point.
        max_unanswered: unanswered steps in a row that are bridged.

    Raises:
        InterfaceMismatchError: the firmware has another number of inputs or outputs.
        ParameterError: a unit is missing, or not for this firmware.
    """

    instead = "connect another link"

    def __init__(
        self,
        link: FirmwareLink,
        observation_names: tuple[str, ...],
        action_names: tuple[str, ...],
        *,
        input_unit: float = 0.0,
        output_unit: float = 0.0,
        max_unanswered: int = 3,
    ) -> None:
        info = link.info
        if info is None:
            raise ParameterError("the link is not connected; call connect() first")
        shape = (len(observation_names), len(action_names))
        if (info.n_inputs, info.n_outputs) != shape:
            raise InterfaceMismatchError(
                f"the firmware has {info.n_inputs} inputs and {info.n_outputs} outputs, expected "
                f"{shape[0]} and {shape[1]}: {observation_names}, {action_names}"
            )
        for name, kind, unit in (
            ("input_unit", info.input_type, input_unit),
            ("output_unit", info.output_type, output_unit),
        ):
            if ("i" in kind) != (unit > 0):
                raise ParameterError(
                    f"{name} is {unit:g}, and the firmware has numbers of type {kind}: set it to "
                    "that of manifest.json for integers, and to 0 for floating point"
                )
        self.link = link
        self.observation_names, self.action_names = observation_names, action_names
        self.control_period_s = info.period_s
        self._input_unit, self._output_unit = input_unit, output_unit or 1.0
        self._max_unanswered = max_unanswered
        self._bridged = 0
        self._action: FloatArray | None = None

    def reset(self, seed: int | None = None) -> None:
        """Reset the firmware; connect first if the line is lost. Raises as `FirmwareLink.step`."""
        if not self.link.connected:
            self.link.connect()
        self.link.reset()
        self._bridged, self._action = 0, None

    def _step(self, observation: FloatArray) -> FloatArray:
        try:
            outputs = self.link.step(self._inputs(observation))
        except UnansweredError as exc:
            self._bridged += 1
            if exc.silent or self._action is None or self._bridged > self._max_unanswered:
                self.link.close()
                raise
            return self._action.copy()
        self._bridged = 0
        self._action = outputs.astype(np.float64) * self._output_unit
        return self._action.copy()

    def _inputs(self, observation: FloatArray) -> npt.NDArray[Any]:
        if not self._input_unit:
            return observation
        return InputFormat(self._input_unit).quantised(observation)

    @property
    def readouts(self) -> dict[str, float]:
        """Actions of the last step by name; empty before the first one."""
        if self._action is None:
            return {}
        return dict(zip(self.action_names, self._action.tolist(), strict=True))
