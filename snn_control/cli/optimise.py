"""What the verbs `evolve` and `train` share: opening the run, saving, concluding, printing."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console

from snn_control.cli.progress import Progress
from snn_control.cli.result import JsonOption, Result, WrongUseError
from snn_control.controllers import load, save
from snn_control.errors import ConfigError
from snn_control.runs import Run
from snn_control.training.conclude import conclude
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import (
    METHODS,
    optimisation_config,
    optimise,
    prepare,
    read_optimisation,
)
from snn_control.training.systems import system


@dataclass(frozen=True, kw_only=True)
class OptimiseOptions(JsonOption):
    """Options of both verbs."""

    config: tyro.conf.Positional[str] = ""
    """Name of a shipped configuration or a YAML file; not needed with --resume."""
    seed: int = 0
    """Seed of data, start and search."""
    budget: str = ""
    """Seconds (60s), generations, of a training steps or rounds (200gen), or control periods in the
    environment (180000steps); default: with --resume what the run was started with, else the
    configuration's."""
    out: Path | None = None
    """Run folder to make; default: runs/NAME-SEED."""
    resume: Path | None = None
    """Run folder to go on with."""
    save: Path | None = None
    """Also write the model here, for example models/NAME."""
    report: bool = True
    """Evaluate the result and make the report page."""


@dataclass(frozen=True)
class Opened:
    """A run that is open for writing, new or resumed."""

    run: Run
    config: MethodConfig
    seed: int
    arrays: dict[str, np.ndarray] | None
    """Arrays of the checkpoint to continue from; None in a new run."""


def optimise_as(args: OptimiseOptions, verb: str) -> Result:
    """Make a controller of a configuration; evaluate it and make its page.

    Args:
        args: of the verb.
        verb: `evolve` runs evolutions alone, `train` every method.

    Raises:
        WrongUseError: neither a configuration nor a run is named.
        ConfigError: the budget or the configuration cannot be read, or is for another verb; no
            folder is made then.
        MissingExtraError: a package is not installed; as well.
    """
    opened = _open_run(args, verb)
    with Progress(quiet=args.json, unit=METHODS[opened.config.method].unit) as progress:
        model = optimise(
            opened.config,
            opened.run,
            seed=opened.seed,
            budget=_budget(args, opened.run),
            on_progress=progress.update,
            resume_from=opened.arrays,
        )
    return _finish(args, opened, model)


def _open_run(args: OptimiseOptions, verb: str) -> Opened:
    if args.resume:
        before = Run.open(args.resume)
        config = optimisation_config(before.config, str(args.resume / "config.yaml"))
        _require_verb(config, verb)
        prepare(config, _budget(args, before))
        run, checkpoint = Run.resume(args.resume)
        return Opened(run, config, int(run.manifest["seed"]), checkpoint.arrays)
    if not args.config:
        raise WrongUseError("name a configuration, or a run with --resume")
    config = read_optimisation(args.config)
    _require_verb(config, verb)
    prepare(config, args.budget)
    folder = args.out or Path("runs") / f"{config.name}-{args.seed}"
    command = "snn-control " + shlex.join(sys.argv[1:])
    run = Run.create(folder, command=command, config=config, seed=args.seed, budget=args.budget)
    return Opened(run, config, args.seed, None)


def _require_verb(config: MethodConfig, verb: str) -> None:
    own = METHODS[config.method].verb
    if verb not in (own, "train"):
        raise ConfigError(
            f"{config.name}: method is {config.method}; run it with `snn-control {own}`"
        )


def _finish(args: OptimiseOptions, opened: Opened, model: Path) -> Result:
    config = opened.config
    made_by = f"snn-control {METHODS[config.method].verb} {config.name} --seed {opened.seed}"
    if budget := _budget(args, opened.run):
        made_by += f" --budget {budget}"
    data = {"run": str(opened.run.folder), "model": str(model), "seed": opened.seed}
    if args.save:
        about = provenance(config.name, made_by, config.recordings, config.data)
        data["saved"] = str(save(load(model), args.save, about))
    if not args.report:
        opened.run.finish()
        return Result(data)
    conclusion = conclude(opened.run, config.name, model, system=system(config.system))
    headline, means = conclusion.headline, conclusion.means
    data |= {f"{name}_{headline.key}": mean for name, mean in means.items()}
    data["report"] = str(conclusion.report)
    return Result(data, lines=[headline.line(name, mean) for name, mean in means.items()])


def _budget(args: OptimiseOptions, run: Run) -> str:
    """Return the budget of the command line, else that of the run."""
    return args.budget or str(run.manifest.get("budget") or "")


def provenance(name: str, made_by: str, flights: Sequence[str], data: str) -> dict[str, str]:
    """Return how a saved model was made and who may use it.

    The rights to own flight logs are not known here, so there is no licence with them.
    """
    about = {"name": name, "made_by": made_by, "data": data}
    if flights:
        return about | {"data": f"{data}; {len(flights)} flight log(s)"}
    return about | {"license": "Apache-2.0"}


def show(result: Result, console: Console) -> None:
    """Print the outcome; the page's path is the last line."""
    for line in result.lines:
        console.print(line)
    console.print(f"model: {result.data['model']}", markup=False, soft_wrap=True)
    if "report" in result.data:
        console.print(result.data["report"], markup=False, soft_wrap=True)
