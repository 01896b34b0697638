"""The modes of a craft in flight, and what leads from one to the other.

```
DISARMED --arm--> HOLD (waits) --first usable measurement--> AUTO
AUTO, FALLBACK --unusable measurement, or none for hold_s--> HOLD --trim_s--> TRIM --stop_s--> STOP
HOLD, TRIM, STOP --recover_ticks usable measurements in a row--> AUTO
any but DISARMED --override--> MANUAL --override ends, or its commands do--> HOLD
AUTO --controller fails--> FALLBACK --controller reset or replaced--> AUTO
any --disarm--> DISARMED
```

| mode | who commands | command | time bound |
|---|---|---|---|
| DISARMED | nobody | motors off | none; reached at once |
| AUTO | the controller | its output at each usable measurement, held in between | 0.6 s, `hold_s` |
| FALLBACK | the fallback controller | as in AUTO | 0.6 s, `hold_s` |
| HOLD | nobody | the last one, from the moment a measurement is unusable | 0.7 s, `trim_s` |
| TRIM | nobody | in 0.2 s, `ramp_s`, from the last one to trim, then trim | 10 s, `stop_s` |
| STOP | nobody | motors off, until measurements are usable again | none; reached at once |
| MANUAL | a person | the last one, then each manual command, held in between | its caller's |

A bound tells when the mode is left at the latest; numbers are defaults. All but that of MANUAL are
ages of the last measurement that was flown; the altitude nodes end MANUAL 0.5 s,
`manual_max_age_s`, after the last manual command. Where measurements stay away, the last command is
held at once and the mode says so after 0.6 s (gaps of 0.53 s are healthy); the command leaves for
trim at 0.7 s and is there at 0.9 s; the motors stop at 10 s. `watch` must be called in the
meantime; its period adds to each bound, and a slew rate of the command gate lengthens the ramp to
trim, but not the stop.

- After arming nothing turns until a first usable measurement, however long that takes, or until a
  person turns the motors.
- Where a controller has failed, FALLBACK stands for AUTO wherever the diagram leads there.
- HOLD, TRIM and STOP end only with `recover_ticks` usable measurements in a row, none of them
  `hold_s` after the one before; a stream of which fewer are usable counts as lost. Out of STOP the
  motors start again by themselves: disarm before you touch the craft.
- A craft without a fallback has no FALLBACK: where its controller fails it stops at once, out of
  HOLD too, and leaves STOP once the controller was reset or replaced. One whose `trim_s` is
  `stop_s` has no TRIM: it is held, then stopped.
- In MANUAL nothing is demanded of the measurements. When it ends, ages count from that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.supervision.command_gate import OFF

__all__ = ["FLYING", "Mode", "ModeConfig", "ModeMachine"]

C = TypeVar("C", float, npt.NDArray[np.float64])
"""Command of one actuator, or of several."""


class Mode(StrEnum):
    """Who commands the motors."""

    DISARMED = "disarmed"
    MANUAL = "manual"
    AUTO = "auto"
    FALLBACK = "fallback"
    HOLD = "hold"
    TRIM = "trim"
    STOP = "stop"


FLYING = (Mode.AUTO, Mode.FALLBACK)
_MISSING = "no usable measurement"
_WAITING = "waiting for a measurement"


@dataclass(frozen=True)
class ModeConfig:
    """Times of the mode machine.

    Raises:
        ParameterError: they are not in order.
    """

    hold_s: float = 0.6
    """Age of the last usable measurement at which the mode becomes HOLD; gaps of a healthy craft
    reach 0.53 s (measured on the craft of arXiv:2309.12937)."""
    trim_s: float = 0.7
    """Age at which the command starts to go to trim."""
    ramp_s: float = 0.2
    """Time from the held command to trim."""
    stop_s: float = 10.0
    """Age at which the motors stop."""
    recover_ticks: int = 3
    """Usable measurements in a row that end HOLD, TRIM and STOP."""
    manual_max_age_s: float = 0.5
    """Age of the last manual command at which the caller ends MANUAL."""

    def __post_init__(self) -> None:
        if not 0 < self.hold_s <= self.trim_s <= self.trim_s + self.ramp_s <= self.stop_s:
            raise ParameterError(
                f"hold_s {self.hold_s:g}, trim_s {self.trim_s:g} + ramp_s {self.ramp_s:g}, stop_s "
                f"{self.stop_s:g}: expected in this order, above 0"
            )
        if self.recover_ticks < 1:
            raise ParameterError(f"recover_ticks is {self.recover_ticks}; expected at least 1")


class ModeMachine:
    """Keeps mode and reason; is told what happens, with the time in s on a clock of its caller.

    Args:
        config: times.
        fallback: whether another controller flies where the controller fails; else all stops.
    """

    def __init__(self, config: ModeConfig, fallback: bool = True) -> None:
        self.config, self._fallback = config, fallback
        self.armed = self.manual = False
        self.failure = ""
        self.waiting = False
        """Armed, and nothing turned yet: the craft may stand on the ground; no trim, no stop."""
        self._flown_s = self._good_s = 0.0
        self._good = 0
        self._cause = _MISSING
        self._enter(Mode.DISARMED, "not armed")

    def arm(self, now_s: float) -> None:
        """Start flying with the next usable measurement; an armed craft flies on as it does."""
        if self.armed:
            return
        self.armed, self.waiting = True, True
        self._hold(now_s, _WAITING)

    def disarm(self, reason: str = "disarmed") -> None:
        """Stop the motors."""
        self.armed = self.manual = False
        self._enter(Mode.DISARMED, reason)

    def override(self, on: bool, now_s: float, reason: str) -> None:
        """Hand over to manual commands, or take the craft back."""
        if not self.armed or on == self.manual:
            return
        self.manual = on
        if on:
            self._enter(Mode.MANUAL, reason)
        else:
            self._hold(now_s, _WAITING if self.waiting else reason)

    def steered(self) -> None:
        """A manual command turned the motors: the craft may be in the air from now on."""
        self.waiting = False

    def fail(self, reason: str) -> None:
        """The controller cannot be trusted until `mend`: the fallback flies, or all stops."""
        self.failure = reason
        if self._fallback and self.mode is Mode.AUTO:
            self._enter(Mode.FALLBACK, reason)
        elif not self._fallback and self.armed and not self.manual:
            self._enter(Mode.STOP, reason)

    def lose_fallback(self, reason: str) -> None:
        """Let the vehicle stop, from now on, where its controller fails."""
        self._fallback = False
        if self.mode is Mode.FALLBACK:
            self._enter(Mode.STOP, reason)

    def regain_fallback(self) -> None:
        """Undo `lose_fallback`."""
        self._fallback = True

    def mend(self) -> None:
        """The controller was reset or loaded anew."""
        self.failure = ""
        if self.mode is Mode.FALLBACK:
            self._enter(Mode.AUTO, "controller reset")

    def good(self, now_s: float) -> None:
        """A usable measurement is here, before its tick."""
        self.watch(now_s)
        if not self.armed or self.manual:
            return
        in_a_row = now_s - self._good_s < self.config.hold_s
        self._good, self._good_s = self._good + 1 if in_a_row else 1, now_s
        if self.mode not in FLYING:
            if not self.waiting and self._good < self.config.recover_ticks:
                return
            if self.failure and not self._fallback:
                self._enter(Mode.STOP, self.failure)
                return
            flying = Mode.FALLBACK if self.failure else Mode.AUTO
            self._enter(flying, self.failure or "measurements are good")
        self.waiting, self._cause = False, _MISSING
        self._flown_s = now_s

    def bad(self, now_s: float, reason: str) -> None:
        """A measurement that cannot be used is here."""
        self._good, self._cause = 0, reason
        if self.mode in FLYING:
            self._enter(Mode.HOLD, reason)
        elif self.mode is Mode.HOLD and self.waiting:
            self._enter(Mode.HOLD, f"{_WAITING}; the last one: {reason}")
        self.watch(now_s)

    def watch(self, now_s: float) -> None:
        """Let time pass."""
        if not self.armed or self.manual or self.waiting or self.mode is Mode.STOP:
            return
        c, age_s = self.config, now_s - self._flown_s
        if age_s >= c.stop_s:
            self._degrade(Mode.STOP, age_s)
        elif age_s >= c.trim_s:
            self._degrade(Mode.TRIM, age_s)
        elif age_s >= c.hold_s and self.mode in FLYING:
            self._degrade(Mode.HOLD, age_s)

    def command(self, held: C, trim: C, now_s: float) -> C | float | None:
        """Return what is sent without a tick: None where a controller or a person commands.

        Args:
            held: the last command before the trouble.
            trim: keeps the craft about where it is.
            now_s: the time.
        """
        match self.mode:
            case Mode.DISARMED | Mode.STOP:
                return OFF
            case Mode.HOLD:
                return held
            case Mode.TRIM:
                into_s = now_s - self._flown_s - self.config.trim_s
                share = into_s / self.config.ramp_s if self.config.ramp_s else 1.0
                share = min(max(share, 0.0), 1.0)
                return (1.0 - share) * held + share * trim
        return None

    def _hold(self, now_s: float, reason: str) -> None:
        self._flown_s, self._good, self._cause = now_s, 0, _MISSING
        self._enter(Mode.HOLD, reason)

    def _degrade(self, mode: Mode, age_s: float) -> None:
        if self.mode is not mode:
            self._enter(mode, f"{self._cause} for {age_s:.2f} s")

    def _enter(self, mode: Mode, reason: str) -> None:
        self.mode, self.reason = mode, reason
