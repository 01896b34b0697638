"""`snn-control evolve CONFIG`: evolve a controller, evaluate it beside the PID, make its page."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console

from snn_control.cli.progress import Progress
from snn_control.cli.result import JsonOption, Result, WrongUseError
from snn_control.config import from_mapping, read_config
from snn_control.controllers import Altitude, load, save
from snn_control.runs import Run
from snn_control.training.conclude import conclude
from snn_control.training.evolve import Budget, EvolveConfig, evolve


@dataclass(frozen=True, kw_only=True)
class Args(JsonOption):
    """Evolve a controller into a run folder; the last line is the path of its report page.

    Example: snn-control evolve blimp-altitude --budget 60s --seed 1
    """

    config: tyro.conf.Positional[str] = ""
    """Name of a shipped configuration or a YAML file; not needed with --resume."""
    seed: int = 0
    """Seed of data, scenarios and strategy."""
    budget: str = ""
    """Seconds (60s) or generations (200gen); default: the configuration's generations."""
    workers: int = 0
    """Threads; 0: all cores. The result does not depend on it."""
    out: Path | None = None
    """Run folder to make; default: runs/NAME-SEED."""
    resume: Path | None = None
    """Run folder to go on with."""
    save: Path | None = None
    """Also write the model here, for example models/NAME."""
    report: bool = True
    """Evaluate the result and make the report page."""


def run(args: Args) -> Result:
    """Evolve, evaluate, report."""
    _use_threads(args.workers)
    if args.resume:
        folder, (opened, checkpoint) = args.resume, Run.resume(args.resume)
        config = from_mapping(EvolveConfig, opened.config, str(folder / "config.yaml"))
        seed, arrays = int(opened.manifest["seed"]), checkpoint.arrays
    elif args.config:
        config, seed, arrays = read_config(EvolveConfig, args.config), args.seed, None
        folder = args.out or Path("runs") / f"{config.name}-{seed}"
        command = "snn-control " + shlex.join(sys.argv[1:])
        opened = Run.create(folder, command=command, config=config, seed=seed)
    else:
        raise WrongUseError("name a configuration, or a run with --resume")
    budget = Budget.parse(args.budget or f"{config.generations}gen")
    with Progress(quiet=args.json) as progress:
        model = evolve(
            config,
            opened,
            seed=seed,
            budget=budget,
            on_generation=progress.update,
            resume_from=arrays,
        )
    data = {"run": str(folder), "model": str(model), "seed": seed}
    if args.save:
        about = provenance(config, seed, budget)
        data["saved"] = str(save(load_altitude(model), args.save, about))
    if args.report:
        data |= conclude(opened, config.name, model)
    else:
        opened.finish()
    return Result(data)


def load_altitude(model: Path) -> Altitude:
    """Load the evolved model."""
    controller = load(model)
    assert isinstance(controller, Altitude)
    return controller


def provenance(config: EvolveConfig, seed: int, budget: Budget) -> dict[str, str | int]:
    """What a shipped model says about itself: how it was made and who may use it."""
    generations = budget.generations or "until the time was up"
    return {
        "name": config.name,
        "made_by": f"snn-control evolve {config.name} --seed {seed}",
        "generations": generations,
        "data": "synthetic: drawn PIDs and randomised blimps of snn_control/BlimpAltitude-v0",
        "license": "Apache-2.0",
    }


def show(result: Result, console: Console) -> None:
    """Print the outcome; the page's path is the last line."""
    for key, value in result.data.items():
        if key.endswith("_hold_rmse_m"):
            name = key.removesuffix("_hold_rmse_m")
            console.print(f"{name}: holds altitude within {100 * value:.2f} cm RMSE")
    console.print(f"model: {result.data['model']}", markup=False, soft_wrap=True)
    if "report" in result.data:
        console.print(result.data["report"], markup=False, soft_wrap=True)


def _use_threads(workers: int) -> None:
    import numba

    if workers:
        numba.set_num_threads(min(workers, numba.get_num_threads()))
