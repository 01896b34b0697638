"""Runs of a vehicle over the bus: simulator, controller and recorder as processes."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from snn_control.controllers.files import model_path
from snn_control.input_file import is_file, is_folder
from snn_control.ros.bags.ticks import read_ticks
from snn_control.ros.base.vehicle import BusResult, BusRun, Vehicle, bus_figures, controller_name
from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.ros.faults.channels import channels_of, remappings
from snn_control.ros.vehicles import vehicle_of
from snn_control.runs.checksums import read_arrays
from snn_control.supervision.fault_file import FaultFile
from snn_control.training.model_name import load_named

EXIT_IF_REFUSED = {"exit_if_refused": True}
RELAY = "fault_relay"
START_S = 60.0
"""Maximum wall time for the start of the nodes on a busy machine, s."""
SLOW = 3.0
"""Multiple of the requested duration after which a run is aborted."""


def run_simulated(run: BusRun, folder: Path) -> BusResult:
    """Run the simulated vehicle on an isolated bus; bag, logs and parameters go to `folder`/ros.

    Raises:
        UnknownNameError, ModelFileError: no such model, or an invalid file.
        InterfaceMismatchError: no vehicle has the interface of the model.
        ConfigError: the vehicle has no such preset or period, or the faults cannot be injected.
        RunError: a node died or the run exceeded its time; including the tail of its log. Or a
            fault had no effect.
    """
    vehicle = vehicle_of(load_named(run.model))
    faults = FaultFile.read(run.faults) if run.faults else None
    channels = channels_of(vehicle.fault_system) if faults else ()
    if faults:
        faults.streams(channel.channel for channel in channels)
    ros = folder.absolute() / "ros"
    accelerated = run.rate != 1.0
    simulator = vehicle.simulator_node(run)
    simulated = {
        **EXIT_IF_REFUSED,
        **simulator.parameters,
        "seed": run.seed,
        "duration_s": float(run.duration_s),
        "rate": float(run.rate),
        "clock": accelerated,
        "wait_for_controller": True,
        "exit_at_end": True,
        "flight_file": str(ros / "flight.npz"),
    }
    with Nodes(ros, local_bus(free_domain())) as nodes:
        nodes.start("recorder", {"bag": str(ros / "bag"), **EXIT_IF_REFUSED})
        parameters = {"use_sim_time": accelerated, "arm_on_activate": True}
        relays = (RELAY,) if faults else ()
        if faults:
            kept = ros / "faults.yaml"
            shutil.copyfile(faults.path, kept)
            own = {"system": vehicle.fault_system, "faults_file": str(kept)}
            nodes.start(RELAY, {**EXIT_IF_REFUSED, "use_sim_time": accelerated, **own})
        remaps = dict(remappings(channels, of_vehicle=False))
        name = _start_controller(nodes, vehicle, run.model, parameters, remaps)
        simulated["wait_for_listeners"] = [f"{name}/tick", f"{name}/spikes"]
        remaps = dict(remappings(channels, of_vehicle=True))
        nodes.start(simulator.node, simulated, remaps=remaps)
        nodes.wait(simulator.name, START_S + SLOW * run.duration_s / run.rate)
        nodes.finish(simulator.name, name, *relays, "recorder")
    return examine(run, ros, vehicle)


def run_on_robot(run: BusRun, folder: Path) -> dict[str, Any]:
    """Run controller and recorder on the bus of the environment; return the figures of the bus.

    The controller waits disarmed. The run ends after its duration, if any, or with Ctrl-C.

    Raises:
        InterfaceMismatchError: no vehicle has the interface of the model.
        RunError: a node died, or the controller never received a measurement. If the bag cannot be
            written, the run continues: a warning at once, the error at its end.
    """
    vehicle, ros = vehicle_of(load_named(run.model)), folder.absolute() / "ros"
    with Nodes(ros, os.environ) as nodes:
        nodes.start("recorder", {"bag": str(ros / "bag"), **EXIT_IF_REFUSED})
        name = _start_controller(nodes, vehicle, run.model, {})
        with suppress(KeyboardInterrupt):
            nodes.watch(run.duration_s or math.inf, recorder="recorder")
        nodes.finish(name, "recorder")
    return bus_figures(read_ticks(ros / "bag"), vehicle.controller)


def _start_controller(
    nodes: Nodes,
    vehicle: Vehicle,
    model: str,
    parameters: dict[str, Any],
    remaps: Mapping[str, str] | None = None,
) -> str:
    start = vehicle.controller_node(_absolute(model))
    given = {**EXIT_IF_REFUSED, **parameters, **start.parameters}
    nodes.start(start.node, given, remaps=remaps)
    return start.name


def _absolute(model: str) -> str:
    path = Path(model)
    is_path = is_folder(path) or (path.suffix != "" and is_file(path))
    return str(path.absolute()) if is_path and model_path(model) is not None else model


def examine(run: BusRun, ros: Path, vehicle: Vehicle) -> BusResult:
    """Return metrics and trace of the bag and the recorded episode in the folder `ros`."""
    ticks = read_ticks(ros / "bag")
    simulated = read_arrays(ros / "flight.npz")
    episode, n_sent = vehicle.episode(ticks, simulated)
    summary = {
        "model": controller_name(run.model),
        "preset": run.preset,
        "seed": run.seed,
        **{name: episode.metrics[metric] for name, metric in vehicle.headline.items()},
        "lost_ticks": n_sent - int(ticks.measured.sum()),
    } | bus_figures(ticks, vehicle.controller, run.rate)
    return BusResult(episode, summary, f"{vehicle.environment} over ROS 2")
