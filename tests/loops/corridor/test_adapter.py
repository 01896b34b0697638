"""Loop of the corridor robot without a bus: readings, motion, few rays, stops, fallback."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from snn_control import load
from snn_control.controllers import Controller
from snn_control.controllers.corridor.gap import Gap
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.envs.corridor.robot import CorridorRobot
from snn_control.envs.corridor.scenario import draw_scenario
from snn_control.errors import InterfaceMismatchError, ParameterError
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.loops.corridor.adapter import CorridorAdapter
from snn_control.loops.corridor.config import CorridorConfig
from snn_control.loops.corridor.interface import displacement, read_ranges
from snn_control.supervision.modes import Mode

SPACING_RAD = 2.0 * math.pi / 72
FREE = [math.inf] * 72


class Bench:
    """Loop on a simulated clock; stamps and clocks agree."""

    def __init__(self, controller: Controller | None = None, **config: Any) -> None:
        controller = controller or Gap()
        self.adapter = CorridorAdapter(controller, CorridorConfig(**config))
        self.loop = ControlLoop(controller, self.adapter, Gap(), simulated_time=True)
        self.now_ns = 10**12

    def arm(self) -> Bench:
        self.loop.arm(self.now_ns * 1e-9)
        return self

    def scan(
        self,
        ranges: Any = FREE,
        pose: tuple[float, float, float] | None = (0.0, 0.0, 0.0),
        after_s: float = 0.1,
    ) -> Tick:
        self.now_ns += round(after_s * 1e9)
        now_s = self.now_ns * 1e-9
        if pose is not None:
            self.adapter.on_odom(*pose, now_s)
        reading = self.adapter.read(ranges, 0.0, SPACING_RAD, 0.0, now_s)
        tick = self.loop.tick(reading, self.now_ns, self.now_ns, now_s)
        assert tick is not None
        return tick

    def wait(self, seconds: float) -> np.ndarray | None:
        self.now_ns += round(seconds * 1e9)
        return self.loop.watch(self.now_ns * 1e-9, self.now_ns)


def test_ranges_follow_rep_117() -> None:
    ranges = [*FREE]
    ranges[3], ranges[4], ranges[5], ranges[6] = 1.5, math.nan, -math.inf, 9.0
    range_m, fault = read_ranges(ranges, 0.0, SPACING_RAD, 0.05)
    assert fault == ""
    assert range_m[:8].tolist() == [6.0, 6.0, 6.0, 1.5, -1.0, 0.05, 6.0, 6.0]
    turned, _ = read_ranges(ranges, -math.pi, SPACING_RAD, 0.05)
    np.testing.assert_array_equal(turned, np.roll(range_m, 36))


@pytest.mark.parametrize(
    ("ranges", "first_rad", "spacing_rad", "message"),
    [
        (FREE[:71], 0.0, SPACING_RAD, "scan has 71 ranges"),
        (FREE, 0.0, 2.0 * SPACING_RAD, "0.174533 rad apart; expected 72"),
        (FREE, 0.5 * SPACING_RAD, SPACING_RAD, "scan starts at 0.0436332 rad"),
        (FREE, math.nan, SPACING_RAD, "scan starts at nan rad"),
        ([math.nan] * 72, 0.0, SPACING_RAD, "no ray was fired"),
    ],
)
def test_other_scans_are_refused(
    ranges: list[float], first_rad: float, spacing_rad: float, message: str
) -> None:
    assert message in read_ranges(ranges, first_rad, spacing_rad)[1]


def test_displacement_is_in_the_frame_of_the_first_pose() -> None:
    moved = displacement((1.0, 2.0, math.pi / 2), (1.0, 2.5, -math.pi + 0.1), 0.1)
    assert (moved.dx_m, moved.dy_m) == (pytest.approx(0.5), pytest.approx(0.0))
    assert moved.dyaw_rad == pytest.approx(math.pi / 2 + 0.1)


def test_the_loop_drives_as_the_environment() -> None:
    env, model = CorridorNav("static"), load("corridor-spiking")
    observation, _ = env.reset(seed=4)
    robot, bench = CorridorRobot(draw_scenario("static", 4)), Bench(load("corridor-spiking")).arm()
    picked = [env.observation_names.index(name) for name in model.observation_names]
    for k in range(60):
        while (measured := robot.measure()) is None:
            robot.advance()
        tick = bench.scan(measured.range_m, measured.odometry)
        assert tick.command is not None
        np.testing.assert_allclose(tick.observation, observation[picked], atol=1e-12)
        action = model.step(observation[picked])
        if k > 0:
            np.testing.assert_allclose(tick.command, np.clip(action, [0.0, -2.0], [0.8, 2.0]))
        robot.command(*tick.command.tolist())
        observation, *_ = env.step(tick.command)


def test_lost_scans_and_lost_odometry_stop_the_robot() -> None:
    bench = Bench().arm()
    for _ in range(3):
        tick = bench.scan()
    assert tick.mode is Mode.AUTO
    assert tick.command is not None
    assert tick.command[0] == pytest.approx(0.8)
    held = bench.wait(0.3)
    assert held is not None
    assert bench.loop.modes.mode is Mode.HOLD
    np.testing.assert_array_equal(held, tick.command)
    stopped = bench.wait(0.15)
    assert bench.loop.modes.mode is Mode.STOP
    assert stopped is not None
    assert not stopped.any()
    for _ in range(3):
        tick = bench.scan()
    assert tick.mode is Mode.AUTO
    for _ in range(7):
        tick = bench.scan(pose=None)
    assert "odom: 0." in bench.loop.modes.reason
    assert tick.mode is Mode.STOP
    assert not bench.adapter.on_odom(math.nan, 0.0, 0.0, 0.0)
    assert "odom is at nan" in bench.adapter.bad_value


def test_a_failed_model_hands_over_to_the_gap_follower() -> None:
    class Failing(Gap):
        def _step(self, observation: np.ndarray) -> np.ndarray:
            raise ValueError("broken")

    bench = Bench(Failing()).arm()
    for _ in range(4):
        tick = bench.scan()
    assert tick.mode is Mode.FALLBACK
    assert tick.command is not None
    np.testing.assert_array_equal(tick.command, Gap().step(np.append(np.full(72, 6.0), 0.0)))


def test_few_rays_pass_the_corridor_with_the_memory() -> None:
    robot, bench = CorridorRobot(draw_scenario("static", 6)), Bench(rays=14).arm()
    while not robot.finished:
        if (measured := robot.measure()) is None:
            robot.advance()
            continue
        tick = bench.scan(measured.range_m, measured.odometry)
        assert bench.adapter.request.sum() == 14.0
        robot.request(np.flatnonzero(bench.adapter.request))
        if tick.command is not None:
            robot.command(*tick.command.tolist())
    metrics = robot.metrics()
    assert metrics["success"] == 1.0
    assert metrics["rays_per_scan"] < 15.0


def test_limits_are_those_of_the_configuration() -> None:
    bench = Bench(speed_max_m_s=0.3, turn_max_rad_s=0.5).arm()
    for _ in range(3):
        tick = bench.scan([0.6] * 9 + FREE[9:])
    assert tick.command is not None
    assert 0.0 <= tick.command[0] <= 0.3
    assert abs(tick.command[1]) == 0.5
    with pytest.raises(ParameterError, match=r"hold_s 0.5 is above stop_s 0.4"):
        CorridorConfig(hold_s=0.5)


def test_models_of_other_vehicles_are_refused() -> None:
    with pytest.raises(InterfaceMismatchError, match="name a model of the corridor"):
        CorridorAdapter(load("pid"), CorridorConfig())
