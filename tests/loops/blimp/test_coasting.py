"""Loop on the estimate: ticks of the watch, landing, trim, orders, retreat and emergency stop."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.controllers.adapting_config import ORDERS
from snn_control.errors import InterfaceMismatchError
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.loop import altitude_loop
from snn_control.loops.control_loop import Tick
from snn_control.supervision.faults import Fault, FaultKind
from snn_control.supervision.modes import Mode
from snn_control.training.blimp.supervised.flight import FlightSettings, fly
from tests.loops.blimp.harness import Bench, Scripted
from tests.loops.blimp.test_sensor_faults import Plant

HOVER = FlightSettings(60.0, reference_m=lambda _: 1.4)


class Estimating(Bench):
    """Bench of a loop with an estimate."""

    def __init__(self, controller: object = None, **config: object) -> None:
        super().__init__(controller, range_gate_m=0.25, **config)  # type: ignore[arg-type]

    def coast(self, seconds: float) -> list[Tick]:
        ticks = []
        for _ in range(round(seconds / 0.05)):
            self.now_ns += 50_000_000
            tick = self.loop.coast(self.now_s, self.now_ns)
            if tick is not None:
                ticks.append(tick)
            else:
                self.watch()
        return ticks

    def hover(self, n: int = 30) -> Estimating:
        for k in range(n):
            self.measure(1.0 + 0.01 * (k % 2))
        return self


def test_ticks_without_a_measurement_come_from_the_watch() -> None:
    bench = Estimating().arm(1.0)
    assert isinstance(bench, Estimating)
    bench.hover()
    before, last_ns = bench.loop.ticks, bench.now_ns
    ticks = bench.coast(2.0)
    assert [tick.mode for tick in ticks] == [Mode.COAST] * len(ticks)
    stamps_s = np.array([tick.stamp_ns - last_ns for tick in ticks]) * 1e-9
    assert stamps_s[0] == pytest.approx(0.35, abs=0.051)
    assert np.diff(stamps_s) == pytest.approx(0.1)
    assert [tick.number for tick in ticks] == list(range(before + 1, before + len(ticks) + 1))
    assert ticks[0].dt_s == pytest.approx(stamps_s[0])
    assert all(tick.stepped and not tick.usable and tick.command is not None for tick in ticks)
    assert bench.loop.modes.reason == "no measurement"


def test_measurements_return_to_auto_after_three_in_a_row() -> None:
    bench = Estimating().arm(1.0)
    assert isinstance(bench, Estimating)
    bench.hover().coast(1.0)
    height_m = bench.blimp.estimator.observer.position_m  # type: ignore[union-attr]
    modes = [bench.measure(height_m + 0.01 * (k % 2)).mode for k in range(4)]
    assert modes == [Mode.COAST, Mode.COAST, Mode.AUTO, Mode.AUTO]


def test_a_replay_of_the_recorded_observations_is_bit_equal() -> None:
    """Also across coasting and a distrusted range."""
    bench, replayed = Estimating(load("blimp-altitude")).arm(1.0), load("blimp-altitude")
    assert isinstance(bench, Estimating)
    ticks = []
    for k in range(120):
        if k % 40 == 20:
            ticks += bench.coast(1.0)
        offset_m = 0.6 if 60 <= k < 70 else 0.0
        ticks.append(bench.measure(1.0 + 0.01 * (k % 2) + offset_m).tick)
    stepped = [tick for tick in ticks if tick.stepped]
    assert {tick.mode for tick in stepped} == {Mode.AUTO, Mode.COAST}
    for tick in stepped:
        assert replayed.step(tick.observation) == tick.output


def test_a_copied_loop_continues_alike() -> None:
    bench = Estimating().arm(1.0)
    assert isinstance(bench, Estimating)
    bench.hover()
    twin = copy.deepcopy(bench)
    assert [t.command for t in bench.coast(1.0)] == [t.command for t in twin.coast(1.0)]


class Ordered(Scripted):
    """Controller that records its orders."""

    order_names = ("sent_command", "frozen", "trusted")

    def take_orders(self, orders: Sequence[float]) -> None:
        self.taken = [*getattr(self, "taken", []), tuple(orders)]


def test_the_sent_command_is_an_order() -> None:
    """After the gate: the command of the tick before."""
    controller = Ordered(4.0, 20.0, -3.0, 1.0)
    bench = Estimating(controller).arm(1.0)
    assert isinstance(bench, Estimating)
    ticks = [bench.measure(1.0 + 0.01 * (k % 2)) for k in range(6)]
    sent = [orders[0] for orders in controller.taken]
    commands = [tick.command for tick in ticks]
    assert sent[1:] == commands[:-1]
    assert commands[1] == 10.0
    assert controller.taken[0][1:] == (0.0, 1.0)
    assert ticks[2].tick.orders == controller.taken[2]
    bench.coast(0.6)
    bench.measure(2.5)
    bench.coast(0.2)
    assert controller.taken[-1][2] == 0.0, "the range is not trusted"


def test_unknown_orders_are_refused() -> None:
    class Wrong(Scripted):
        order_names = ("sent_command", "speed")

    with pytest.raises(InterfaceMismatchError, match=r"\['speed'\].*sent_command"):
        Estimating(Wrong(1.0))
    assert "sent_command" in ORDERS


def test_the_trim_is_learned_near_the_setpoint() -> None:
    """Mean of the commands; a blimp that is heavier than nominal needs more thrust."""
    flight = fly(5, (), HOVER)
    hover = flight.command[flight.time_s > 30.0].mean()
    assert flight.loop.adapter.trim.item() == pytest.approx(hover, abs=0.4)
    away = Estimating(Scripted(5.0)).arm(3.0)
    for k in range(30):
        away.measure(1.0 + 0.01 * (k % 2))
    assert away.blimp.trim.item() == 3.1


# Closed loop.


def test_without_any_height_sensor_the_blimp_lands_and_stops() -> None:
    faults = [Fault("lidar", FaultKind.OFF, 20.0), Fault("barometer", FaultKind.OFF, 20.0)]
    flight = fly(5, faults, HOVER)
    modes = {mode: at_s for at_s, mode, _ in flight.modes if at_s >= 20.0}
    assert 29.5 <= modes["land"] <= 30.5
    assert flight.height_m[flight.time_s < 29.5][-1] == pytest.approx(1.4, abs=0.35)
    assert flight.modes[-1][1:] == ("stop", "landed on the estimate")
    assert flight.height_m[-1] < 0.15


def test_a_returning_lidar_ends_a_landing() -> None:
    faults = [Fault("lidar", FaultKind.OFF, 20.0, 33.0), Fault("barometer", FaultKind.OFF, 20.0)]
    flight = fly(5, faults, HOVER)
    assert "land" in [mode for _, mode, _ in flight.modes]
    assert flight.modes[-1][1] in ("auto", "coast")
    assert flight.height_m[-1] == pytest.approx(1.4, abs=0.2)


def test_a_simulated_clock_that_restarts_starts_the_estimate_again() -> None:
    controller = load("pid")
    loop = altitude_loop(controller, AltitudeNodeConfig(), simulated_time=True)
    loop.arm(0.0)
    for start_ns in (10**12, 10**10):
        for k in range(60):
            stamp_ns = start_ns + k * 100_000_000
            loop.sense("barometer", 5.0, stamp_ns, stamp_ns, 0.1 * k)
            loop.sense("accelerometer", 0.0, stamp_ns, stamp_ns, 0.1 * k)
            loop.tick(loop.adapter.read(1.0 + 0.01 * (k % 2)), stamp_ns, stamp_ns, 0.1 * k)
        estimator = loop.adapter.estimator
        assert estimator is not None
        assert estimator.observer.position_m == pytest.approx(1.0, abs=0.05)
        assert loop.modes.mode is Mode.AUTO


def test_a_controller_that_drives_away_is_replaced_without_a_step() -> None:
    """Takeover of the PID of low gain beyond the envelope, and return near the setpoint."""
    loop = altitude_loop(Scripted(4.5), AltitudeNodeConfig(envelope_m=0.3))
    blimp, modes, commands = Plant(1.0), [], []
    loop.adapter.on_setpoint(1.0, 1000.0)
    loop.arm(1000.0)
    for k in range(900):
        now_ns = 10**12 + k * 100_000_000
        tick = loop.tick(loop.adapter.read(blimp.range_m), now_ns, now_ns, now_ns * 1e-9)
        assert tick is not None
        assert tick.command is not None
        loop.keep_ready()
        blimp.advance(tick.command.item())
        modes.append(tick.mode)
        commands.append(tick.command.item())
    simplex = loop.reserve.simplex
    assert simplex is not None
    assert simplex.switches >= 1
    assert simplex.baseline_s > 10.0
    switches = [k for k in range(1, 900) if modes[k] is not modes[k - 1]]
    assert modes[switches[0]] is Mode.FALLBACK
    assert "beyond 0.3" in simplex.reason or modes[-1] is Mode.AUTO
    assert all(abs(commands[k] - commands[k - 1]) < 0.7 for k in switches)
    during = [k for k in range(900) if modes[k] is Mode.FALLBACK]
    assert len(during) > 100


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e9])
def test_values_of_further_sensors_never_raise(value: float) -> None:
    bench = Estimating().arm(1.0)
    assert isinstance(bench, Estimating)
    bench.hover(5)
    for name in bench.blimp.senses:
        for shift_ns in (0, -(10**10), 10**10):
            stamp_ns = bench.now_ns + shift_ns
            bench.loop.sense(name, value, stamp_ns, bench.now_ns, bench.now_s)
    assert bench.measure(1.0).mode is Mode.AUTO
    events = {str(event.kind) for event in bench.loop.stream_events(bench.now_s)}
    assert events == {"older than its maximum age", "from the future"}
