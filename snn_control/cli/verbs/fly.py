"""`snn-control fly MODEL`: fly a controller as a ROS 2 node, in simulation or on the robot."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from snn_control.cli.result import JsonOption, Result, WrongUseError
from snn_control.controllers import Controller, save
from snn_control.controllers.files import model_path
from snn_control.errors import require
from snn_control.report import build_report, require_report
from snn_control.report.metric_names import metric_name, number
from snn_control.runs import Run
from snn_control.training.evaluate import write_evaluation, write_transfer
from snn_control.training.model_name import ModelName, load_named
from snn_control.training.systems import find_system


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Fly a controller as a ROS 2 node and leave a run folder with bag and page.

    With --sim simulator, controller and recorder run as processes of their own on a bus that
    nobody else is on. Without, controller and recorder join the bus of the environment
    (ROS_DOMAIN_ID), disarmed, until Ctrl-C or the end of --duration.

    Example: snn-control fly blimp-altitude --sim --duration 30
    Example: snn-control fly swimmer-spiking --sim
    """

    model: tyro.conf.Positional[str]
    """Name of a shipped model, `pid`, a run folder or a model file."""
    sim: bool = False
    """Fly the simulated robot that the controller suits."""
    duration: float | None = None
    """Length of the run, s of simulated time; default: the vehicle's own. Without --sim of wall
    time, 0: until Ctrl-C."""
    rate: float = 1.0
    """Simulated seconds a second; other than 1 with simulated time on /clock."""
    preset: str = "default"
    """Preset of the simulated vehicle's faults; of a blimp default, clean, missed, leak, stress."""
    seed: int = 0
    """Seed of the simulated robot."""
    out: Path | None = None
    """Run folder to make; default: runs/fly-MODEL-SEED."""
    report: bool = True
    """Make the page, with the same flight without a bus beside it."""


def run(args: Args) -> Result:
    """Fly, examine, make the page."""
    require("rclpy", "ros")
    require("rosbags", "logs")
    from snn_control.ros.base.vehicle import BusRun, controller_name
    from snn_control.ros.bus.fly import run_on_robot, run_simulated
    from snn_control.ros.vehicles import vehicle_of

    if args.report and args.sim:
        require_report()
    controller = load_named(args.model)
    vehicle = vehicle_of(controller)
    duration_s = vehicle.duration_s if args.duration is None else args.duration
    if args.sim and duration_s <= 0:
        raise WrongUseError(f"--duration is {duration_s:g}; expected more than 0 with --sim")
    bus_run = BusRun(args.model, args.preset, args.seed, duration_s, args.rate)
    folder = args.out or Path("runs") / f"fly-{controller_name(args.model)}-{args.seed}"
    command = "snn-control " + shlex.join(sys.argv[1:])
    opened = Run.create(folder, command=command, config=bus_run, seed=args.seed)
    before = signal.signal(signal.SIGTERM, _interrupt)
    status = "crashed"
    try:
        if not args.sim:
            summary = run_on_robot(bus_run, folder)
            status = "finished"
            return Result(summary | {"run": str(folder)})
        result = run_simulated(bus_run, folder)
        status = "finished"
    except KeyboardInterrupt:
        status = "stopped"
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        opened.finish(status)
    data: dict[str, Any] = result.summary | {"run": str(folder)}
    write_evaluation(result.evaluation(bus_run), folder, controller)
    if args.report:
        for alone, rival in vehicle.evaluations(bus_run):
            write_evaluation(alone, folder, rival)
        system = find_system(controller)
        if system and system.transfer:
            compared = {controller_name(args.model): controller} | system.rivals(controller)
            write_transfer(compared, system.transfer, folder)
        _keep_model(args.model, controller, folder)
        data["report"] = str(build_report(folder))
    lines = [_figure(key, data[key]) for key in vehicle.headline]
    return Result(data, lines=lines)


def _figure(key: str, value: float) -> str:
    name = metric_name(key)
    unit = f" {name.unit}" if name.unit else ""
    return f"{name.label}: {number(name.scale * value)}{unit}"


def _keep_model(model: str, controller: Controller, folder: Path) -> None:
    asked, kept = ModelName.parse(model), folder / "checkpoints" / "best"
    document = model_path(asked.base)
    if document is None:
        return
    kept.mkdir(parents=True, exist_ok=True)
    if asked.options:  # no file holds the controller as it was changed
        save(controller, kept / "model", about={"name": model})
        return
    for suffix in (".json", ".safetensors"):
        shutil.copy(document.with_suffix(suffix), kept / f"model{suffix}")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def show(result: Result, console: Console) -> None:
    """Print the figures; the page's path is the last line."""
    data = result.data
    for line in result.lines:
        console.print(line)
    if "latency_p50_ms" in data:
        console.print(
            f"measurement in to command out: p50 {data['latency_p50_ms']:.2f} ms, "
            f"p99 {data['latency_p99_ms']:.2f} ms, max {data['latency_max_ms']:.2f} ms"
        )
        console.print(
            f"{data['ticks']} ticks, {data['missed_ticks']} missed before them, "
            + (f"{data['lost_ticks']} lost on the bus, " if "lost_ticks" in data else "")
            + f"{data['overruns']} overruns"
        )
        same = {True: "identical", False: "DIFFERENT", None: "nothing to compare"}[
            data["replay_identical"]
        ]
        console.print(f"replayed offline: {same}, bit for bit")
    console.print(data.get("report", data["run"]), markup=False, soft_wrap=True)
