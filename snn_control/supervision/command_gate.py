"""The last check of every command: finite, in range, not faster than the actuator may be driven.

`CommandGate` is that of one actuator, `CommandGates` that of several commanded together.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

__all__ = ["OFF", "CommandGate", "CommandGates", "GateFault"]

FloatArray = npt.NDArray[np.float64]

OFF = 0.0
"""Command that stops the motors."""


class GateFault(StrEnum):
    """Why the gate changed a command."""

    NOT_FINITE = "not finite"
    RANGE = "out of range"
    SLEW = "too fast"


class CommandGate:
    """Passes commands on, changed where they must be; counts what it changed.

    Args:
        low, high: limits of the command; `OFF` lies between them, so that it can be sent.
        slew_per_s: largest change of the command in a second; 0: any.

    Raises:
        ParameterError: the limits leave `OFF` out, or a number is negative or not finite.
    """

    def __init__(self, low: float, high: float, slew_per_s: float = 0.0) -> None:
        if not (low <= OFF <= high and low < high and 0 <= slew_per_s < math.inf):
            raise ParameterError(
                f"command limits {low:g} to {high:g}, slew {slew_per_s:g} a second: expected "
                f"limits with {OFF:g} (motors off) between them and a slew of 0 or more"
            )
        self.low, self.high, self.slew_per_s = low, high, slew_per_s
        self.reset()

    def reset(self, now_s: float | None = None) -> None:
        """Start with the motors off since `now_s`; forget the counts."""
        self.last = OFF
        self._last_s = now_s
        self.passed = 0
        self.counts = dict.fromkeys(GateFault, 0)

    def stop(self, now_s: float | None = None) -> float:
        """Return `OFF`, at once whatever the slew rate."""
        self.passed += 1
        self.last, self._last_s = OFF, now_s
        return OFF

    def pass_on(self, command: float, now_s: float) -> tuple[float, GateFault | None]:
        """Return what may be sent and what was wrong with `command`, the gravest first.

        A command that is not finite is replaced by the last one. The slew rate allows what has
        passed since the last command, so that the first one after a pause may be far away.
        """
        self.passed += 1
        fault: GateFault | None = None
        if not math.isfinite(command):
            command, fault = self.last, GateFault.NOT_FINITE
        limited = min(max(command, self.low), self.high)
        if limited != command:
            fault = fault or GateFault.RANGE
        if self.slew_per_s and self._last_s is not None:
            reach = self.slew_per_s * max(now_s - self._last_s, 0.0)
            reached = min(max(limited, self.last - reach), self.last + reach)
            if reached != limited:
                limited, fault = reached, fault or GateFault.SLEW
        if fault is not None:
            self.counts[fault] += 1
        self.last, self._last_s = limited, now_s
        return limited, fault


class CommandGates:
    """`CommandGate`s of equal limits, one an actuator; commands have shape (n,).

    Args:
        n: number of actuators.
        low, high, slew_per_s: of each, as of `CommandGate`.

    Raises:
        ParameterError: as `CommandGate`.
    """

    def __init__(self, n: int, low: float, high: float, slew_per_s: float = 0.0) -> None:
        self._gates = [CommandGate(low, high, slew_per_s) for _ in range(n)]
        self.reset()

    def reset(self, now_s: float | None = None) -> None:
        """Start with all motors off since `now_s`; forget the counts."""
        for gate in self._gates:
            gate.reset(now_s)
        self.passed, self.last = 0, np.zeros(len(self._gates))
        self.counts = dict.fromkeys(GateFault, 0)

    def stop(self, now_s: float | None = None) -> FloatArray:
        """Return the command that stops all motors, at once whatever the slew rate."""
        return self._sent([(gate.stop(now_s), None) for gate in self._gates])[0]

    def pass_on(self, command: FloatArray, now_s: float) -> tuple[FloatArray, GateFault | None]:
        """Return what may be sent, and the gravest of what was wrong with `command`.

        Faults count once a command, whatever the number of actuators that had them.
        """
        values = zip(self._gates, command.tolist(), strict=True)
        return self._sent([gate.pass_on(value, now_s) for gate, value in values])

    def _sent(
        self, passed: list[tuple[float, GateFault | None]]
    ) -> tuple[FloatArray, GateFault | None]:
        self.passed += 1
        self.last = np.array([value for value, _ in passed])
        found = {fault for _, fault in passed} - {None}
        faults = [fault for fault in GateFault if fault in found] if found else []
        for fault in faults:
            self.counts[fault] += 1
        return self.last.copy(), faults[0] if faults else None
