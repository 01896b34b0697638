"""`snn-control fly MODEL`: run of a controller as a ROS 2 node, simulated or on the robot."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from snn_control.cli.options import File, Flag, Folder, JsonOption, Model, OptionalSeconds
from snn_control.cli.result import Result, WrongUseError
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
    """Run a controller as a ROS 2 node; write a run folder with a bag and a report page.

    With --sim, simulator, controller and recorder are separate processes on an isolated ROS
    domain. Without --sim, controller and recorder join the domain ROS_DOMAIN_ID, disarmed, until
    Ctrl-C or the end of --duration; --duration 0 has no end.

    Example: snn-control fly blimp-altitude --sim --duration 30

    Example: snn-control fly swimmer-spiking --sim

    Example: snn-control fly blimp-altitude --sim --faults lidar

    Example: snn-control fly blimp-altitude --sim --adapt
    """

    model: Model
    """Name of a shipped model, `pid`, a run folder or a model file."""
    sim: Flag = False
    """Simulate the robot that fits the controller."""
    duration: OptionalSeconds = None
    """Duration, s, of simulated time with --sim, else of wall time; default: by vehicle."""
    rate: float = 1.0
    """Simulated seconds per second of wall time; if not 1, /clock has the simulated time."""
    preset: str = "default"
    """Preset of simulated faults; blimp: default, clean, missed, leak or stress; corridor:
    static, novel, moving or novel-moving."""
    seed: int = 0
    """Seed of the simulated robot."""
    faults: File = None
    """YAML file of faults of sensors and actuators, or the name of a shipped one, for example
    `blimp`; needs --sim. A simulated blimp then has its senses. A fault that changes nothing, or
    reaches no node, is an error."""
    out: Folder = None
    """Run folder to create; default: runs/fly-MODEL-SEED."""
    adapt: Flag = False
    """Put the controller on the forward model of its vehicle, which learns; the same as the suffix
    `:adapting` of the model."""
    no_report: Flag = False
    """Write no report page, for which the same run without ROS is repeated for comparison."""


def run(args: Args) -> Result:
    """Run and evaluate the controller, write its page."""
    require("rclpy", "ros")
    require("rosbags", "logs")
    from snn_control.ros.base.signals import interrupted_once
    from snn_control.ros.base.vehicle import BusRun, controller_name
    from snn_control.ros.bus.fly import run_on_robot, run_simulated
    from snn_control.ros.vehicles import vehicle_of

    if args.sim and not args.no_report:
        require_report()
    model = args.model
    if args.adapt and not ModelName.parse(model).adapting:
        model = f"{model}:adapting"
    controller = load_named(model)
    vehicle = vehicle_of(controller)
    duration_s = vehicle.duration_s if args.duration is None else args.duration
    if args.sim and duration_s <= 0:
        raise WrongUseError(f"--duration is {duration_s:g}; expected more than 0 with --sim")
    if args.faults and not args.sim:
        raise WrongUseError(
            "--faults needs --sim; on a robot start fault_relay, see docs/how-to/inject_faults.md"
        )
    faults = str(args.faults or "")
    bus_run = BusRun(model, args.preset, args.seed, duration_s, args.rate, faults=faults)
    folder = args.out or Path("runs") / f"fly-{controller_name(model)}-{args.seed}"
    command = "snn-control " + shlex.join(sys.argv[1:])
    opened = Run.create(folder, command=command, config=bus_run, seed=args.seed)
    status = "crashed"
    with interrupted_once():
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
            opened.finish(status)
    data: dict[str, Any] = result.summary | {"run": str(folder)}
    write_evaluation(result.evaluation(bus_run), folder, controller)
    if not args.no_report:
        for alone, rival in vehicle.evaluations(bus_run):
            write_evaluation(alone, folder, rival)
        system = find_system(controller)
        if system and system.transfer:
            compared = {controller_name(model): controller} | system.rivals(controller)
            write_transfer(compared, system.transfer, folder)
        _keep_model(model, controller, folder)
        data["report"] = str(build_report(folder))
    lines = [_figure(key, data[key]) for key in vehicle.headline]
    return Result(data, lines=lines)


def _figure(key: str, value: float) -> str:
    name = metric_name(key)
    unit = f" {name.unit}" if name.unit else ""
    return f"{name.label}: {number(name.scale * value)}{unit}"


def _keep_model(model: str, controller: Controller, folder: Path) -> None:
    name, best = ModelName.parse(model), folder / "checkpoints" / "best"
    document = model_path(name.base)
    if document is None:
        return
    best.mkdir(parents=True, exist_ok=True)
    if name.options or name.adapting:  # no file contains the modified controller
        save(controller, best / "model", about={"name": model})
        return
    for suffix in (".json", ".safetensors"):
        shutil.copy(document.with_suffix(suffix), best / f"model{suffix}")


def show(result: Result, console: Console) -> None:
    """Print the figures; the last line is the path of the report page."""
    data = result.data
    for line in result.lines:
        console.print(line)
    if "latency_p50_ms" in data:
        console.print(
            f"latency from measurement to command: p50 {data['latency_p50_ms']:.2f} ms, "
            f"p99 {data['latency_p99_ms']:.2f} ms, max {data['latency_max_ms']:.2f} ms"
        )
        console.print(
            f"{data['ticks']} ticks, {data['missed_ticks']} missed, "
            + (f"{data['lost_ticks']} lost on the bus, " if "lost_ticks" in data else "")
            + f"{data['overruns']} overruns"
        )
        verdict = {True: "bit-identical", False: "DIFFERENT", None: "nothing to compare"}
        console.print(f"offline replay: {verdict[data['replay_identical']]}")
    console.print(data.get("report", data["run"]), markup=False, soft_wrap=True)
