"""What `altitude_controller` and `pid_controller` share: topics, services, lifecycle."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from array import array
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from sensor_msgs.msg import BatteryState, Range
from std_msgs.msg import Float64, Float64MultiArray, MultiArrayDimension, UInt8MultiArray
from std_srvs.srv import SetBool, Trigger

from snn_control.controllers import Controller, load
from snn_control.errors import ConfigError
from snn_control.ros.altitude_health import AltitudeHealth
from snn_control.ros.altitude_interface import range_fault
from snn_control.ros.altitude_loop import AltitudeLoop, Tick
from snn_control.ros.diagnostics import Status
from snn_control.ros.interfaces import TICK_FIELDS, qos, topic
from snn_control.ros.managed_node import ManagedNode, destroy, next_message, require_type
from snn_control.ros.run_node import Stop
from snn_control.supervision.modes import FLYING, Mode

WATCH_S = 0.05
ACKNOWLEDGED_S = 0.5
MODES = list(Mode)


class AltitudeNode(ManagedNode):
    """Flies an altitude controller; subclasses say which."""

    def __init__(self, name: str, *, stop: Stop | None = None, **options: Any) -> None:
        super().__init__(name, **options)
        self.loop: AltitudeLoop | None = None
        self.health = AltitudeHealth()
        self._entities: list[Any] = []
        self._said: tuple[Mode, str] | None = None
        self._fields = MultiArrayDimension()
        for task, ask in self.health.tasks().items():
            self.diagnostics.add(task, ask)
        self.diagnostics.add("model", self._model_status)

    @abstractmethod
    def make_controller(self, config: Any) -> Controller:
        """Load or build what flies."""

    @abstractmethod
    def _model_status(self) -> Status: ...

    # Lifecycle.

    def configure(self, config: Any) -> None:
        """Load the controller, warm its engine up, open topics and services."""
        self._try_sensor(config)  # gives discovery the time that the types need to be known
        self._require_types()
        self.loop = self.make_loop(config)
        self.health.watch(self.loop)
        self._open()

    def _require_types(self) -> None:
        for entry in ("range", "height_set_point", "battery", "manual_command", "motor_command"):
            expected = topic(self.get_name_in_table(), entry).type
            require_type(self, self.resolve_topic_name(entry), expected)

    def _try_sensor(self, config: Any) -> None:
        """Refuse a sensor whose first measurement cannot be used."""
        message = next_message(self, Range, "range", qos("sensor"), config.probe_s)
        if message is None:
            return
        reach_m = (message.min_range, message.max_range)
        fault = range_fault(message.range, config.range_max_m, reach_m)
        if fault:
            raise ConfigError(f"topic {self.resolve_topic_name('range')}: {fault}")

    def make_loop(self, config: Any) -> AltitudeLoop:
        """Return a loop with a warm controller."""
        controller = warm(self.make_controller(config))
        fallback = load("pid", control_period_s=controller.control_period_s)
        simulated_time = self.get_parameter("use_sim_time").value
        return AltitudeLoop(controller, fallback, config, simulated_time)

    def get_name_in_table(self) -> str:
        """Name of the node in the table of interfaces, whatever it is remapped to."""
        return "altitude_controller"

    def activate(self) -> None:
        """Start with a controller in its first state."""
        loop = self._flying()
        loop.reset()
        self.health.reset()
        if self.config.arm_on_activate:
            loop.arm(time.monotonic())
            if not loop.modes.armed:
                self.get_logger().warning(loop.modes.reason)
        self._say_mode()

    def make_safe(self) -> None:
        """Disarm: motors off, and wait until that has arrived."""
        if self.loop is None or not self._entities:
            return
        self._send(self.loop.disarm())
        self._commands.wait_for_all_acked(Duration(seconds=ACKNOWLEDGED_S))
        self._say_mode()

    def cleanup(self) -> None:
        """Close topics and services, drop the controller."""
        destroy(self, *self._entities)
        self._entities = []
        self.loop = None
        self.health.watch(None)

    def reconfigure(self, config: Any) -> None:
        """Take limits over that may change in flight."""
        self._flying().config = config

    def _open(self) -> None:
        period_s = self._flying().period_s
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        lost = PublisherEventCallbacks(
            incompatible_qos=self.health.incompatible, deadline=self.health.deadline
        )
        self._commands = self.create_publisher(
            Float64, "motor_command", qos("command", period_s), event_callbacks=lost
        )
        self._ticks = self.create_publisher(Float64MultiArray, "~/tick", qos("record"))
        self._spikes = self.create_publisher(UInt8MultiArray, "~/spikes", qos("record"))
        self._mode = self.create_publisher(DiagnosticStatus, "~/mode", qos("latched"))
        self._entities = [self._commands, self._ticks, self._spikes, self._mode]
        for kind, name, callback in (
            (Range, "range", self._on_range),
            (Float64, "height_set_point", self._on_set_point),
            (BatteryState, "battery", self._on_battery),
            (Float64, "manual_command", self._on_manual),
        ):
            quality = topic("altitude_controller", name).quality
            events = SubscriptionEventCallbacks(incompatible_qos=self.health.incompatible)
            self._entities.append(
                self.create_subscription(
                    kind, name, self.guarded(callback), qos(quality), event_callbacks=events
                )
            )
        for kind, name, answer in (
            (SetBool, "~/arm", self._on_arm),
            (SetBool, "~/manual", self._on_override),
            (SetBool, "~/freeze", self._on_freeze),
            (Trigger, "~/reset", self._on_reset),
            (Trigger, "~/reload", self._on_reload),
        ):
            self._entities.append(self.create_service(kind, name, self.guarded(answer)))
        watch = self.create_timer(WATCH_S, self.guarded(self._on_watch), clock=steady)
        self._entities.append(watch)
        names = (*TICK_FIELDS, *self._flying().controller.observation_names)
        self._fields = MultiArrayDimension(
            label=",".join(names), size=len(names), stride=len(names)
        )

    # Topics.

    def _on_range(self, message: Range) -> None:
        now_s = time.monotonic()
        if not self.active:
            return
        loop, stamp = self._flying(), message.header.stamp
        stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        reach_m = (message.min_range, message.max_range)
        tick = loop.on_range(message.range, stamp_ns, self._clock_ns(), now_s, reach_m)
        if tick.command is not None:
            self._send(tick.command)
        latency_s = time.monotonic() - now_s
        age_s = (self._clock_ns() - stamp_ns) * 1e-9
        self.health.ticked(tick, latency_s, age_s)
        self._record(tick, latency_s, age_s)
        self._say_mode()

    def _on_set_point(self, message: Float64) -> None:
        if not self._flying().on_set_point(message.data, time.monotonic()):
            self.get_logger().warning(
                f"set-point {message.data:g} m is not between {self.config.set_point_low_m:g} and "
                f"{self.config.set_point_high_m:g} m",
                throttle_duration_sec=1.0,
            )

    def _on_battery(self, message: BatteryState) -> None:
        self._flying().on_battery(message.voltage, time.monotonic())

    def _on_manual(self, message: Float64) -> None:
        command = self._flying().on_manual(message.data, time.monotonic())
        if command is not None and self.active:
            self._send(command)

    def _on_watch(self) -> None:
        if not self.active:
            return
        loop, now_s = self._flying(), time.monotonic()
        command = loop.watch(now_s)
        pause_s = now_s - self._sent_s
        if command is not None:
            self._send(command)
        elif loop.modes.mode in (*FLYING, Mode.MANUAL) and pause_s > 1.5 * loop.period_s:
            self._send(loop.gate.last)  # held, and the receiver knows that the node is alive
        self._say_mode()

    _sent_s = -math.inf

    def _send(self, command: float) -> None:
        self._commands.publish(Float64(data=command))
        self._sent_s = time.monotonic()

    def _record(self, tick: Tick, latency_s: float, age_s: float) -> None:
        command = math.nan if tick.command is None else tick.command
        record = Float64MultiArray()
        record.layout.dim = [self._fields]
        record.data = [
            float(tick.number), float(tick.stamp_ns // 10**9), float(tick.stamp_ns % 10**9),
            tick.dt_s, float(tick.missed), float(tick.resets), float(MODES.index(tick.mode)),
            float(tick.failed), tick.output, command, age_s, tick.step_s, latency_s,
            *tick.observation.tolist(),
        ]  # fmt: skip
        self._ticks.publish(record)
        spikes = getattr(self._flying().controller, "spikes", None)
        if spikes is not None and math.isfinite(tick.output):
            self.health.spiked(float(spikes.sum()))
            self._spikes.publish(
                UInt8MultiArray(data=array("B", spikes.astype(np.uint8).tobytes()))
            )

    # Services.

    def _on_arm(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        loop = self._flying()
        if not self.active:
            return _answer(response, False, "the node is not active; activate it first")
        if request.data:
            try:
                self._require_types()
            except ConfigError as exc:
                return _answer(response, False, str(exc))
            loop.arm(time.monotonic())
        else:
            self._send(loop.disarm())
        self._say_mode()
        done = loop.modes.armed == request.data
        return _answer(response, done, loop.modes.mode if done else loop.modes.reason)

    def _on_override(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        loop = self._flying()
        if not (self.active and loop.modes.armed):
            return _answer(response, False, "the craft is not armed")
        loop.override(request.data, time.monotonic())
        self._say_mode()
        return _answer(response, True, loop.modes.mode)

    def _on_freeze(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        controller = self._flying().controller
        if not hasattr(controller, "frozen"):
            return _answer(response, False, "this controller does not adapt: nothing to freeze")
        controller.frozen = request.data
        return _answer(response, True, "frozen" if request.data else "adapting")

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        loop = self._flying()
        loop.reset()
        failure = loop.modes.failure
        return _answer(response, not failure, failure or "the controller is in its first state")

    def _on_reload(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._flying().replace(warm(self.make_controller(self.config)))
        except Exception as exc:
            return _answer(response, False, f"the old controller flies on: {exc}")
        return _answer(response, True, "loaded")

    # Inside.

    def _flying(self) -> AltitudeLoop:
        assert self.loop is not None, "not configured"
        return self.loop

    def _clock_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _say_mode(self) -> None:
        modes = self._flying().modes
        said = (modes.mode, modes.reason)
        if said == self._said:
            return
        if self._said is None or self._said[0] is not modes.mode:
            self.get_logger().info(f"mode {modes.mode}: {modes.reason}")
        self._said = said
        status = self.health.mode_status()
        message = self.diagnostics.to_message("mode", status)
        message.message = str(modes.mode)
        message.values = [KeyValue(key="reason", value=modes.reason)]
        self._mode.publish(message)


def warm(controller: Controller) -> Controller:
    """Call a controller once, so that nothing is compiled in flight."""
    controller.step(np.zeros(len(controller.observation_names)))
    controller.reset()
    return controller


def _answer(response: Any, success: bool, message: str) -> Any:
    response.success, response.message = success, str(message)
    return response
