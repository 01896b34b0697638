"""The node `blimp_simulator`: the Gymnasium blimp as a robot on the bus."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import BatteryState, Range
from std_msgs.msg import Float64

from snn_control.envs.blimp.parameter_file import read_parameters
from snn_control.envs.blimp.plant import PHYSICS_STEP_S
from snn_control.envs.blimp.presets import PRESETS, blimp_parameters
from snn_control.envs.blimp.robot import BlimpRobot, Measurement
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.ros.diagnostics import WARN, Status
from snn_control.ros.interfaces import qos
from snn_control.ros.managed_node import ManagedNode, destroy
from snn_control.ros.node_config import NodeConfig
from snn_control.ros.parameters import parameter
from snn_control.ros.run_node import Stop, run_node
from snn_control.runs import atomic

CLOCK_START_S = 1.0
"""Simulated time begins here: a stamp of 0 means that there is no clock."""
MOST_STEPS = 20
"""Physics steps that one call of the timer may catch up."""
SETTLE_S = 1.0
"""Wall time between the discovery of a controller and the start, for both ends to be ready."""


@dataclass(frozen=True)
class Config(NodeConfig):
    """Parameters of `blimp_simulator`.

    Raises:
        UnknownNameError: no such preset.
        ParameterError: accelerated without simulated time.
    """

    preset: str = parameter("default")
    """Preset of the faults: default, clean, missed, leak or stress."""
    parameters_file: str = parameter("")
    """File of blimp parameters that override the preset, as `snn-control fit` writes it."""
    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed of craft, gusts, ticks and references."""
    duration_s: float = parameter(300.0, 1.0, 86400.0)
    """Length of the flight, s."""
    rate: float = parameter(1.0, 0.05, 100.0)
    """Simulated seconds a second of wall time; other than 1 needs `clock`."""
    clock: bool = parameter(False)
    """Whether /clock is published; the other nodes then need use_sim_time."""
    reference: bool = parameter(True)
    """Whether the set-points of the task are published."""
    wait_for_controller: bool = parameter(False)
    """Whether the flight begins only when a controller takes the range and sends commands."""
    wait_for_listeners: tuple[str, ...] = parameter(("",))
    """Topics that must have a subscriber before the flight begins; an empty one stands for none."""
    motor_timeout_s: float = parameter(2.0, 0.1, 3600.0)
    """Time without a command after which the motors stop, s."""
    period_s: float = parameter(0.0, 0.0, 1.0)
    """Control period, s; 0: that of the preset."""
    flight_file: str = parameter("")
    """Where the flight is written to (npz) at its end, or when the node is deactivated."""
    exit_at_end: bool = parameter(False)
    """Whether the process ends with the flight."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.preset not in PRESETS:
            raise UnknownNameError("preset", self.preset, PRESETS)
        if self.rate != 1.0 and not self.clock:
            raise ParameterError(f"rate {self.rate:g} needs simulated time: set clock to true")


class BlimpSimulator(ManagedNode):
    """Flies one scenario in real or accelerated time."""

    config_type = Config

    def __init__(self, *, stop: Stop, **options: Any) -> None:
        super().__init__("blimp_simulator", **options)
        self.robot: BlimpRobot | None = None
        self._stop = stop
        self._entities: list[Any] = []
        self._timer: Any = None
        self.diagnostics.add("flight", self._flight_status)

    def configure(self, config: Config) -> None:
        """Draw the scenario, open the topics."""
        changes = read_parameters(Path(config.parameters_file)) if config.parameters_file else {}
        if config.period_s:
            changes = {**changes, "control_period_s": config.period_s}
        parameters = blimp_parameters(config.preset, changes)
        self._scenario = draw_scenario(parameters, config.seed, config.duration_s)
        self._period_s = parameters.control_period_s
        self.robot = BlimpRobot(self._scenario, config.motor_timeout_s)
        self._range = self.create_publisher(Range, "range", qos("sensor"))
        self._battery = self.create_publisher(BatteryState, "battery", qos("sensor"))
        self._set_point = self.create_publisher(Float64, "height_set_point", qos("latched"))
        self._truth = self.create_publisher(Odometry, "ground_truth", qos("sensor"))
        self._clock_publisher = self.create_publisher(ClockMessage, "/clock", qos("clock"))
        self._commands = self.create_subscription(
            Float64, "motor_command", self.guarded(self._on_command), qos("command")
        )
        self._entities = [
            self._range, self._battery, self._set_point, self._truth, self._clock_publisher,
            self._commands,
        ]  # fmt: skip
        self.refused = self.slipped = 0
        self._wanted_m = self._battery_at_s = -math.inf

    def activate(self) -> None:
        """Start the flight from its beginning."""
        self.robot = BlimpRobot(self._scenario, self.config.motor_timeout_s)
        self._wanted_m = self._battery_at_s = -math.inf
        self._began_s: float | None = None
        self._found_s: float | None = None
        period_s = PHYSICS_STEP_S / self.config.rate
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(period_s, self.guarded(self._fly), clock=steady)

    def deactivate(self) -> None:
        """Stop the flight where it is and write it down."""
        destroy(self, self._timer)
        self._timer = None
        robot, path = self.robot, self.config.flight_file
        if path and robot is not None and robot.step > 1:
            write_flight(robot, Path(path))

    def cleanup(self) -> None:
        """Close the topics."""
        destroy(self, *self._entities, self._timer)
        self._entities, self._timer, self.robot = [], None, None

    def _on_command(self, message: Float64) -> None:
        try:
            self._flying().command(message.data)
        except ParameterError as exc:
            self.refused += 1
            self.get_logger().warning(str(exc), throttle_duration_sec=1.0)

    def _fly(self) -> None:
        robot, now_s = self._flying(), time.monotonic()
        if self._began_s is None:
            if not self._ready(now_s):
                self._tell_time()  # no one may meet the first measurement without a clock
                return
            self._began_s = now_s
        due = int((now_s - self._began_s) * self.config.rate / PHYSICS_STEP_S)
        for _ in range(MOST_STEPS):
            if robot.finished:
                self._finish()
                return
            measurement = robot.measure()
            if measurement is not None:
                self._publish(measurement)
                if robot.step + 1 < due:  # late: a command must be able to come before more steps
                    self.slipped += due - robot.step - 1
                    self._began_s = now_s - robot.step * PHYSICS_STEP_S / self.config.rate
                return
            if robot.step >= due:
                return
            robot.advance()
            self._tell_time()

    def _tell_time(self) -> None:
        if self.config.clock:
            self._clock_publisher.publish(ClockMessage(clock=self._stamp().to_msg()))

    def _ready(self, now_s: float) -> bool:
        if not self._expected():
            self._found_s = None
            return False
        self._found_s = self._found_s or now_s
        waited = self.config.wait_for_controller or any(self.config.wait_for_listeners)
        return not waited or now_s - self._found_s >= SETTLE_S

    def _expected(self) -> bool:
        """Whether everyone whom the flight waits for is on the bus."""
        topics = [self.resolve_topic_name(name) for name in self.config.wait_for_listeners if name]
        there = all(self.count_subscribers(topic) for topic in topics)
        if not self.config.wait_for_controller:
            return there
        commands = self.count_publishers(self._commands.topic_name)
        return there and bool(commands and self._range.get_subscription_count())

    def _publish(self, measurement: Measurement) -> None:
        stamp = self._stamp().to_msg()
        if self.config.reference and measurement.height_ref_m != self._wanted_m:
            self._wanted_m = measurement.height_ref_m
            self._set_point.publish(Float64(data=self._wanted_m))
        if measurement.time_s - self._battery_at_s >= 1.0:
            self._battery_at_s = measurement.time_s
            battery = BatteryState(voltage=measurement.battery_v, present=True)
            battery.header.stamp = stamp
            battery.percentage = battery.current = battery.charge = math.nan
            battery.capacity = battery.design_capacity = battery.temperature = math.nan
            self._battery.publish(battery)
        message = Range(
            radiation_type=Range.INFRARED, field_of_view=0.03, min_range=0.0, max_range=12.0
        )
        message.header.stamp, message.header.frame_id = stamp, "lidar"
        message.range = measurement.range_m
        self._range.publish(message)
        self._truth.publish(self._odometry(stamp))

    def _odometry(self, stamp: Any) -> Odometry:
        body = self._flying().body
        message = Odometry(child_frame_id="base_link")
        message.header.stamp, message.header.frame_id = stamp, "map"
        position, turn = message.pose.pose.position, message.pose.pose.orientation
        position.x, position.y = (float(x) for x in body.data.qpos[:2])
        position.z = body.height_m
        turn.w, turn.x, turn.y, turn.z = (float(x) for x in body.data.qpos[3:7])
        message.twist.twist.linear.z = body.speed_m_s
        return message

    def _stamp(self) -> Time:
        if self.config.clock:
            return Time(seconds=CLOCK_START_S, nanoseconds=self._flying().step * 10_000_000)
        return self.get_clock().now()

    def _finish(self) -> None:
        self.get_logger().info(f"the flight ended after {self.config.duration_s:g} s")
        self.try_transition("deactivate")
        if self.config.exit_at_end:
            self._stop()

    def _flying(self) -> BlimpRobot:
        assert self.robot is not None, "not configured"
        return self.robot

    def _flight_status(self) -> Status:
        if self.robot is None:
            return Status(message="not configured")
        status = Status()
        status.values = {
            "time (s)": self.robot.time_s,
            "refused commands": self.refused,
            "steps behind": self.slipped,
        }
        if self.active and self._began_s is None:
            status.say(WARN, "waiting for a controller")
        return status


def write_flight(robot: BlimpRobot, path: Path) -> None:
    """Write the trace of a flight, `BlimpAltitude.trace` and its ticks, without pickles."""
    ticks = robot.scenario.tick_step
    arrays = robot.trace() | {
        "tick_step": ticks[ticks < robot.step],
        "missed": robot.scenario.missed[: int((ticks < robot.step).sum())],
        "finished": np.array(robot.finished),
    }
    atomic.write_arrays(path, arrays)


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(BlimpSimulator, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
