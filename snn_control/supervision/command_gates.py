"""A gate for each of several actuators that are commanded together."""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.supervision.command_gate import CommandGate, GateFault

FloatArray = npt.NDArray[np.float64]
C = TypeVar("C")


class Gate(Protocol[C]):
    """What a loop asks of the last check of its commands, one number or several."""

    counts: dict[GateFault, int]
    passed: int
    last: C

    def reset(self, now_s: float | None = None) -> None:
        """Start with the motors off since `now_s`; forget the counts."""

    def stop(self, now_s: float | None = None) -> C:
        """Return the command that stops all motors."""

    def pass_on(self, command: C, now_s: float) -> tuple[C, GateFault | None]:
        """Return what may be sent, and the gravest of what was wrong with `command`."""


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
        faults = [fault for fault in GateFault if any(fault is found for _, found in passed)]
        for fault in faults:
            self.counts[fault] += 1
        return self.last.copy(), faults[0] if faults else None
