"""Mode machine with gate and controller, for the tests of modes."""

from __future__ import annotations

from snn_control.supervision.command_gate import OFF, CommandGate
from snn_control.supervision.modes import CONTROLLER_MODES, Mode, ModeConfig, ModeMachine

TRIM = 3.1
WATCH_S = 0.05
PERIOD_S = 0.1


class ModeBench:
    """Mode machine with gate and controller, driven event by event on a simulated clock."""

    def __init__(self, config: ModeConfig | None = None) -> None:
        self.modes = ModeMachine(config or ModeConfig())
        self.gate = CommandGate(-10, 10)
        self.now_s = 100.0
        self.held = OFF
        self.history = [self.modes.mode]

    def record(self) -> Mode:
        if self.modes.mode is not self.history[-1]:
            self.history.append(self.modes.mode)
        return self.modes.mode

    def arm(self) -> Mode:
        self.modes.arm(self.now_s)
        return self.record()

    def good(self, output: float = 5.0, after_s: float = PERIOD_S) -> Mode:
        self.now_s += after_s
        self.modes.good(self.now_s)
        if self.modes.mode in CONTROLLER_MODES:
            self.held = self.gate.pass_on(output, self.now_s)[0]
        return self.record()

    def bad(self, after_s: float = PERIOD_S) -> Mode:
        self.now_s += after_s
        self.modes.bad(self.now_s, "range is NaN")
        return self.record()

    def coast(self, after_s: float = PERIOD_S, land: bool = False) -> Mode:
        """Step on the estimate, if the modes allow it."""
        self.now_s += after_s
        if self.modes.may_coast():
            self.modes.coast(self.now_s, "no measurement", land)
        return self.record()

    def watch(self, after_s: float = WATCH_S) -> float | None:
        """Advance the time; return the command that is sent."""
        self.now_s += after_s
        self.modes.watch(self.now_s)
        self.record()
        command = self.modes.command(self.held, TRIM, self.now_s)
        return None if command is None else self.gate.pass_on(command, self.now_s)[0]

    def silence(self, seconds: float) -> list[tuple[float, float | None]]:
        """Return age and command at each watch."""
        start_s = self.now_s
        return [
            (self.now_s - start_s, command)
            for command in (self.watch() for _ in range(round(seconds / WATCH_S)))
        ]

    def steer(self) -> None:
        if self.modes.manual:
            self.modes.steered()

    def override(self, on: bool) -> Mode:
        self.modes.override(on, self.now_s, "manual")
        return self.record()


def in_auto(config: ModeConfig | None = None) -> ModeBench:
    bench = ModeBench(config)
    bench.arm()
    assert bench.good() is Mode.AUTO
    return bench


def in_mode(mode: Mode) -> ModeBench:
    """Return a bench whose machine reached a mode by events."""
    bench = ModeBench()
    if mode is Mode.DISARMED:
        return bench
    bench = in_auto()
    match mode:
        case Mode.FALLBACK:
            bench.modes.fail("controller gave nan")
        case Mode.MANUAL:
            bench.override(True)
        case Mode.HOLD:
            bench.bad()
        case Mode.TRIM:
            bench.silence(1.8)
        case Mode.STOP:
            bench.silence(11.0)
        case Mode.COAST | Mode.LAND:
            bench.coast(land=mode is Mode.LAND)
    assert bench.modes.mode is mode
    return bench


def three_usable(bench: ModeBench) -> None:
    for _ in range(3):
        bench.good()
