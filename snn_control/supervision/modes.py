"""The modes of a craft in flight, and what leads from one to the other.

```
DISARMED --arm--> AUTO <--> MANUAL
AUTO --bad or missing measurement--> HOLD --hold_s--> TRIM --stop_s--> STOP
HOLD, TRIM, STOP, MANUAL --recover_ticks good measurements in a row--> AUTO
AUTO --controller failed--> FALLBACK   (until it is reset or loaded anew)
any --disarm--> DISARMED
```

A bad measurement holds the last command at once. A missing one does so as well, because nothing
triggers a tick; HOLD is what it is called when it lasts longer than healthy gaps do. In MANUAL
nothing is demanded of the measurements. In FALLBACK the same rules hold, with the fallback
controller in the place of the controller.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from snn_control.errors import ParameterError


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

    def __post_init__(self) -> None:
        if not 0 < self.hold_s <= self.trim_s <= self.trim_s + self.ramp_s <= self.stop_s:
            raise ParameterError(
                f"hold_s {self.hold_s:g}, trim_s {self.trim_s:g} + ramp_s {self.ramp_s:g}, stop_s "
                f"{self.stop_s:g}: expected in this order, above 0"
            )
        if self.recover_ticks < 1:
            raise ParameterError(f"recover_ticks is {self.recover_ticks}; expected at least 1")


class ModeMachine:
    """Keeps mode and reason; is told what happens, with the time in s on a clock of its caller."""

    def __init__(self, config: ModeConfig) -> None:
        self.config = config
        self.armed = self.manual = False
        self.failure = ""
        self._enter(Mode.DISARMED, "not armed")
        self._flown_s = 0.0
        self._good = 0
        self._waiting = True

    def arm(self, now_s: float) -> None:
        """Start flying with the next usable measurement."""
        self.armed, self.manual = True, False
        self._flown_s, self._good = now_s, self.config.recover_ticks
        self._waiting = True  # the craft may stand on the ground: no trim before it was seen
        self._enter(Mode.HOLD, "waiting for a measurement")

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
            self._flown_s, self._good, self._waiting = now_s, 0, False
            self._enter(Mode.HOLD, reason)

    def fail(self, reason: str) -> None:
        """The controller cannot be trusted until `mend`; the fallback flies from now on."""
        self.failure = reason
        if self.mode is Mode.AUTO:
            self._enter(Mode.FALLBACK, reason)

    def mend(self) -> None:
        """The controller was reset or loaded anew."""
        self.failure = ""
        if self.mode is Mode.FALLBACK:
            self._enter(Mode.AUTO, "controller reset")

    def good(self, now_s: float) -> None:
        """A usable measurement is here, before its tick."""
        if not self.armed or self.manual:
            return
        self._waiting = False
        self._good += 1
        if self.mode not in FLYING:
            if self._good < self.config.recover_ticks:
                return
            flying = Mode.FALLBACK if self.failure else Mode.AUTO
            self._enter(flying, self.failure or "measurements are good")
        self._flown_s = now_s

    def bad(self, now_s: float, reason: str) -> None:
        """A measurement that cannot be used is here."""
        self._good = 0
        if self.mode in FLYING:
            self._enter(Mode.HOLD, reason)
        self.watch(now_s)

    def watch(self, now_s: float) -> None:
        """Let time pass."""
        if not self.armed or self.manual or self._waiting:
            return
        c, age_s = self.config, now_s - self._flown_s
        if age_s >= c.stop_s:
            self._degrade(Mode.STOP, age_s)
        elif age_s >= c.trim_s:
            self._degrade(Mode.TRIM, age_s)
        elif age_s >= c.hold_s and self.mode in FLYING:
            self._degrade(Mode.HOLD, age_s)

    def command(self, held: float, trim: float, stop: float, now_s: float) -> float | None:
        """Return what is sent without a tick: None where a controller or a person commands.

        Args:
            held: the last command before the trouble.
            trim: keeps the craft about where it is.
            stop: motors off.
            now_s: the time.
        """
        match self.mode:
            case Mode.DISARMED | Mode.STOP:
                return stop
            case Mode.HOLD:
                return held
            case Mode.TRIM:
                into_s = now_s - self._flown_s - self.config.trim_s
                share = min(1.0, into_s / self.config.ramp_s) if self.config.ramp_s else 1.0
                return held + share * (trim - held)
        return None

    def _degrade(self, mode: Mode, age_s: float) -> None:
        if self.mode is mode:
            return
        self._good = 0
        because = "no usable measurement" if self.mode in FLYING else self.reason.split(" for ")[0]
        self._enter(mode, f"{because} for {age_s:.2f} s")

    def _enter(self, mode: Mode, reason: str) -> None:
        self.mode, self.reason = mode, reason
