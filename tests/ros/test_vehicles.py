"""Registry of the vehicles, and selection of the vehicle of a controller."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import numpy as np
import pytest

from snn_control.controllers import Controller
from snn_control.controllers.files import model_names
from snn_control.errors import ConfigError, InterfaceMismatchError
from snn_control.ros import launching, vehicles
from snn_control.ros.bags.ticks import RecordedTicks
from snn_control.ros.base.vehicle import Arrays, BusRun, NodeStart, Vehicle
from snn_control.ros.vehicles import ENTRY_POINT_GROUP, VEHICLES, vehicle_names, vehicle_of
from snn_control.training.evaluate import Evaluation
from snn_control.training.model_name import load_named
from snn_control.training.rollout import Episode

WITHOUT_VEHICLE = {"gap"}
"""Controllers of systems that have no vehicle on the bus yet."""
MODELS = [*(name for name in model_names() if name not in WITHOUT_VEHICLE), "swimmer:4-links"]


class Declared(Controller):
    """Controller with arbitrary observation and action names."""

    control_period_s = 0.1

    def __init__(self, observations: Sequence[str], actions: Sequence[str]) -> None:
        self.observation_names, self.action_names = tuple(observations), tuple(actions)

    def reset(self, seed: int | None = None) -> None:
        pass

    def _step(self, observation: np.ndarray) -> np.ndarray:
        return np.zeros(len(self.action_names))

    @property
    def readouts(self) -> dict[str, float]:
        return {}


CART = Declared(("position_m",), ("force_n",))


class CartVehicle(Vehicle):
    """Vehicle of another package."""

    environment = "cart_package/Cart-v0"
    duration_s = 10.0
    headline: ClassVar[dict[str, str]] = {}

    @classmethod
    def accepts(cls, controller: Controller) -> bool:
        return controller.action_names == ("force_n",)

    def controller_node(self, model: str) -> NodeStart:
        return NodeStart("cart_package.cart_controller", {"model": model})

    def simulator_node(self, run: BusRun) -> NodeStart:
        return NodeStart("cart_package.cart_simulator")

    def episode(self, ticks: RecordedTicks, simulated: Arrays) -> tuple[Episode, int]:
        return Episode(0.0, {}, {}), 0

    def evaluations(self, run: BusRun) -> list[tuple[Evaluation, Controller]]:
        return []


class Greedy(CartVehicle):
    """Vehicle that accepts every controller."""

    @classmethod
    def accepts(cls, controller: Controller) -> bool:
        return True


def register(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    point = EntryPoint(name, value, ENTRY_POINT_GROUP)

    def entry_points(group: str) -> list[EntryPoint]:
        return [point] if group == ENTRY_POINT_GROUP else []

    monkeypatch.setattr(vehicles, "entry_points", entry_points)


@pytest.mark.parametrize("model", MODELS)
def test_exactly_one_vehicle_accepts_a_model(model: str) -> None:
    accepted = [name for name, kind in VEHICLES.items() if kind.accepts(load_named(model))]
    stem = model.partition("-")[0].partition(":")[0]
    assert accepted == [{"gap": "corridor", "pid": "blimp"}.get(stem, stem)]


@pytest.mark.parametrize("model", MODELS)
def test_nodes_of_a_vehicle_match_the_list(model: str) -> None:
    vehicle = vehicle_of(load_named(model))
    start = vehicle.controller_node(model)
    node = launching.NODES[start.node]
    assert VEHICLES[node.system] is type(vehicle)
    assert node.kind == "controller"
    assert vehicle.simulator_node(BusRun(model)).node == node.simulator
    assert start.parameters == ({"model": model} if node.takes_model else {})


def test_every_controller_node_has_a_vehicle() -> None:
    nodes = {vehicle_of(load_named(model)).controller_node(model).node for model in MODELS}
    nodes |= {"serial_controller"}  # its controller is in a firmware, not in a model
    assert nodes == {node.name for node in launching.NODES.values() if node.kind == "controller"}


@pytest.mark.parametrize(
    "controller",
    [
        CART,
        Declared(("turn_rad", "joint_0_rad"), ("joint_0_effort", "joint_1_effort")),
        Declared(("joint_0_rad",), ("joint_0_effort", "joint_1_effort")),
        Declared(("height_error_m", "wind_m_s"), ("motor_command",)),
    ],
    ids=["cart", "other-angles", "too-few-angles", "other-measurement"],
)
def test_a_controller_without_a_vehicle_is_an_error(controller: Controller) -> None:
    with pytest.raises(
        InterfaceMismatchError, match="name a controller of blimp, corridor, swimmer"
    ) as error:
        vehicle_of(controller)
    assert str(controller.observation_names) in str(error.value)


def test_another_package_can_register_a_vehicle(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "cart", f"{__name__}:CartVehicle")
    vehicle = vehicle_of(CART)
    assert isinstance(vehicle, CartVehicle)
    assert vehicle.controller is CART
    assert vehicle.controller_node("model").name == "cart_controller"
    assert vehicle_names() == ["blimp", "cart", "corridor", "swimmer"]


@pytest.mark.parametrize("name", ["greedy", "blimp"])
def test_our_vehicles_take_precedence_over_other_packages(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, name, f"{__name__}:Greedy")
    assert type(vehicle_of(load_named("pid"))) is VEHICLES["blimp"]


def test_an_entry_point_that_is_not_a_vehicle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "cart", f"{__name__}:Declared")
    with pytest.raises(ConfigError, match="is not a subclass of Vehicle"):
        vehicle_of(CART)


def test_the_number_of_links_follows_from_the_controller() -> None:
    made: Any = vehicle_of(load_named("swimmer:4-links")).simulator_node(BusRun("swimmer:4-links"))
    assert made.parameters == {"n_links": 4}
