"""Final check of every command: finite, in range, within the slew rate.

`CommandGate` checks one actuator, `CommandGates` several that are commanded together.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError

__all__ = ["OFF", "CommandGate", "CommandGates", "GateFault", "all_finite"]

FloatArray = npt.NDArray[np.float64]

OFF = 0.0
"""Command that stops the motors."""


def all_finite(values: FloatArray) -> bool:
    """Return True if no value is NaN or infinite.

    Args:
        values: shape (n,), tens of values: NumPy would take longer for so few.
    """
    return all(map(math.isfinite, values.tolist()))


class GateFault(StrEnum):
    """Reason for a change of a command by the gate."""

    NOT_FINITE = "not finite"
    RANGE = "out of range"
    SLEW = "too fast"


class CommandGate(Copied):
    """Limiter of the commands of one actuator, with counts of the changes.

    Args:
        low, high: limits of the command; `OFF` lies between them, so that it can always be sent.
        slew_per_s: maximum change of the command per second; 0 disables the limit.

    Raises:
        ParameterError: the limits are equal or exclude `OFF`, or the slew rate is negative or not
            finite.
    """

    def __init__(self, low: float, high: float, slew_per_s: float = 0.0) -> None:
        if not (low <= OFF <= high and low < high and 0 <= slew_per_s < math.inf):
            raise ParameterError(
                f"command limits {low:g} to {high:g}, slew {slew_per_s:g} per second: expected "
                f"limits with {OFF:g} (motors off) between them and a slew of 0 or more"
            )
        self.low, self.high, self.slew_per_s = low, high, slew_per_s
        self.reset()

    def reset(self, now_s: float | None = None) -> None:
        """Reset the counts; the motors count as off since `now_s`."""
        self.last = OFF
        self._last_s = now_s
        self.passed = 0
        self.counts = dict.fromkeys(GateFault, 0)

    def stop(self, now_s: float | None = None) -> float:
        """Return `OFF`, independent of the slew rate."""
        self.passed += 1
        self.last, self._last_s = OFF, now_s
        return OFF

    def pass_on(self, command: float, now_s: float) -> tuple[float, GateFault | None]:
        """Return the allowed command and the most severe fault of `command`, None without a fault.

        A command that is not finite is replaced by the last one. The slew limit grows with the
        time since the last command, so that the first command after a pause may differ by more.
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


class CommandGates(Copied):
    """One `CommandGate` per actuator, all with the same limits; commands have shape (n,).

    Args:
        n: number of actuators.
        low, high, slew_per_s: see `CommandGate`.

    Raises:
        ParameterError: see `CommandGate`.
    """

    def __init__(self, n: int, low: float, high: float, slew_per_s: float = 0.0) -> None:
        self._gates = [CommandGate(low, high, slew_per_s) for _ in range(n)]
        self.reset()

    def reset(self, now_s: float | None = None) -> None:
        """Reset the counts; all motors count as off since `now_s`."""
        for gate in self._gates:
            gate.reset(now_s)
        self.passed, self.last = 0, np.zeros(len(self._gates))
        self.counts = dict.fromkeys(GateFault, 0)

    def stop(self, now_s: float | None = None) -> FloatArray:
        """Return the command that stops all motors, independent of the slew rate."""
        return self._combine([(gate.stop(now_s), None) for gate in self._gates])[0]

    def pass_on(self, command: FloatArray, now_s: float) -> tuple[FloatArray, GateFault | None]:
        """Return the allowed command and the most severe fault of `command`, None without a fault.

        Each fault counts once per command, for any number of affected actuators.
        """
        values = zip(self._gates, command.tolist(), strict=True)
        return self._combine([gate.pass_on(value, now_s) for gate, value in values])

    def _combine(
        self, passed: list[tuple[float, GateFault | None]]
    ) -> tuple[FloatArray, GateFault | None]:
        self.passed += 1
        values = [value for value, _ in passed]
        self.last = np.array(values)
        present = {fault for _, fault in passed if fault}
        faults = [fault for fault in GateFault if fault in present] if present else []
        for fault in faults:
            self.counts[fault] += 1
        return np.array(values), faults[0] if faults else None
