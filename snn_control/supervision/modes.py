"""Modes of a vehicle in operation, and the transitions between them.

```
DISARMED --arm--> HOLD (waits) --first usable measurement--> AUTO
AUTO, FALLBACK, COAST, LAND --unusable measurement, or none for hold_s--> HOLD
HOLD --none for trim_s--> TRIM --none for stop_s--> STOP
AUTO, FALLBACK, COAST, LAND, HOLD --measurement that contradicts the model--> TRIM
HOLD, TRIM, STOP, COAST, LAND --recover_ticks usable measurements in a row--> AUTO
AUTO, FALLBACK, HOLD, TRIM, LAND --step on the estimate--> COAST
AUTO, FALLBACK, HOLD, TRIM, COAST --step on an estimate that is too uncertain--> LAND
LAND --landed--> STOP
any but DISARMED --override--> MANUAL --override ends or its commands stop--> HOLD
AUTO --controller fails, or retreat--> FALLBACK --reset, replaced, or retreat ends--> AUTO
any --disarm or emergency stop--> DISARMED
```

| mode | command source | command | time bound |
|---|---|---|---|
| DISARMED | none | motors off | none; reached at once |
| AUTO | controller | its output at each usable measurement, held in between | 1.3 s, `hold_s` |
| FALLBACK | fallback controller | as in AUTO | 1.3 s, `hold_s` |
| HOLD | none | the last command, held from the first unusable measurement | 1.5 s, `trim_s` |
| TRIM | none | ramp from the last command to trim in 0.2 s, `ramp_s`, then trim | 10 s, `stop_s` |
| STOP | none | motors off, until measurements are usable again | none; reached at once |
| MANUAL | operator | the last command, then each manual command, held in between | its caller's |
| COAST | controller | its output on the estimate, at the control period | by the estimate |
| LAND | controller | its output on the estimate, with a setpoint that descends | by the estimate |

The time bound is the latest time at which the mode is left; numbers are defaults. All bounds but
that of MANUAL are ages of the last measurement that a controller used. The altitude nodes end
MANUAL 0.5 s, `manual_max_age_s`, after the last manual command. If measurements stop, the last
command is held at once and the mode becomes HOLD after 1.3 s: gaps of 0.53 s with missed ticks on
top are normal, and reach 1.26 s in 24 h of the simulated blimp. The command leaves for trim at
1.5 s and reaches it at 1.7 s; the motors stop at 10 s. `watch` must be called meanwhile; its period
adds to each bound. A slew rate of the command gate lengthens the ramp to trim, but not the stop.

- After arming, the motors stay off until a first usable measurement, without a time limit, or
  until an operator turns them.
- After a failure of the controller, FALLBACK replaces AUTO in all transitions of the diagram.
- HOLD, TRIM and STOP end only after `recover_ticks` usable measurements in a row, each less than
  `hold_s` after the one before; a stream with fewer counts as lost. From STOP the motors start
  again automatically: disarm before you touch the vehicle.
- A vehicle without a fallback has no FALLBACK: if its controller fails it stops at once, also from
  HOLD, and leaves STOP only after the controller was reset or replaced. If `trim_s` equals
  `stop_s` there is no TRIM: the command is held, then the motors stop.
- In MANUAL, measurements are not required. When it ends, ages count from that moment.
- COAST and LAND need a caller with an estimate; it decides when the estimate is too uncertain and
  when the vehicle has landed. A stream that is slower than `coast_s` stays in COAST.
- A retreat uses the fallback although the controller has not failed: see `supervision.simplex`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.supervision.command_gate import OFF

__all__ = [
    "CONTROLLER_MODES",
    "ESTIMATE_MODES",
    "MEASURED_MODES",
    "Mode",
    "ModeConfig",
    "ModeMachine",
]

C = TypeVar("C", float, npt.NDArray[np.float64])
"""Type of a command, for one actuator or several."""


class Mode(StrEnum):
    """Operating mode, which sets the source of the motor commands."""

    DISARMED = "disarmed"
    MANUAL = "manual"
    AUTO = "auto"
    FALLBACK = "fallback"
    HOLD = "hold"
    TRIM = "trim"
    STOP = "stop"
    COAST = "coast"
    LAND = "land"


CONTROLLER_MODES = (Mode.AUTO, Mode.FALLBACK, Mode.COAST, Mode.LAND)
"""Modes in which a controller commands the motors."""
MEASURED_MODES = (Mode.AUTO, Mode.FALLBACK)
"""Modes in which a controller acts on measurements."""
ESTIMATE_MODES = (Mode.COAST, Mode.LAND)
"""Modes in which a controller acts on the estimate."""
_MISSING = "no usable measurement"
_WAITING = "waiting for a measurement"


@dataclass(frozen=True)
class ModeConfig:
    """Times of the mode machine.

    Raises:
        ParameterError: the times are not in ascending order, or `recover_ticks` is below 1.
    """

    hold_s: float = 1.3
    """Age of the last usable measurement at which the mode becomes HOLD, s. Gaps of 0.53 s
    (measured on the blimp of arXiv:2309.12937) and missed ticks on top reach 1.26 s in 24 h,
    1.30 s in the preset stress."""
    trim_s: float = 1.5
    """Age at which the command starts to move to trim, s."""
    ramp_s: float = 0.2
    """Time from the held command to trim, s."""
    stop_s: float = 10.0
    """Age at which the motors stop, s."""
    recover_ticks: int = 3
    """Number of usable measurements in a row that end HOLD, TRIM and STOP."""
    manual_max_age_s: float = 0.5
    """Age of the last manual command at which the caller ends MANUAL, s."""
    coast_s: float = 0.35
    """Time since the last tick at which a caller with an estimate starts to coast, s."""

    def __post_init__(self) -> None:
        if not 0 < self.hold_s <= self.trim_s <= self.trim_s + self.ramp_s <= self.stop_s:
            raise ParameterError(
                f"hold_s {self.hold_s:g}, trim_s {self.trim_s:g} + ramp_s {self.ramp_s:g}, stop_s "
                f"{self.stop_s:g}: expected ascending times in this order, above 0"
            )
        if self.recover_ticks < 1:
            raise ParameterError(f"recover_ticks is {self.recover_ticks}; expected at least 1")
        if not self.coast_s > 0.0:
            raise ParameterError(f"coast_s is {self.coast_s:g}; expected a positive time")


class ModeMachine:
    """State machine of the modes; each event comes with the time in s, on a clock of the caller.

    Args:
        config: times.
        fallback: True if another controller takes over after a failure; otherwise the motors stop.
    """

    def __init__(self, config: ModeConfig, fallback: bool = True) -> None:
        self.config, self._fallback = config, fallback
        self.armed = self.manual = False
        self.failure = ""
        self.retreat = ""
        """Reason to use the fallback although the controller has not failed."""
        self.emergency = False
        """True from an emergency stop until it is released."""
        self.waiting = False
        """True if armed and the motors have not turned yet: neither trim nor stop on the ground."""
        self._used_s = self._good_s = 0.0
        self._good = 0
        self._cause = _MISSING
        self._enter(Mode.DISARMED, "not armed")

    def arm(self, now_s: float) -> None:
        """Start with the next usable measurement; an armed vehicle keeps its mode.

        A vehicle in an emergency stop stays disarmed.
        """
        if self.armed or self.emergency:
            return
        self.armed, self.waiting = True, True
        self._hold(now_s, _WAITING)

    def disarm(self, reason: str = "disarmed") -> None:
        """Stop the motors."""
        self.armed = self.manual = False
        self._enter(Mode.DISARMED, reason)

    def emergency_stop(self, on: bool, reason: str = "emergency stop") -> None:
        """Stop the motors and refuse arming, until the emergency stop is released."""
        if on:
            self.disarm(f"{reason}: release it before arming")
        elif self.emergency:
            self.disarm("emergency stop released")
        self.emergency = on

    def override(self, on: bool, now_s: float, reason: str) -> None:
        """Start or end manual control of an armed vehicle."""
        if not self.armed or on == self.manual:
            return
        self.manual = on
        if on:
            self._enter(Mode.MANUAL, reason)
        else:
            self._hold(now_s, _WAITING if self.waiting else reason)

    def steered(self) -> None:
        """Register a manual command that turned the motors: trim and stop apply from now on."""
        self.waiting = False

    def fail(self, reason: str) -> None:
        """Replace a failed controller by the fallback, or stop, until `clear_failure`."""
        self.failure = reason
        if self._fallback and self.mode is Mode.AUTO:
            self._enter(Mode.FALLBACK, reason)
        elif not self._fallback and self.armed and not self.manual:
            self._enter(Mode.STOP, reason)

    def retreat_for(self, reason: str) -> None:
        """Use the fallback for a reason; an empty reason ends the retreat."""
        self.retreat = reason if self._fallback else ""
        if self.retreat and self.mode is Mode.AUTO:
            self._enter(Mode.FALLBACK, self.retreat)
        elif self.mode is Mode.FALLBACK and not (self.retreat or self.failure):
            self._enter(Mode.AUTO, "the retreat has ended")

    def lose_fallback(self, reason: str) -> None:
        """Disable the fallback: a failure of the controller stops the vehicle."""
        self._fallback = False
        if self.mode is Mode.FALLBACK:
            self._enter(Mode.STOP, reason)

    def regain_fallback(self) -> None:
        """Enable the fallback again."""
        self._fallback = True

    def clear_failure(self) -> None:
        """Clear the failure after a reset or replacement of the controller."""
        self.failure = ""
        if self.mode is Mode.FALLBACK and not self.retreat:
            self._enter(Mode.AUTO, "controller reset")

    def mend(self) -> None:
        """Clear the failure; a deprecated name of `clear_failure`."""
        warnings.warn("use clear_failure()", DeprecationWarning, stacklevel=2)
        self.clear_failure()

    def good(self, now_s: float) -> None:
        """Process a usable measurement, before the controller is stepped."""
        self.watch(now_s)
        if not self.armed or self.manual:
            return
        coasting = self.mode in ESTIMATE_MODES
        longest_s = self.config.coast_s if coasting else self.config.hold_s
        in_a_row = now_s - self._good_s < longest_s
        self._good, self._good_s = self._good + 1 if in_a_row else 1, now_s
        if self.mode not in MEASURED_MODES:
            if not self.waiting and self._good < self.config.recover_ticks:
                return
            if self.failure and not self._fallback:
                self._enter(Mode.STOP, self.failure)
                return
            reason = self.failure or self.retreat
            mode = Mode.FALLBACK if reason else Mode.AUTO
            self._enter(mode, reason or "measurements are usable")
        self.waiting, self._cause = False, _MISSING
        self._used_s = now_s

    def bad(self, now_s: float, reason: str) -> None:
        """Process a measurement that cannot be used."""
        self._good, self._cause = 0, reason
        if self.mode in CONTROLLER_MODES:
            self._enter(Mode.HOLD, reason)
        elif self.mode is Mode.HOLD and self.waiting:
            self._enter(Mode.HOLD, f"{_WAITING}; the last one: {reason}")
        self.watch(now_s)

    def distrust(self) -> None:
        """Process a measurement that is not trusted, while an estimate replaces it."""
        self._good = 0

    def may_coast(self) -> bool:
        """Return True if a controller may act on an estimate."""
        stopped = self.mode in (Mode.DISARMED, Mode.MANUAL, Mode.STOP)
        return not (stopped or self.waiting or (self.failure and not self._fallback))

    def coast(self, now_s: float, reason: str, land: bool = False) -> None:
        """Process a tick on the estimate; call it only if `may_coast`.

        Args:
            now_s: present time.
            reason: reason for the estimate, or for the landing.
            land: True if the vehicle has to land, since the estimate is too uncertain.
        """
        mode = Mode.LAND if land else Mode.COAST
        self._used_s = now_s
        if self.mode is not mode or self.reason != reason:
            self._enter(mode, reason)

    def landed(self, reason: str) -> None:
        """Stop the motors after a landing on the estimate."""
        if self.mode is Mode.LAND:
            self._enter(Mode.STOP, reason)

    def implausible(self, now_s: float, reason: str) -> None:
        """Process a measurement that contradicts the model; the command moves to trim at once.

        The last command came from such measurements, so that it is not held. Without trim the
        measurement counts as unusable.
        """
        if self.config.trim_s == self.config.stop_s:
            self.bad(now_s, reason)
            return
        self._good, self._cause = 0, reason
        if self.mode in (*CONTROLLER_MODES, Mode.HOLD) and not self.waiting:
            self._used_s = now_s - self.config.trim_s
            self._enter(Mode.TRIM, reason)
        self.watch(now_s)

    def watch(self, now_s: float) -> None:
        """Update the mode by the age of the last used measurement."""
        if not self.armed or self.manual or self.waiting or self.mode is Mode.STOP:
            return
        c, age_s = self.config, now_s - self._used_s
        if age_s >= c.stop_s:
            self._degrade(Mode.STOP, age_s)
        elif age_s >= c.trim_s:
            self._degrade(Mode.TRIM, age_s)
        elif age_s >= c.hold_s and self.mode in CONTROLLER_MODES:
            self._degrade(Mode.HOLD, age_s)

    def command(self, held: C, trim: C, now_s: float) -> C | float | None:
        """Return the command of a mode without a source, None if a controller or operator commands.

        Args:
            held: last command before the fault.
            trim: command that approximately keeps the vehicle in place.
            now_s: present time.
        """
        match self.mode:
            case Mode.DISARMED | Mode.STOP:
                return OFF
            case Mode.HOLD:
                return held
            case Mode.TRIM:
                since_s = now_s - self._used_s - self.config.trim_s
                fraction = since_s / self.config.ramp_s if self.config.ramp_s else 1.0
                fraction = min(max(fraction, 0.0), 1.0)
                return (1.0 - fraction) * held + fraction * trim
        return None

    def _hold(self, now_s: float, reason: str) -> None:
        self._used_s, self._good, self._cause = now_s, 0, _MISSING
        self._enter(Mode.HOLD, reason)

    def _degrade(self, mode: Mode, age_s: float) -> None:
        if self.mode is not mode:
            self._enter(mode, f"{self._cause} for {age_s:.2f} s")

    def _enter(self, mode: Mode, reason: str) -> None:
        self.mode, self.reason = mode, reason


def __getattr__(name: str) -> Any:
    if name == "FLYING":
        warnings.warn("FLYING: use CONTROLLER_MODES", DeprecationWarning, stacklevel=2)
        return CONTROLLER_MODES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
