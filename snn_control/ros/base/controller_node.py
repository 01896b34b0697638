"""Base of the controller nodes: model, one tick per measurement, services, records, lifecycle."""

from __future__ import annotations

import math
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic

import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks
from std_msgs.msg import Bool, Float64MultiArray, MultiArrayDimension, UInt8MultiArray
from std_srvs.srv import SetBool, Trigger

from snn_control.controllers import Controller
from snn_control.errors import ConfigError
from snn_control.loops.adapter import Reading
from snn_control.loops.control_loop import A, ControlLoop, Tick
from snn_control.ros.base.adaptation_services import AdaptationServices
from snn_control.ros.base.conflicts import claim, require_type
from snn_control.ros.base.controller_health import ControllerHealth, VehicleStatus
from snn_control.ros.base.diagnostics import Status
from snn_control.ros.base.ending import Stop
from snn_control.ros.base.interface import EVERY_CONTROLLER, qos, tick_fields
from snn_control.ros.base.loaded_model import ModelSource
from snn_control.ros.base.managed_node import ManagedNode, destroy
from snn_control.ros.base.messages import answer, named, spike_message, tick_values
from snn_control.supervision.command_gate import OFF
from snn_control.supervision.modes import CONTROLLER_MODES, Mode

__all__ = ["ACKNOWLEDGED_S", "Callbacks", "ControllerNode"]

FloatArray = npt.NDArray[np.float64]
ACKNOWLEDGED_S = 0.5
"""Maximum wait for the acknowledgement of the safe command, s."""
SENDING_S = 0.1
"""Maximum wait of the safe command for another command that is being sent, s."""

Callbacks = Sequence[tuple[Any, str, Callable[..., Any]]]
"""Message type, name and callback of topics or services."""


