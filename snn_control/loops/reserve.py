"""Controllers that replace the controller of a vehicle: fallback and baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.copies import Copied
from snn_control.loops.adapter import VehicleAdapter
from snn_control.supervision.command_gate import all_finite
from snn_control.supervision.modes import ModeMachine
from snn_control.supervision.simplex import Blend, Simplex

__all__ = ["Reserve", "problem", "text"]

FloatArray = npt.NDArray[np.float64]


class Reserve(Copied):
    """Fallback after a failure, and baseline for retreats.

    Args:
        controller: controller of the vehicle.
        fallback: takes over if `controller` fails; None: the vehicle stops.
        adapter: adapter of the vehicle.
        modes: mode machine, which receives failures and retreats.
        simplex: decision for retreats; None: there are none, and commands are not blended.
        baseline: controller of retreats, whose output is added to the trim; None: the fallback.
    """

    def __init__(
        self,
        controller: Controller,
        fallback: Controller | None,
        adapter: VehicleAdapter[Any],
        modes: ModeMachine,
        simplex: Simplex | None = None,
        baseline: Controller | None = None,
    ) -> None:
        self.fallback, self.baseline, self.simplex = fallback, baseline, simplex
        self._adapter, self._modes = adapter, modes
        self._shape = (len(controller.action_names),)
        self._blend = Blend(simplex.config.blend_s if simplex else 0.0)
        self._fallback_inputs = adapter.indices(fallback.observation_names if fallback else ())
        self._baseline_inputs = adapter.indices(baseline.observation_names if baseline else ())
        self.unstepped: FloatArray | None = None
        """Observables of the next, deferred step of the fallback."""
        self._retreats = False
        self.fallback_failure = ""
        """Failure that disables the fallback until the next reset; empty if there is none."""
        self.retreat_failure = ""
        """Exception that ended retreats until the next reset; empty if there is none."""

    def reset(self, seed: int) -> None:
        """Reset fallback and decision to their initial state."""
        self.unstepped, self._retreats = None, False
        self.fallback_failure = self.retreat_failure = ""
        if self.fallback is not None:
            self.fallback.reset(seed)
            self._modes.regain_fallback()
        if self.simplex is not None:
            self.simplex.reset()
            self._blend.reset()
            self._modes.retreat_for("")

    def keep_ready(self) -> None:
        """Step the fallback after a command was sent; otherwise the next command does it."""
        values, self.unstepped = self.unstepped, None
        if values is None or not self._has_fallback:
            return
        if all_finite(values[self._fallback_inputs]):
            self._fallback_command(values)

    def command(
        self, values: FloatArray, output: FloatArray, in_force: FloatArray, at_s: float
    ) -> FloatArray:
        """Return the command to request.

        Args:
            values: observables of the vehicle.
            output: output of the controller; NaN if it has failed.
            in_force: command in force, (n_actions,).
            at_s: time of the step, s.
        """
        modes = self._modes
        reason = self._reason(values, at_s)
        if reason != modes.retreat:
            modes.retreat_for(reason)
        requested, source = output, "controller"
        if modes.failure and self._has_fallback:
            requested, source = self._fallback_command(values), "fallback"
        elif not modes.failure:
            self.unstepped = values if self._has_fallback else None
            if modes.retreat:
                requested, source = self._baseline_command(values, output), "baseline"
        self._retreats = source == "baseline"
        if self.simplex is None or self.retreat_failure:
            return requested
        try:
            return self._blend.passed(requested, source, in_force, at_s)
        except Exception as exc:
            self.retreat_failure = f"raised {exc!r}"
            return requested

    def _reason(self, values: FloatArray, at_s: float) -> str:
        """Return the reason to retreat; a decision that has failed gives none."""
        if self.simplex is None or self.retreat_failure:
            return ""
        try:
            return self.simplex.update(self._adapter.deviation(values), at_s)
        except Exception as exc:
            self.retreat_failure = f"raised {exc!r}"
            return ""

    @property
    def _has_fallback(self) -> bool:
        return self.fallback is not None and not self.fallback_failure

    def _baseline_command(self, values: FloatArray, output: FloatArray) -> FloatArray:
        """Return the command of the baseline, which starts again at each retreat.

        The output of the controller replaces that of a baseline that fails.
        """
        if self.baseline is None:
            self.unstepped = None
            return self._fallback_command(values) if self._has_fallback else output
        try:
            if not self._retreats:
                self.baseline.reset(self._adapter.config.seed)
            command = np.array(self.baseline.step(values[self._baseline_inputs]), np.float64)
        except Exception:
            return output
        return output if problem(command, self._shape) else self._adapter.trim + command

    def _fallback_command(self, values: FloatArray) -> FloatArray:
        """Return the command of the fallback, NaN if it has failed as well."""
        assert self.fallback is not None
        try:
            command = np.array(self.fallback.step(values[self._fallback_inputs]), np.float64)
            failure = problem(command, self._shape)
        except Exception as exc:
            failure = f"raised {exc!r}"
        if failure:
            self.fallback_failure = f"fallback {failure}"
            self._modes.lose_fallback(f"{self._modes.failure}; {self.fallback_failure}")
            return np.full(self._shape, np.nan)
        return command


def problem(output: FloatArray, shape: tuple[int, ...]) -> str:
    """Return the reason why an output cannot be sent, or an empty string."""
    if output.shape != shape:
        return f"returned shape {output.shape}, expected {shape}"
    return "" if all_finite(output) else f"returned {text(output)}"


def text(values: FloatArray) -> str:
    """Return values as in messages."""
    return str(values[0] if len(values) == 1 else values)
