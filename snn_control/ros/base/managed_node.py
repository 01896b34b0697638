"""Base class of all nodes: a lifecycle node that stays alive after errors and makes outputs safe.

A node implements `configure`, `activate`, `deactivate`, `cleanup` and `make_safe`. An exception in
them ends the transition: a `SnnControlError` refuses it with its message, any other is logged with
its traceback. An exception in a `guarded` callback makes the outputs safe and deactivates the node.
"""

from __future__ import annotations

import functools
import time
import traceback
import weakref
from abc import ABC
from collections.abc import Callable
from typing import Any, ClassVar

from lifecycle_msgs.msg import State
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_policy_name_from_kind

from snn_control.compilation import on_first_compilation
from snn_control.errors import MissingExtraError, SnnControlError
from snn_control.ros.base.conflicts import CHECK_S, Conflicts
from snn_control.ros.base.diagnostics import ERROR, WARN, Diagnostics, Status
from snn_control.ros.base.interface import Interface, Quality, qos
from snn_control.ros.base.parameters import Parameters

SUCCESS, FAILURE, FAULT = (
    TransitionCallbackReturn.SUCCESS,
    TransitionCallbackReturn.FAILURE,
    TransitionCallbackReturn.ERROR,
)


class ManagedNode(LifecycleNode, ABC):
    """Lifecycle node: dataclass parameters, illegal transitions refused, diagnostics.

    Attributes:
        config_type: frozen dataclass whose fields are parameters, beside those of `NodeConfig`.
        interface: its topics and services, less those in `shared`.
        shared: topics and services of every node of its kind.
        config: present instance of `config_type`; None before the first configure.
        ending: True once the process ends: outputs stay safe.
        started: True from the start of `activate` to the end of `deactivate`.
        conflicts: conflicts with other nodes on the bus.
    """

    config_type: ClassVar[type[Any]]
    interface: ClassVar[Interface] = Interface()
    shared: ClassVar[Interface] = Interface()

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.parameters = Parameters(self, self.config_type)
        self.parameters.configured = lambda: self.state != State.PRIMARY_STATE_UNCONFIGURED
        self.parameters.changed = self._reconfigured
        self.parameters.objection = self.objection
        self.config: Any = None
        self.trouble = ""
        self.lacks_package = False
        self.ending = self.started = False
        guard_transitions(self)
        wall = Clock(clock_type=ClockType.STEADY_TIME)
        self.diagnostics = Diagnostics(self, self.get_parameter("hardware_id").value)
        self.diagnostics.add("node", self._node_status)
        self.diagnostics.add("conflicts", self._conflicts_status)
        self.create_timer(self.diagnostics.period_s, self.diagnostics.publish, clock=wall)
        self.conflicts = Conflicts(self, self.interface.topics + self.shared.topics)
        self.create_timer(CHECK_S, self.guarded(self._check_conflicts), clock=wall)

    # Implemented by each node.

    def configure(self, config: Any) -> None:
        """Check and load everything, without any motion."""

    def activate(self) -> None:
        """Start."""

    def deactivate(self) -> None:
        """Stop; called once after each `activate`, also a failed one, with safe outputs."""

    def cleanup(self) -> None:
        """Release everything that `configure` created."""

    def send_safe_command(self) -> None:
        """Send the safe command, if there is one; called in any state and by any thread.

        It reads and changes no state that a callback may change at the same time.
        """

    def make_safe(self) -> None:
        """Make the outputs safe in any state; by default, send the safe command."""
        self.send_safe_command()

    def reconfigure(self, config: Any) -> None:
        """Apply changed parameters, between two ticks."""

    def objection(self, config: Any) -> str:
        """Return the reason to refuse changed parameters of a configured node; by default none."""
        return ""

    def on_conflicts(self) -> None:
        """React to new conflicts with other nodes, beside their report."""

    # Topics.

    def create_publisher(self, *arguments: Any, **options: Any) -> Any:
        """Create a publisher that reports subscribers of an incompatible quality of service."""
        return super().create_publisher(
            *arguments, **self._watched(PublisherEventCallbacks, arguments, options)
        )

    def create_subscription(self, *arguments: Any, **options: Any) -> Any:
        """Create a subscription that reports publishers of an incompatible quality of service."""
        return super().create_subscription(
            *arguments, **self._watched(SubscriptionEventCallbacks, arguments, options)
        )

    def subscribe(
        self, kind: Any, name: str, callback: Callable[[Any], None], quality: Quality
    ) -> list[Any]:
        """Return the subscriptions of an input.

        A latched input has two, since one that requests the last message of a publisher receives
        nothing from publishers that keep none, such as `ros2 topic pub` and
        `create_publisher(..., 10)`. `callback` may be called twice for a message.
        """
        qualities: tuple[Quality, ...] = (quality,)
        if quality == "latched":
            qualities = ("command", "latched")
        return [self.create_subscription(kind, name, callback, qos(each)) for each in qualities]

    def _watched(self, events: Any, arguments: Any, options: dict[str, Any]) -> dict[str, Any]:
        """Return options with a callback that marks the topic as incompatible."""
        topic = options["topic"] if "topic" in options else arguments[1]
        watched = options.get("event_callbacks") or events()
        if watched.incompatible_qos is None:
            node = weakref.ref(self)  # a cycle would keep the node on the bus until it is collected
            watched.incompatible_qos = lambda event: _mark_incompatible(node(), topic, event)
        return {**options, "event_callbacks": watched}

    # Transitions.

    @property
    def state(self) -> int:
        """Primary or transition state, a constant of `lifecycle_msgs.msg.State`."""
        return int(self._state_machine.current_state[0])

    @property
    def active(self) -> bool:
        """True if the node is active."""
        return self.state == State.PRIMARY_STATE_ACTIVE

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters and call `configure`."""

        def configure() -> None:
            self.get_logger().info("loading")
            self.config = self.parameters.read()
            with on_first_compilation(self.get_logger().info):
                self.configure(self.config)

        done = self._attempt("configure", configure)
        if done is not SUCCESS:
            self._attempt("clean up", self.cleanup)
        return done

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Call `activate`; after a failure make the outputs safe."""
        self.started = True
        done = self._attempt("activate", self.activate)
        if done is not SUCCESS:
            self._attempt("make safe", self.make_safe)
            self._halt()
        return done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make the outputs safe, then call `deactivate`."""
        self._attempt("make safe", self.make_safe)
        return self._halt()

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Call `cleanup`."""
        return self._attempt("clean up", self.cleanup)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make the outputs safe and release everything; never fails."""
        self._end()
        return SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make the outputs safe; the node is then unconfigured and can be configured again."""
        self._end()
        return SUCCESS

    def try_transition(self, transition: str) -> bool:
        """Trigger `configure`, `activate`, `deactivate`, `cleanup` or `shutdown`; never raises."""
        try:
            return bool(getattr(self, f"trigger_{transition}")() is SUCCESS)
        except Exception as exc:  # RCLError: illegal in this state
            self.get_logger().warning(f"{transition}: {exc}")
            return False

    def end_safely(self) -> None:
        """Keep the outputs safe until the end of the process; may be called by any thread."""
        self.ending = True
        self._attempt("send the safe command", self.send_safe_command)

    def _halt(self) -> TransitionCallbackReturn:
        done = self._attempt("deactivate", self.deactivate)
        self.started = False
        return done

    def _end(self) -> None:
        self._attempt("make safe", self.make_safe)
        if self.started:
            self._halt()
        self._attempt("clean up", self.cleanup)

    def _attempt(self, name: str, step: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            step()
        except SnnControlError as exc:
            self.lacks_package |= isinstance(exc, MissingExtraError)
            self.trouble = f"{name}: {exc}"
            self.get_logger().error(self.trouble)
            return FAILURE
        except Exception as exc:
            self.trouble = f"{name}: {exc!r}"
            self.get_logger().error(f"{name} failed\n{traceback.format_exc()}")
            return FAULT
        if name in ("configure", "activate"):
            self.trouble = ""
            self.get_logger().info(f"{name}d")
        return SUCCESS

    def guarded(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback: an exception is logged, makes the outputs safe and deactivates the node.

        A service then returns its response with `success` false.
        """

        @functools.wraps(callback)
        def run(*arguments: Any) -> Any:
            try:
                return callback(*arguments)
            except Exception as exc:
                self.trouble = f"{callback.__name__}: {exc!r}"
                self.get_logger().error(f"{callback.__name__} failed\n{traceback.format_exc()}")
                self._attempt("make safe", self.make_safe)
                if self.active:
                    self.try_transition("deactivate")
                if len(arguments) == 2:
                    arguments[1].success = False
                    arguments[1].message = repr(exc)
                    return arguments[1]
                return None

        return run

    def while_active(self, callback: Callable[..., None]) -> Callable[..., None]:
        """Wrap a callback of a topic or timer, to be called only while the node is active."""

        @functools.wraps(callback)
        def run(*arguments: Any) -> None:
            if self.active:
                callback(*arguments)

        return run

    def _reconfigured(self, config: Any) -> None:
        if self.config is None or self.state not in (
            State.PRIMARY_STATE_ACTIVE,
            State.PRIMARY_STATE_INACTIVE,
        ):
            return
        self.config = config
        self._attempt("apply parameters", lambda: self.reconfigure(config))

    def _check_conflicts(self) -> None:
        """Report new conflicts with other nodes at once; an unconfigured node has none."""
        before = self.conflicts.all()
        if self.state in (State.PRIMARY_STATE_ACTIVE, State.PRIMARY_STATE_INACTIVE):
            new = self.conflicts.update()
            for conflict in new:
                self.get_logger().error(conflict)
            if set(new) - {self.conflicts.failure}:
                self.on_conflicts()
        else:
            self.conflicts.reset()
        if self.conflicts.all() != before:
            self.diagnostics.publish("conflicts")

    def _conflicts_status(self) -> Status:
        status = Status(values={"conflicts": len(self.conflicts.present)})
        if problems := self.conflicts.all():
            status.escalate(ERROR, "; ".join(problems))
        return status

    def _node_status(self) -> Status:
        label = self._state_machine.current_state[1]
        status = Status(message=label, values={"state": label})
        for problem in self.parameters.problems.values():
            status.escalate(ERROR, problem)
        if self.trouble:
            status.escalate(ERROR if not self.active else WARN, self.trouble)
        return status

    def destroy_node(self) -> None:
        """Release everything and destroy the node."""
        self._attempt("clean up", self.cleanup)
        super().destroy_node()


def _mark_incompatible(node: ManagedNode | None, topic: str, event: Any) -> None:
    if node is not None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        node.conflicts.incompatible.mark(node.resolve_topic_name(topic), policy)


def guard_transitions(node: LifecycleNode) -> None:
    """Refuse illegal transition ids before rclpy raises.

    rclpy 7.1 raises `RCLError` for an id that is illegal in the current state, through the executor
    and `main`: any peer could end the node with one service call (ros2/rclpy#1209).
    """
    service = getattr(node, "_service_change_state", None)
    machine = getattr(node, "_state_machine", None)
    if service is None or machine is None:
        node.get_logger().warning("transitions are not guarded: unknown rclpy internals")
        return
    original = service.callback

    def change_state(request: Any, response: Any) -> Any:
        allowed = {entry[0] for entry in machine.available_transitions}
        if not request.transition.label and request.transition.id not in allowed:
            state = machine.current_state[1]
            node.get_logger().warning(
                f"transition {request.transition.id} is illegal while {state}; legal: "
                f"{sorted(allowed)}"
            )
            response.success = False
            return response
        return original(request, response)

    service.callback = change_state


def destroy(node: Node, *entities: Any) -> None:
    """Destroy publishers, subscriptions, services and timers; None is ignored."""
    for entity in entities:
        if entity is None:
            continue
        for kind in ("publisher", "subscription", "service", "timer"):
            if entity in getattr(node, f"_{kind}s"):
                getattr(node, f"destroy_{kind}")(entity)


def next_message(node: Node, kind: Any, topic: str, quality: QoSProfile, wait_s: float) -> Any:
    """Return the next message of a topic, or None; needs no executor and works in callbacks."""
    subscription = node.create_subscription(kind, topic, lambda _: None, quality)
    end_s = time.monotonic() + wait_s
    try:
        while time.monotonic() < end_s:
            with subscription.handle:
                received = subscription.handle.take_message(kind, False)
            if received is not None:
                return received[0]
            time.sleep(0.005)
        return None
    finally:
        node.destroy_subscription(subscription)