class ControllerNode(ManagedNode, Generic[A]):
    """Node that runs the control loop of a vehicle; subclasses define the vehicle."""

    shared = EVERY_CONTROLLER
    watch_s: ClassVar[float] = 0.05
    """Period of the watch for missing measurements, s."""

    def __init__(
        self,
        name: str,
        status: VehicleStatus[A],
        model: ModelSource,
        *,
        stop: Stop | None = None,
        **options: Any,
    ) -> None:
        self._model = model
        super().__init__(name, **options)
        self.loop: ControlLoop[A] | None = None
        self.health = ControllerHealth(status)
        self._entities: list[Any] = []
        self._published: tuple[Mode, str] | None = None
        self._fields = MultiArrayDimension()
        self._sent_s = -math.inf
        self._sending = threading.Lock()
        self._was_armed = False
        """True if the vehicle has been armed since `configure`."""
        self._claim: Any = None
        self._adaptation = AdaptationServices(
            self._running, lambda: str(getattr(self.config, "save_to", ""))
        )
        for task, status_of in self.health.tasks().items():
            self.diagnostics.add(task, status_of)
        self.diagnostics.add("model", self._model_status)

    # Implemented by the node of a vehicle.

    @abstractmethod
    def make_loop(
        self, controller: Controller, config: Any, simulated_time: bool
    ) -> ControlLoop[A]:
        """Return the control loop of a warm controller."""

    @abstractmethod
    def open_commands(self, period_s: float, events: PublisherEventCallbacks) -> Any:
        """Return the publisher of the commands."""

    @abstractmethod
    def to_message(self, command: FloatArray) -> Any:
        """Return the message of a command."""

    @abstractmethod
    def inputs(self) -> Callbacks:
        """Return the subscriptions."""

    @abstractmethod
    def own_services(self) -> Callbacks:
        """Return the services beside those of every controller."""

    @abstractmethod
    def try_sensor(self, config: Any) -> None:
        """Refuse a sensor whose first measurement cannot be used."""

    def accompany(self, now_s: float) -> None:
        """Publish data for other vehicles."""

    # Lifecycle.

    def configure(self, config: Any) -> None:
        """Load the controller, compile its engine, open topics and services."""
        controller = self._model.ready(config)
        simulated_time = bool(self.get_parameter("use_sim_time").value)
        self.loop = self.make_loop(controller, config, simulated_time)
        self.try_sensor(config)  # its wait gives discovery time to learn the types of the topics
        self._require_types()
        self.health.watch(self.loop)
        self._open()

    def _require_types(self) -> None:
        for entry in self.interface.peers:
            require_type(self, self.resolve_topic_name(entry.name), entry.type)

    def activate(self) -> None:
        """Start with the controller in its initial state."""
        loop = self._running()
        loop.reset()
        self.health.reset()
        if self.config.arm_on_activate and not self._arm():
            self.get_logger().error(loop.modes.reason)
        self._publish_mode()

    def send_safe_command(self) -> None:
        """Stop the motors and wait for the acknowledgement, if the vehicle was ever armed.

        A controller in reserve sends nothing: another one may command the vehicle.
        """
        if not self._was_armed:
            return
        taken = self._sending.acquire(timeout=SENDING_S)
        try:
            self._commands.publish(self._off)
        finally:
            if taken:
                self._sending.release()
        self._commands.wait_for_all_acked(Duration(seconds=ACKNOWLEDGED_S))

    def make_safe(self) -> None:
        """Disarm and stop the motors."""
        if self.loop is None or not self._entities:
            return
        self.loop.disarm()
        self.send_safe_command()
        self._publish_mode()

    def cleanup(self) -> None:
        """Close topics and services, drop the controller."""
        self._was_armed = False
        destroy(self, *self._entities)
        self._entities = []
        self._release_claim()
        self.loop = None
        self.health.watch(None)

    def reconfigure(self, config: Any) -> None:
        """Apply the parameters that may change in operation."""
        self._running().adapter.config = config

    def objection(self, config: Any) -> str:
        """Return the adapter's reason to refuse parameters of an armed vehicle."""
        armed = self.loop is not None and self.loop.modes.armed
        return self._running().adapter.objection(config) if armed else ""

    def on_conflicts(self) -> None:
        """Disarm a vehicle that another node commands, unless its motors have turned already."""
        modes = self._running().modes
        if modes.armed and modes.waiting and (others := self._other_commanders()):
            self._send(self._running().disarm(f"not armed: {others}"))
            self._publish_mode()

    def _open(self) -> None:
        loop = self._running()
        events = PublisherEventCallbacks(deadline=self.health.deadline)
        self._commands = self.open_commands(loop.period_s, events)
        n_actions = len(loop.controller.action_names)
        self._off = self.to_message(np.full(n_actions, OFF))
        self._ticks = self.create_publisher(Float64MultiArray, "~/tick", qos("record"))
        self._spikes = self.create_publisher(UInt8MultiArray, "~/spikes", qos("record"))
        self._mode = self.create_publisher(DiagnosticStatus, "~/mode", qos("latched"))
        self._entities += [self._commands, self._ticks, self._spikes, self._mode]
        for kind, name, callback in self.inputs():
            quality = self.interface.topic(name).quality
            self._entities += self.subscribe(kind, name, self.guarded(callback), quality)
        on_stop = self.guarded(self._on_emergency_stop)
        self._entities += self.subscribe(Bool, "emergency_stop", on_stop, "event")
        common = (
            (SetBool, "~/emergency_stop", self._on_stop_request),
            (SetBool, "~/arm", self._on_arm),
            *self._adaptation.services(),
            (Trigger, "~/reset", self._on_reset),
            (Trigger, "~/reload", self._on_reload),
        )
        for kind, name, callback in (*common, *self.own_services()):
            self._entities.append(self.create_service(kind, name, self.guarded(callback)))
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        on_watch = self.guarded(self.while_active(self._on_watch))
        watch = self.create_timer(self.watch_s, on_watch, clock=steady)
        self._entities.append(watch)
        supervised = loop.adapter.supervised_names
        names = tick_fields(n_actions, loop.controller.order_names, supervised)
        self._fields = named((*names, *loop.controller.observation_names))

    # Ticks.

    def process(self, reading: Reading[Any], stamp: Any, since_s: float) -> None:
        """Process a measurement: send its command, then record the tick.

        Args:
            reading: reading of the adapter.
            stamp: stamp of the message.
            since_s: monotonic time of the start of the callback.
        """
        clock_ns = int(self.get_clock().now().nanoseconds)
        tick = self._running().tick(reading, stamp.sec * 10**9 + stamp.nanosec, clock_ns, since_s)
        if tick:
            self._complete(tick, since_s)

    def sense(self, name: str, value: float, stamp: Any) -> None:
        """Process a measurement of a further sensor, see `ControlLoop.sense`."""
        clock_ns = int(self.get_clock().now().nanoseconds)
        stamp_ns = stamp.sec * 10**9 + stamp.nanosec
        self._running().sense(name, value, stamp_ns, clock_ns, time.monotonic())

    def _complete(self, tick: Tick, since_s: float) -> None:
        """Send the command of a tick, then record it."""
        loop = self._running()
        if tick.command is not None:
            self._send(tick.command)
        latency_s = time.monotonic() - since_s
        age_s = (int(self.get_clock().now().nanoseconds) - tick.stamp_ns) * 1e-9
        if not tick.usable and loop.measured_s is not None:
            age_s = time.monotonic() - loop.measured_s
        self.health.ticked(tick, latency_s, age_s)
        self._record(tick, latency_s, age_s)
        self._publish_mode()
        loop.keep_ready()

    def _on_watch(self) -> None:
        loop, now_s = self._running(), time.monotonic()
        clock_ns = int(self.get_clock().now().nanoseconds)
        self.accompany(now_s)
        for event in loop.stream_events(now_s):
            self.get_logger().warning(f"{event.stream}: {event.kind}", throttle_duration_sec=1.0)
        if tick := loop.coast(now_s, clock_ns):
            self._complete(tick, now_s)
            return
        command = loop.watch(now_s, clock_ns)
        pause_s = now_s - self._sent_s
        if command is not None:
            self._send(command)
        elif loop.modes.mode in (*CONTROLLER_MODES, Mode.MANUAL) and pause_s > 1.5 * loop.period_s:
            self._send(loop.gate.last)  # repeated, as a sign of life for the receiver
        self._publish_mode()

    def _send(self, command: FloatArray) -> None:
        with self._sending:  # the safe command of an ending process is the last one
            if not self.ending:
                self._publish(command)

    def _publish(self, command: FloatArray) -> None:
        self._commands.publish(self.to_message(command))
        self._sent_s = time.monotonic()

    def _record(self, tick: Tick, latency_s: float, age_s: float) -> None:
        record = Float64MultiArray(data=tick_values(tick, latency_s, age_s))
        record.layout.dim = [self._fields]
        self._ticks.publish(record)
        spikes = self._running().controller.spikes
        if spikes.size and np.isfinite(tick.output).all():
            self.health.spiked(float(spikes.sum()))
            self._spikes.publish(spike_message(spikes))

    # Services.

    def _on_arm(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        loop = self._running()
        if not self.active:
            return answer(response, False, "the node is not active; activate it first")
        done = True
        if request.data:
            done = self._arm()
        else:
            self._send(loop.disarm())
        self._publish_mode()
        return answer(response, done, loop.modes.mode if done else loop.modes.reason)

    def _on_emergency_stop(self, message: Bool) -> None:
        loop = self._running()
        if message.data == loop.modes.emergency:
            return
        command = loop.emergency_stop(message.data)
        if message.data and self._was_armed:
            self._send(command)
        self.get_logger().warning(loop.modes.reason)
        self._publish_mode()

    def _on_stop_request(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        self._on_emergency_stop(Bool(data=request.data))
        return answer(response, True, self._running().modes.reason)

    def _arm(self) -> bool:
        """Arm the vehicle; if that is refused, return False: the mode has the reason."""
        loop = self._running()
        if loop.modes.armed:
            return True
        if refusal := self._refusal():
            loop.modes.disarm(f"not armed: {refusal}")
        else:
            loop.arm(time.monotonic())
        if loop.modes.armed:
            self._was_armed = True
        else:
            self._release_claim()
        return loop.modes.armed

    def _refusal(self) -> str:
        """Return a reason against arming; if there is none, claim the topic of the commands."""
        try:
            self._require_types()
            objection = self._running().adapter.objection(self.config)
            if refusal := self._other_commanders() or objection:
                return refusal
            topic = self._commands.topic_name
            refusal = f"topic {topic} is commanded by another process on this machine: end it"
            self._claim = self._claim or claim(self, f"topic {topic}", refusal)
        except ConfigError as exc:
            return str(exc)
        return ""

    def _other_commanders(self) -> str:
        """Return the other nodes that command the vehicle; empty if there are none."""
        try:
            return "; ".join((*self.conflicts.namesakes(), *self.conflicts.publishers("out")))
        except ConfigError as exc:
            return str(exc)

    def _release_claim(self) -> None:
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        loop = self._running()
        loop.reset()
        failure = loop.modes.failure
        return answer(response, not failure, failure or "the controller is in its initial state")

    def _on_reload(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._running().replace(self._model.ready(self.config))
        except Exception as exc:
            return answer(response, False, f"the current controller stays active: {exc}")
        return answer(response, True, "loaded")

    # Implementation.

    def _model_status(self) -> Status:
        if self.loop is None or self.config is None:
            return Status(message="no model loaded")
        return self._model.status(self.loop.controller, self.config)

    def _running(self) -> ControlLoop[A]:
        assert self.loop is not None, "not configured"
        return self.loop

    def _publish_mode(self) -> None:
        modes = self._running().modes
        current = (modes.mode, modes.reason)
        if current == self._published:
            return
        if self._published is None or self._published[0] is not modes.mode:
            self.get_logger().info(f"mode {modes.mode}: {modes.reason}")
        self._published = current
        status = self.health.mode_status()
        message = self.diagnostics.to_message("mode", status)
        message.message = str(modes.mode)
        message.values = [KeyValue(key="reason", value=modes.reason)]
        self._mode.publish(message)
