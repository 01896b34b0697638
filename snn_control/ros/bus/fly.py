"""One flight over the bus: simulator, controller and recorder as processes, and what is left."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers import Controller, Swimmer
from snn_control.ros.base.bag import read_ticks
from snn_control.ros.base.vehicle import Craft, Flight, Flown, bus_figures, controller_name
from snn_control.ros.blimp.vehicle import BlimpCraft
from snn_control.ros.bus.processes import Nodes, free_domain, local_bus
from snn_control.ros.swimmer.vehicle import SwimmerCraft
from snn_control.training.model_name import load_named

__all__ = ["Flight", "Flown", "controller_name", "craft_of", "fly", "fly_robot"]

ALL_OR_NONE = {"exit_if_refused": True}
START_S = 60.0
"""Wall time that nodes may take to start, on a busy machine."""
SLOW = 3.0
"""How much slower than asked for a flight may go before it is given up."""


def craft_of(controller: Controller) -> Craft:
    """Return the robot that a controller flies."""
    return SwimmerCraft(controller) if isinstance(controller, Swimmer) else BlimpCraft(controller)


def fly(flight: Flight, folder: Path) -> Flown:
    """Fly on a bus of its own; bag, logs and parameters go to `folder`/ros.

    Raises:
        UnknownNameError, ModelFileError: no such model, or a broken one.
        ConfigError: the robot cannot be flown like this.
        RunError: a node died or the flight took far too long; with the node's last words.
    """
    craft = craft_of(load_named(flight.model))
    ros = folder.absolute() / "ros"
    accelerated = flight.rate != 1.0
    simulated = {
        **ALL_OR_NONE,
        **craft.simulator_parameters(flight),
        "seed": flight.seed,
        "duration_s": float(flight.duration_s),
        "rate": float(flight.rate),
        "clock": accelerated,
        "wait_for_controller": True,
        "exit_at_end": True,
        "flight_file": str(ros / "flight.npz"),
    }
    with Nodes(ros, local_bus(free_domain())) as nodes:
        nodes.start("recorder", {"bag": str(ros / "bag"), **ALL_OR_NONE})
        parameters = {"use_sim_time": accelerated, "arm_on_activate": True}
        node = _start_controller(nodes, craft, flight.model, parameters)
        simulated["wait_for_listeners"] = [f"{node}/tick", f"{node}/spikes"]
        nodes.start(craft.simulator, simulated)
        nodes.wait(craft.simulator, START_S + SLOW * flight.duration_s / flight.rate)
        nodes.stop(craft.simulator, node, "recorder")
    return examine(flight, ros, craft)


def fly_robot(flight: Flight, folder: Path) -> dict[str, Any]:
    """Run controller and recorder on the bus of the environment; return the figures of the bus.

    The controller waits disarmed. Ends with the duration, where there is one, or with Ctrl-C.

    Raises:
        RunError: a node died, or the controller was never given a measurement.
    """
    craft, ros = craft_of(load_named(flight.model)), folder.absolute() / "ros"
    with Nodes(ros, os.environ) as nodes:
        nodes.start("recorder", {"bag": str(ros / "bag"), **ALL_OR_NONE})
        node = _start_controller(nodes, craft, flight.model, {})
        with suppress(KeyboardInterrupt):
            nodes.watch(flight.duration_s or math.inf)
        nodes.stop(node, "recorder")
    return bus_figures(read_ticks(ros / "bag"), craft.controller)


def _start_controller(nodes: Nodes, craft: Craft, model: str, parameters: dict[str, Any]) -> str:
    node = craft.node(model)
    named = {} if model == "pid" else {"model": _absolute(model)}
    nodes.start(node, {**ALL_OR_NONE, **parameters, **named})
    return node


def _absolute(model: str) -> str:
    path = Path(model)
    is_path = path.is_dir() or (path.suffix != "" and path.exists())
    return str(path.absolute()) if is_path else model


def examine(flight: Flight, ros: Path, craft: Craft) -> Flown:
    """Make metrics and trace of what a flight left in its folder `ros`."""
    ticks = read_ticks(ros / "bag")
    with np.load(ros / "flight.npz", allow_pickle=False) as archive:
        flown = {name: archive[name] for name in archive.files}
    episode, sent = craft.episode(ticks, flown)
    summary = {
        "model": controller_name(flight.model),
        "preset": flight.preset,
        "seed": flight.seed,
        **{name: episode.metrics[metric] for name, metric in craft.headline.items()},
        "lost_ticks": sent - len(ticks.stamp_ns),
    } | bus_figures(ticks, craft.controller, flight.rate)
    return Flown(episode, summary, f"{craft.environment} over ROS 2")
