"""Base class of the nodes: failures are logged, outputs made safe, and transitions refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from lifecycle_msgs.msg import State
from rclpy.context import Context
from std_srvs.srv import Trigger

from snn_control.errors import ConfigError
from snn_control.loops.field import field_docs, parameter
from snn_control.ros.base.managed_node import ManagedNode
from snn_control.ros.bus.domains import free_domain


@dataclass(frozen=True)
class Config:
    """Parameters of the node under test."""

    gain: float = parameter(1.0, 0.0, 2.0, live=True)
    """Feedback gain, 1/s."""


class Fragile(ManagedNode):
    """Node that fails in chosen steps."""

    config_type = Config

    def __init__(self, **options: Any) -> None:
        super().__init__("fragile", **options)
        self.fails: dict[str, Exception] = {}
        self.done: list[str] = []

    def _do(self, step: str) -> None:
        self.done.append(step)
        if step in self.fails:
            raise self.fails[step]

    def configure(self, config: Any) -> None:
        self._do("configure")

    def activate(self) -> None:
        self._do("activate")

    def deactivate(self) -> None:
        self._do("deactivate")

    def cleanup(self) -> None:
        self._do("cleanup")

    def make_safe(self) -> None:
        self._do("make_safe")

    def reconfigure(self, config: Any) -> None:
        self._do(f"gain {config.gain:g}")

    def beat(self) -> None:
        self._do("beat")

    def answer(self, _: Any, response: Any) -> Any:
        self._do("answer")
        return response


@pytest.fixture
def node() -> Iterator[Fragile]:
    context = Context()
    rclpy.init(context=context, domain_id=free_domain())
    made = Fragile(context=context)
    yield made
    made.fails.clear()
    made.destroy_node()
    rclpy.try_shutdown(context=context)


def test_outputs_are_made_safe_before_deactivation_and_shutdown(node: Fragile) -> None:
    assert node.try_transition("configure")
    assert node.try_transition("activate")
    node.done.clear()
    assert node.try_transition("deactivate")
    assert node.done == ["make_safe", "deactivate"]
    assert node.try_transition("activate")
    node.done.clear()
    assert node.try_transition("shutdown")
    assert node.done == ["make_safe", "deactivate", "cleanup"]
    assert node.state == State.PRIMARY_STATE_FINALIZED


@pytest.mark.parametrize("step", ["configure", "activate", "deactivate", "cleanup"])
@pytest.mark.parametrize("error", [ConfigError("wrong setting"), ZeroDivisionError("bad luck")])
def test_a_node_can_be_configured_again_after_a_failed_step(
    step: str, error: Exception, node: Fragile, capfd: pytest.CaptureFixture
) -> None:
    cycle = ["configure", "activate", "deactivate", "cleanup"]
    for transition in cycle[: cycle.index(step)]:
        assert node.try_transition(transition)
    node.fails[step] = error
    assert not node.try_transition(step)
    log = "".join(capfd.readouterr())
    assert str(error) in log
    assert ("Traceback" in log) == isinstance(error, ZeroDivisionError)
    assert str(error) in node.trouble
    node.fails.clear()
    if step == "activate":
        assert "make_safe" in node.done
    if node.state == State.PRIMARY_STATE_ACTIVE:
        assert node.try_transition("deactivate")
    if node.state == State.PRIMARY_STATE_INACTIVE:
        assert node.try_transition("cleanup")
    assert node.state == State.PRIMARY_STATE_UNCONFIGURED
    assert node.try_transition("configure")
    assert node.try_transition("activate")


def test_shutdown_ends_even_if_every_step_fails(node: Fragile) -> None:
    node.try_transition("configure")
    node.try_transition("activate")
    node.fails = {step: RuntimeError(step) for step in ("make_safe", "deactivate", "cleanup")}
    assert node.try_transition("shutdown")
    assert node.state == State.PRIMARY_STATE_FINALIZED


def test_a_callback_that_raises_makes_safe_and_deactivates(
    node: Fragile, capfd: pytest.CaptureFixture
) -> None:
    node.try_transition("configure")
    node.try_transition("activate")
    node.done.clear()
    node.fails["beat"] = ZeroDivisionError("in operation")
    assert node.guarded(node.beat)() is None
    assert node.state == State.PRIMARY_STATE_INACTIVE
    assert node.done[:2] == ["beat", "make_safe"]
    assert "ZeroDivisionError: in operation" in capfd.readouterr().err
    node.fails["answer"] = KeyError("service")
    response = node.guarded(node.answer)(Trigger.Request(), Trigger.Response())
    assert not response.success
    assert "service" in response.message


def test_illegal_local_transitions_do_not_raise(node: Fragile) -> None:
    for transition in ("activate", "deactivate", "cleanup"):
        assert not node.try_transition(transition)
    assert node.state == State.PRIMARY_STATE_UNCONFIGURED


def test_a_live_parameter_reaches_the_node(node: Fragile) -> None:
    node.try_transition("configure")
    node.try_transition("activate")
    [result] = node.set_parameters([rclpy.parameter.Parameter("gain", value=1.5)])
    assert result.successful
    assert node.config.gain == 1.5
    assert node.done[-1] == "gain 1.5"
    [result] = node.set_parameters([rclpy.parameter.Parameter("gain", value=2.5)])
    assert not result.successful
    assert node.config.gain == 1.5


def test_descriptors_contain_text_range_and_flags(node: Fragile) -> None:
    gain, executor = (node.describe_parameter(name) for name in ("gain", "executor"))
    assert gain.description == "Feedback gain, 1/s."
    assert (gain.floating_point_range[0].from_value, gain.floating_point_range[0].to_value) == (
        0,
        2,
    )
    assert executor.read_only
    assert set(field_docs(Config)) == {field.name for field in dataclasses.fields(Config)}
