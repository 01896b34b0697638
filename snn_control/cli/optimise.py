"""What the verbs `evolve` and `train` share: opening the run, saving, concluding, printing."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import tyro
from rich.console import Console

from snn_control.cli.result import JsonOption, Result, WrongUseError
from snn_control.config import from_mapping, read_config
from snn_control.controllers import Altitude, Swimmer, load, save
from snn_control.runs import Run
from snn_control.training.budget import Budget
from snn_control.training.conclude import conclude

ConfigT = TypeVar("ConfigT")


@dataclass(frozen=True, kw_only=True)
class OptimiseOptions(JsonOption):
    """Options of both verbs."""

    config: tyro.conf.Positional[str] = ""
    """Name of a shipped configuration or a YAML file; not needed with --resume."""
    seed: int = 0
    """Seed of data, start and search."""
    budget: str = ""
    """Seconds (60s), or generations, of a training steps (200gen); default: with --resume what the
    run was started with, else the configuration's."""
    out: Path | None = None
    """Run folder to make; default: runs/NAME-SEED."""
    resume: Path | None = None
    """Run folder to go on with."""
    save: Path | None = None
    """Also write the model here, for example models/NAME."""
    report: bool = True
    """Evaluate the result and make the report page."""


@dataclass(frozen=True)
class Opened(Generic[ConfigT]):
    """A run that is open for writing, new or resumed."""

    run: Run
    config: ConfigT
    seed: int
    arrays: dict[str, np.ndarray] | None
    """Of the checkpoint to go on from; None in a new run."""


def open_run(args: OptimiseOptions, kind: type[ConfigT]) -> Opened[ConfigT]:
    """Make the run folder, or open the one to resume.

    Raises:
        WrongUseError: neither a configuration nor a run is named.
        ConfigError: the budget or the configuration cannot be read; no folder is made then.
    """
    if args.budget:
        Budget.parse(args.budget)
    if args.resume:
        run, checkpoint = Run.resume(args.resume)
        config = from_mapping(kind, run.config, str(args.resume / "config.yaml"))
        return Opened(run, config, int(run.manifest["seed"]), checkpoint.arrays)
    if not args.config:
        raise WrongUseError("name a configuration, or a run with --resume")
    config = read_config(kind, args.config)
    name: str = config.name  # type: ignore[attr-defined]
    folder = args.out or Path("runs") / f"{name}-{args.seed}"
    command = "snn-control " + shlex.join(sys.argv[1:])
    run = Run.create(folder, command=command, config=config, seed=args.seed, budget=args.budget)
    return Opened(run, config, args.seed, None)


def finish(
    args: OptimiseOptions,
    opened: Opened[Any],
    model: Path,
    *,
    verb: str,
    flights: Sequence[str],
    data: str,
) -> Result:
    """Save the model where asked for, and evaluate it and make its page unless told not to.

    Args:
        args: of the command line.
        opened: the run.
        model: document of its best model.
        verb: what made it.
        flights: logs that it was made from, besides other data.
        data: what else it was made from.
    """
    name = opened.config.name
    made_by = f"snn-control {verb} {name} --seed {opened.seed}"
    if budget := args.budget or opened.run.manifest.get("budget"):
        made_by += f" --budget {budget}"
    found = {"run": str(opened.run.folder), "model": str(model), "seed": opened.seed}
    if args.save:
        controller = load(model)
        assert isinstance(controller, Altitude | Swimmer)
        found["saved"] = str(save(controller, args.save, provenance(name, made_by, flights, data)))
    if args.report:
        found |= conclude(opened.run, name, model)
    else:
        opened.run.finish()
    return Result(found)


def budget_of(args: OptimiseOptions, run: Run, default: int) -> Budget:
    """Return the budget of the command line, else that of the run, else `default` generations."""
    return Budget.parse(args.budget or run.manifest.get("budget") or f"{default}gen")


def provenance(name: str, made_by: str, flights: Sequence[str], data: str) -> dict[str, str]:
    """What a saved model says about itself: how it was made and who may use it.

    The rights to own flight logs are not known here, so there is no licence with them.
    """
    about = {"name": name, "made_by": made_by, "data": data}
    if flights:
        return about | {"data": f"{data}; {len(flights)} flight log(s)"}
    return about | {"license": "Apache-2.0"}


def show(result: Result, console: Console) -> None:
    """Print the outcome; the page's path is the last line."""
    for key, value in result.data.items():
        if key.endswith("_hold_rmse_m"):
            name = key.removesuffix("_hold_rmse_m")
            console.print(f"{name}: holds altitude within {100 * value:.2f} cm RMSE")
        elif key.endswith("_return"):
            console.print(f"{key.removesuffix('_return')}: return {value:.1f} of 1000")
    console.print(f"model: {result.data['model']}", markup=False, soft_wrap=True)
    if "report" in result.data:
        console.print(result.data["report"], markup=False, soft_wrap=True)
