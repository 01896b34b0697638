"""What the simulated robots share: wall time or /clock, waiting for a controller, the flight."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage

from snn_control.errors import ParameterError
from snn_control.loops.field import parameter
from snn_control.ros.base.diagnostics import WARN, Status
from snn_control.ros.base.interface import qos
from snn_control.ros.base.managed_node import ManagedNode, destroy
from snn_control.ros.base.run_node import Stop

__all__ = [
    "CLOCK_START_S",
    "MOST_CALLS",
    "SETTLE_S",
    "Robot",
    "SimulatorConfig",
    "SimulatorNode",
    "warm",
]

CLOCK_START_S = 1.0
"""Simulated time begins here: a stamp of 0 means that there is no clock."""
MOST_CALLS = 20
"""How many calls of the timer one call may catch up with."""
SETTLE_S = 1.0
"""Wall time between the discovery of a controller and the start, for both ends to be ready."""


@dataclass(frozen=True)
class SimulatorConfig:
    """Parameters of every simulator.

    Raises:
        ParameterError: accelerated without simulated time.
    """

    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed of everything that is drawn."""
    duration_s: float = parameter(300.0, 1.0, 86400.0)
    """Length of the flight, s."""
    rate: float = parameter(1.0, 0.05, 100.0)
    """Simulated seconds a second of wall time; other than 1 needs `clock`."""
    clock: bool = parameter(False)
    """Whether /clock is published; the other nodes then need use_sim_time."""
    wait_for_controller: bool = parameter(False)
    """Whether the flight begins only when a controller takes measurements and sends commands."""
    wait_for_listeners: tuple[str, ...] = parameter(("",))
    """Topics that must have a subscriber before the flight begins; an empty one stands for none."""
    flight_file: str = parameter("")
    """Where the flight is written to (npz) at its end, or when the node is deactivated."""
    exit_at_end: bool = parameter(False)
    """Whether the process ends with the flight."""

    def __post_init__(self) -> None:
        if self.rate != 1.0 and not self.clock:
            raise ParameterError(f"rate {self.rate:g} needs simulated time: set clock to true")


class Robot(Protocol):
    """A robot that is advanced physics step by physics step."""

    step: int

    @property
    def time_s(self) -> float:
        """Time since the start, s."""

    @property
    def finished(self) -> bool:
        """Whether the flight is at its end."""

    def measure(self) -> Any:
        """Return the measurement that is due at this step, once; None at others."""

    def advance(self) -> None:
        """Go on for one physics step."""


R = TypeVar("R", bound=Robot)


class SimulatorNode(ManagedNode, Generic[R]):
    """Flies one robot in real or accelerated time; subclasses say which."""

    physics_step_s: ClassVar[float]
    call_steps: ClassVar[int] = 1
    """Physics steps between two calls of the timer, and between two messages on /clock."""

    def __init__(self, name: str, *, stop: Stop, **options: Any) -> None:
        super().__init__(name, **options)
        self.robot: R | None = None
        self.refused = self.slipped = 0
        self._stop = stop
        self._entities: list[Any] = []
        self._timer: Any = None
        self._began_s: float | None = None
        self._found_s: float | None = None
        self.diagnostics.add("flight", self._flight_status)

    # What a robot's simulator implements.

    @abstractmethod
    def make_robot(self, config: Any) -> R:
        """Return the robot at the start of its flight."""

    @abstractmethod
    def open_topics(self) -> tuple[Any, Any, list[Any]]:
        """Return the publisher of measurements, the subscription to commands, and all others."""

    @abstractmethod
    def publish(self, measurement: Any, stamp: Any) -> None:
        """Publish a measurement, and all that goes with it."""

    @abstractmethod
    def write_flight(self, robot: R, path: Path) -> None:
        """Write the flight so far."""

    def begin(self) -> None:
        """Forget what was published of the flight before."""

    # Lifecycle.

    def configure(self, config: Any) -> None:
        """Make the robot, open the topics."""
        warm(self.make_robot(config))
        self.robot = self.make_robot(config)
        self._measurements, self._commands, others = self.open_topics()
        self._clock_publisher = self.create_publisher(ClockMessage, "/clock", qos("clock"))
        self._entities = [self._measurements, self._commands, *others, self._clock_publisher]
        self.refused = self.slipped = 0
        self.begin()

    def activate(self) -> None:
        """Start the flight from its beginning."""
        self.robot = self.make_robot(self.config)
        self.begin()
        self._began_s = self._found_s = None
        period_s = self.call_steps * self.physics_step_s / self.config.rate
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(period_s, self.guarded(self._fly), clock=steady)

    def deactivate(self) -> None:
        """Stop the flight where it is and write it down."""
        destroy(self, self._timer)
        self._timer = None
        robot, path = self.robot, self.config.flight_file
        if path and robot is not None and robot.step > 1:
            self.write_flight(robot, Path(path))

    def cleanup(self) -> None:
        """Close the topics."""
        destroy(self, *self._entities, self._timer)
        self._entities, self._timer, self.robot = [], None, None

    # Flight.

    def refuse(self, problem: ParameterError) -> None:
        """Count a command that cannot be used, and say why."""
        self.refused += 1
        self.get_logger().warning(str(problem), throttle_duration_sec=1.0)

    def catch_up(self) -> None:
        """Go on to the present, so that what comes now takes effect now."""
        if self._timer is not None and self._began_s is not None:
            self._fly()

    def _fly(self) -> None:
        robot, now_s = self._flying(), time.monotonic()
        if self._began_s is None:
            if not self._ready(now_s):
                self._tell_time()  # no one may meet the first measurement without a clock
                return
            self._began_s = now_s
        due = int((now_s - self._began_s) * self.config.rate / self.physics_step_s)
        for _ in range(MOST_CALLS * self.call_steps):
            if robot.finished:
                self._finish()
                return
            measurement = robot.measure()
            if measurement is not None:
                self.publish(measurement, self._stamp().to_msg())
                behind = due - robot.step - self.call_steps
                if behind > 0:  # late: a command must be able to come before more steps
                    self.slipped += behind
                    passed_s = robot.step * self.physics_step_s / self.config.rate
                    self._began_s = now_s - passed_s
                return
            if robot.step >= due:
                return
            robot.advance()
            if robot.step % self.call_steps == 0:
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
        return there and bool(commands and self._measurements.get_subscription_count())

    def _stamp(self) -> Time:
        if self.config.clock:
            step_ns = round(self.physics_step_s * 1e9)
            return Time(seconds=CLOCK_START_S, nanoseconds=self._flying().step * step_ns)
        return self.get_clock().now()

    def _finish(self) -> None:
        self.get_logger().info(f"the flight ended after {self.config.duration_s:g} s")
        self.try_transition("deactivate")
        if self.config.exit_at_end:
            self._stop()

    def _flying(self) -> R:
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


def warm(robot: Robot) -> None:
    """Fly from one measurement past the next, so that nothing is compiled in flight."""
    measured = 0
    while measured < 2 and not robot.finished:
        measured += robot.measure() is not None
        robot.advance()
