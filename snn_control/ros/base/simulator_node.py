"""Base of the simulator nodes: wall time or /clock, wait for a controller, one episode."""

from __future__ import annotations

import time
import warnings
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
from snn_control.ros.base.ending import Stop
from snn_control.ros.base.interface import EVERY_SIMULATOR, qos
from snn_control.ros.base.managed_node import ManagedNode, destroy

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
"""Start of simulated time, s; not 0, because a stamp of 0 means that there is no clock."""
MOST_CALLS = 20
"""Maximum number of missed timer calls that one call makes up for."""
SETTLE_S = 1.0
"""Wall time between the discovery of a controller and the start, s, for both ends to be ready."""


@dataclass(frozen=True)
class SimulatorConfig:
    """Parameters of every simulator.

    Raises:
        ParameterError: `rate` is not 1 and `clock` is off.
    """

    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed of all random draws."""
    duration_s: float = parameter(300.0, 1.0, 86400.0)
    """Duration of the episode, s."""
    rate: float = parameter(1.0, 0.05, 100.0)
    """Simulated seconds per second of wall time; values other than 1 need `clock`."""
    clock: bool = parameter(False)
    """Publish /clock; the other nodes then need use_sim_time."""
    wait_for_controller: bool = parameter(False)
    """Wait for a controller before the episode starts."""
    wait_for_listeners: tuple[str, ...] = parameter(("",))
    """Topics that must have a subscriber before the episode starts; one empty name: none."""
    flight_file: str = parameter("")
    """File (npz) of the recorded episode, written at its end or on deactivation; empty: none."""
    exit_at_end: bool = parameter(False)
    """Exit at the end of the episode."""

    def __post_init__(self) -> None:
        if self.rate != 1.0 and not self.clock:
            raise ParameterError(f"rate {self.rate:g} needs simulated time: set clock to true")


class Robot(Protocol):
    """Simulated robot that is advanced by physics steps."""

    step: int

    @property
    def time_s(self) -> float:
        """Time since the start, s."""

    @property
    def finished(self) -> bool:
        """True at the end of the episode."""

    def measure(self) -> Any:
        """Return the measurement due at this step, once; otherwise None."""

    def advance(self) -> None:
        """Advance by one physics step."""


R = TypeVar("R", bound=Robot)


class SimulatorNode(ManagedNode, Generic[R]):
    """Node that simulates one robot in real or accelerated time; subclasses define the robot."""

    shared = EVERY_SIMULATOR
    physics_step_s: ClassVar[float]
    call_steps: ClassVar[int] = 1
    """Physics steps between two calls of the timer, and between two messages on /clock."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "write_flight" in vars(cls) and "write_episode" not in vars(cls):
            message = f"{cls.__name__}: rename write_flight to write_episode"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            cls.write_episode = vars(cls)["write_flight"]  # type: ignore[method-assign]

    def __init__(self, name: str, *, stop: Stop, **options: Any) -> None:
        super().__init__(name, **options)
        self.robot: R | None = None
        self.refused = self.slipped = 0
        self._stop = stop
        self._entities: list[Any] = []
        self._timer: Any = None
        self._start_s: float | None = None
        self._discovered_s: float | None = None
        self.diagnostics.add("flight", self._episode_status)

    # Implemented by the simulator of a robot.

    @abstractmethod
    def make_robot(self, config: Any) -> R:
        """Return the robot at the start of an episode."""

    @abstractmethod
    def open_topics(self) -> tuple[Any, Any, list[Any]]:
        """Return the publisher of measurements, the subscription of commands, and all others."""

    @abstractmethod
    def publish(self, measurement: Any, stamp: Any) -> None:
        """Publish a measurement and its accompanying topics."""

    @abstractmethod
    def write_episode(self, robot: R, path: Path) -> None:
        """Write the episode so far."""

    def begin(self) -> None:
        """Reset the state of publishing at the start of an episode."""

    # Lifecycle.

    def configure(self, config: Any) -> None:
        """Create the robot and open the topics."""
        warm(self.make_robot(config))
        self.robot = self.make_robot(config)
        self._measurements, self._commands, others = self.open_topics()
        self._clock_publisher = (
            self.create_publisher(ClockMessage, "/clock", qos("clock")) if config.clock else None
        )
        self._entities = [self._measurements, self._commands, *others, self._clock_publisher]
        self.refused = self.slipped = 0
        self.begin()

    def activate(self) -> None:
        """Start a new episode."""
        self.robot = self.make_robot(self.config)
        self.begin()
        self._start_s = self._discovered_s = None
        period_s = self.call_steps * self.physics_step_s / self.config.rate
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(period_s, self.guarded(self._on_timer), clock=steady)

    def deactivate(self) -> None:
        """Stop the episode and write it to `flight_file`, if that is set."""
        destroy(self, self._timer)
        self._timer = None
        robot, path = self.robot, self.config.flight_file
        if path and robot is not None and robot.step > 1:
            self.write_episode(robot, Path(path))

    def cleanup(self) -> None:
        """Close the topics."""
        destroy(self, *self._entities, self._timer)
        self._entities, self._timer, self.robot = [], None, None

    # Episode.

    def refuse(self, problem: ParameterError) -> None:
        """Count an invalid command and log the reason."""
        self.refused += 1
        self.get_logger().warning(str(problem), throttle_duration_sec=1.0)

    def report_limit(self, command: str, limit: str) -> None:
        """Log that a command is limited by the actuator."""
        self.get_logger().warning(
            f"{command} is beyond the actuator's limit {limit}, which is used instead",
            throttle_duration_sec=1.0,
        )

    def catch_up(self) -> None:
        """Advance to the present time, so that a new command takes effect without delay."""
        if self._timer is not None and self._start_s is not None:
            self._on_timer()

    def _on_timer(self) -> None:
        robot, now_s = self._current(), time.monotonic()
        if self._start_s is None:
            if not self._ready(now_s):
                self._publish_clock()  # peers need a clock before the first measurement
                return
            self._start_s = now_s
        due = int((now_s - self._start_s) * self.config.rate / self.physics_step_s)
        for _ in range(MOST_CALLS * self.call_steps):
            if robot.finished:
                self._finish()
                return
            measurement = robot.measure()
            if measurement is not None:
                self.publish(measurement, self._stamp().to_msg())
                behind = due - robot.step - self.call_steps
                if behind > 0:  # late: leave time for a command before further steps
                    self.slipped += behind
                    elapsed_s = robot.step * self.physics_step_s / self.config.rate
                    self._start_s = now_s - elapsed_s
                return
            if robot.step >= due:
                return
            robot.advance()
            if robot.step % self.call_steps == 0:
                self._publish_clock()

    def _publish_clock(self) -> None:
        if self._clock_publisher is not None:
            self._clock_publisher.publish(ClockMessage(clock=self._stamp().to_msg()))

    def _ready(self, now_s: float) -> bool:
        if not self._peers_present():
            self._discovered_s = None
            return False
        self._discovered_s = self._discovered_s or now_s
        waits = self.config.wait_for_controller or any(self.config.wait_for_listeners)
        return not waits or now_s - self._discovered_s >= SETTLE_S

    def _peers_present(self) -> bool:
        """Return True if all required peers are on the bus."""
        topics = [self.resolve_topic_name(name) for name in self.config.wait_for_listeners if name]
        subscribed = all(self.count_subscribers(topic) for topic in topics)
        if not self.config.wait_for_controller:
            return subscribed
        commands = self.count_publishers(self._commands.topic_name)
        return subscribed and bool(commands and self._measurements.get_subscription_count())

    def _stamp(self) -> Time:
        if self.config.clock:
            step_ns = round(self.physics_step_s * 1e9)
            return Time(seconds=CLOCK_START_S, nanoseconds=self._current().step * step_ns)
        return self.get_clock().now()

    def _finish(self) -> None:
        self.get_logger().info(f"the episode ended after {self.config.duration_s:g} s")
        self.try_transition("deactivate")
        if self.config.exit_at_end:
            self._stop()

    def _current(self) -> R:
        assert self.robot is not None, "not configured"
        return self.robot

    def _episode_status(self) -> Status:
        if self.robot is None:
            return Status(message="not configured")
        status = Status()
        status.values = {
            "time (s)": self.robot.time_s,
            "refused commands": self.refused,
            "steps behind": self.slipped,
        }
        if self.active and self._start_s is None:
            status.escalate(WARN, "waiting for a controller")
        return status


def warm(robot: Robot) -> None:
    """Advance a robot past two measurements, so that nothing is compiled during the episode."""
    n_measured = 0
    while n_measured < 2 and not robot.finished:
        n_measured += robot.measure() is not None
        robot.advance()
