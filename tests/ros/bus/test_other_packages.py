"""Nodes of another package, started by module."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.errors import UnknownNameError
from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import Nodes, local_bus
from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

SIMULATOR = '''
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from std_msgs.msg import Float64
from snn_control.ros.base.interface import qos
from snn_control.ros.base.run_node import run_node
from snn_control.ros.base.simulator_node import SimulatorConfig, SimulatorNode
from snn_control.runs import atomic


class Cart:
    """A cart that rolls away at a constant speed, measured every 0.1 s."""

    def __init__(self, duration_s):
        self.step, self._n_steps, self._measured = 0, round(duration_s / 0.01), -1

    @property
    def time_s(self):
        return 0.01 * self.step

    @property
    def finished(self):
        return self.step >= self._n_steps

    def measure(self):
        if self.step % 10 or self.step == self._measured:
            return None
        self._measured = self.step
        return self.time_s

    def advance(self):
        self.step += 1


class CartSimulator(SimulatorNode[Cart]):
    config_type = SimulatorConfig
    physics_step_s = 0.01

    def __init__(self, **options):
        super().__init__("cart_simulator", **options)

    def make_robot(self, config):
        return Cart(config.duration_s)

    def open_topics(self):
        self._position = self.create_publisher(Float64, "position", qos("sensor"))
        force = self.create_subscription(Float64, "force", lambda message: None, qos("command"))
        return self._position, force, []

    def publish(self, measurement, stamp):
        self._position.publish(Float64(data=measurement))

    def write_episode(self, robot, path):
        atomic.write_arrays(path, {"time_s": np.array([robot.time_s])})


def main(arguments=None):
    return run_node(CartSimulator, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
'''


def test_a_simulator_of_another_package_runs_to_its_end(tmp_path: Path) -> None:
    package = tmp_path / "cart_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "cart_simulator.py").write_text(SIMULATOR, "utf-8")
    path, environment = tmp_path / "flight.npz", local_bus(free_domain())
    environment["PYTHONPATH"] = str(tmp_path)
    with Nodes(tmp_path / "nodes", environment) as nodes:
        parameters = {"duration_s": 1.0, "exit_at_end": True, "flight_file": str(path)}
        nodes.start("cart_package.cart_simulator", parameters, namespace="yard")
        assert list(nodes.running) == ["yard-cart_simulator"]
        nodes.wait("yard-cart_simulator", 60.0)
    with np.load(path, allow_pickle=False) as archive:
        assert archive["time_s"] == pytest.approx([1.0])


def test_an_unknown_node_is_an_error_before_its_start(tmp_path: Path) -> None:
    with Nodes(tmp_path, {}) as nodes:
        with pytest.raises(UnknownNameError, match="Did you mean: `recorder`"):
            nodes.start("recoder", {})
        assert not nodes.running


def test_write_flight_is_a_deprecated_name_of_write_episode() -> None:
    from snn_control.ros.base.simulator_node import SimulatorNode

    def write_flight(self, robot, path) -> None:
        pass

    with pytest.warns(DeprecationWarning, match="rename write_flight to write_episode"):
        simulator = type("OldSimulator", (SimulatorNode,), {"write_flight": write_flight})
    assert vars(simulator)["write_episode"] is write_flight
    assert "write_episode" not in vars(simulator)["__abstractmethods__"]
