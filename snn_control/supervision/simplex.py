"""Simplex: a verified baseline takes over from the controller, and hands back, without a bump.

The baseline takes over while

- the deviation from the setpoint is beyond `envelope` for `out_s`, or
- the pole of an autoregression of the deviation is beyond `pole_max` in `pole_count` looks in a
  row, each `look_s` after the one before: the loop is about to lose its stability. After
  `quiet_s` of operation the warning may be acted on, and it lasts until the next reset.

It hands back after the deviation was within half the envelope for `back_s`. The command continues
from the one in force: its difference decays with the time constant `blend_s`.
Source: Sha, Using simplicity to control complexity, IEEE Software 18(4), 2001,
doi:10.1109/MS.2001.936213.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.ranges import require_positive
from snn_control.supervision.command_gate import all_finite
from snn_control.supervision.monitors.pole import Pole

__all__ = ["Blend", "Simplex", "SimplexConfig"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SimplexConfig:
    """Limits of the decision.

    Raises:
        ParameterError: a limit is not positive.
    """

    envelope: float = 0.6
    """Deviation from the setpoint that the controller has to correct."""
    out_s: float = 8.0
    """Time beyond the envelope after which the baseline takes over, s."""
    back_s: float = 10.0
    """Time within half the envelope after which it hands back, s."""
    pole_max: float = 0.955
    """Modulus of the pole that counts as a warning."""
    pole_count: int = 3
    """Warnings in a row after which the baseline takes over."""
    look_s: float = 0.5
    """Time between two looks at the pole, s."""
    quiet_s: float = 60.0
    """Time from the start for which the pole is not acted on, s."""
    blend_s: float = 1.0
    """Time constant of the transition between commands, s."""

    def __post_init__(self) -> None:
        require_positive(vars(self), "SimplexConfig")


class Simplex(Copied):
    """Decision between controller and baseline.

    Args:
        config: limits.
    """

    def __init__(self, config: SimplexConfig | None = None) -> None:
        self.config = config or SimplexConfig()
        self.switches = 0
        """Number of takeovers so far."""
        self.baseline_s = 0.0
        """Time in the baseline so far, s."""
        self.reset()

    def reset(self) -> None:
        """Return to the controller; the counts continue."""
        self.reason = ""
        """Reason for the baseline; empty while the controller is in charge."""
        self._pole = Pole()
        self._start_s = self._before_s = self._out_s = self._in_s = self._look_s = math.nan
        self._warnings, self._latched = 0, False

    @property
    def pole(self) -> float:
        """Modulus of the pole; NaN while there are too few values."""
        return self._pole.modulus

    def update(self, deviation: float, now_s: float) -> str:
        """Process the deviation of one step; return the reason for the baseline, or "".

        Args:
            deviation: deviation from the setpoint; not finite: ignored.
            now_s: time of the step, s.
        """
        if self.reason and not math.isnan(self._before_s):
            self.baseline_s += max(now_s - self._before_s, 0.0)
        self._before_s = now_s
        if math.isnan(self._start_s):
            self._start_s = now_s
        if not math.isfinite(deviation):
            return self.reason
        self._pole.add(deviation, now_s)
        unstable = self._unstable(now_s)
        reason = self._outside(abs(deviation), now_s) or unstable
        if reason and not self.reason:
            self.reason = reason
            self.switches += 1
        elif self.reason and not self._latched and self._inside(abs(deviation), now_s):
            self.reason = ""
        return self.reason

    def _outside(self, size: float, now_s: float) -> str:
        config = self.config
        if size <= config.envelope:
            self._out_s = math.nan
            return ""
        if math.isnan(self._out_s):
            self._out_s = now_s
        if now_s - self._out_s < config.out_s:
            return ""
        return f"the deviation is beyond {config.envelope:g} for {config.out_s:g} s"

    def _inside(self, size: float, now_s: float) -> bool:
        if size > 0.5 * self.config.envelope:
            self._in_s = math.nan
            return False
        if math.isnan(self._in_s):
            self._in_s = now_s
        return now_s - self._in_s >= self.config.back_s

    def _unstable(self, now_s: float) -> str:
        config = self.config
        if now_s - self._look_s < config.look_s:
            return ""
        self._look_s = now_s
        modulus = self._pole.modulus
        self._warnings = self._warnings + 1 if modulus > config.pole_max else 0
        if self._warnings < config.pole_count or now_s - self._start_s < config.quiet_s:
            return ""
        self._latched = True
        return f"the loop oscillates: its pole is {modulus:.3f}, above {config.pole_max:g}"


class Blend(Copied):
    """Transition between the commands of two controllers.

    Args:
        time_constant_s: time constant of the decay of their difference; 0: none, the command jumps.
    """

    def __init__(self, time_constant_s: float) -> None:
        self._time_constant_s = time_constant_s
        self.reset()

    def reset(self) -> None:
        """Delete the difference and the last controller."""
        self._source = ""
        self._difference: FloatArray | None = None
        self._at_s = 0.0

    def passed(
        self, command: FloatArray, source: str, in_force: FloatArray, now_s: float
    ) -> FloatArray:
        """Return the command to request.

        Args:
            command: command of the controller in charge, (n_actions,).
            source: its name; another one than before starts a transition.
            in_force: command in force, (n_actions,).
            now_s: present time, s.
        """
        if self._source and source != self._source and self._time_constant_s:
            self._difference, self._at_s = in_force - command, now_s
        self._source = source
        if self._difference is None or not all_finite(self._difference):
            return command
        share = math.exp(-max(now_s - self._at_s, 0.0) / self._time_constant_s)
        if share < 1e-3:
            self._difference = None
            return command
        return command + share * self._difference
