"""Common parts of the verbs `evolve` and `train`: run folder, evaluation, saving, output."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from snn_control.cli.options import (
    Assignments,
    Config,
    File,
    Flag,
    Folder,
    JsonOption,
    Text,
    assigned,
)
from snn_control.cli.progress import Progress, steps
from snn_control.cli.result import Result, WrongUseError
from snn_control.config import overridden
from snn_control.controllers import load, save
from snn_control.errors import ConfigError, RunError
from snn_control.runs import Run
from snn_control.seeds import whole_seed
from snn_control.training.conclude import conclude
from snn_control.training.evolution.members import optimise_members
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import (
    method_of,
    optimisation_config,
    optimise,
    prepare,
    read_optimisation,
)


@dataclass(frozen=True, kw_only=True)
class OptimiseOptions(JsonOption):
    """Options of `evolve` and `train`."""

    config: Config = ""
    """Name of a shipped configuration or a YAML file; not needed with --resume."""
    seed: int = 0
    """Seed of data, initial parameters and search."""
    seeds: int = 1
    """Number of runs, with the seeds from --seed on; several become the members of one run."""
    budget: Text = ""
    """Time (60s, 10min), generations or training steps (200gen), or control periods (180000steps).
    Default: the budget of the resumed run or of the configuration."""
    set: Assignments = ()
    """Value of a key of the configuration, such as task.episodes=3 or strategy_config.sigma=.2."""
    out: Folder = None
    """Run folder to create; default: runs/NAME-SEED."""
    resume: Folder = None
    """Run folder to resume."""
    save: File = None
    """Path of a copy of the model, for example models/NAME."""
    no_report: Flag = False
    """Neither evaluate the result nor write a report page."""


@dataclass(frozen=True)
class Opened:
    """Run open for writing, new or resumed."""

    run: Run
    config: MethodConfig
    seed: int
    arrays: dict[str, np.ndarray] | None
    """Arrays of the checkpoint to resume from; None in a new run."""
    members: int = 1
    """Number of members; 1: a run without members."""


def optimise_as(
    args: OptimiseOptions, verb: str, overrides: Mapping[str, Any] | None = None
) -> Result:
    """Optimise the controller of a configuration, evaluate it and write its report page.

    No folder is created if an error is raised before the optimisation starts.

    Args:
        args: arguments of the verb.
        verb: `evolve`, which accepts only evolutions, or `train`, which accepts every method.
        overrides: values of keys of the configuration.

    Raises:
        WrongUseError: neither a configuration nor a run is named.
        ConfigError: the budget or the configuration is malformed, or is for another verb.
        MissingExtraError: a package is not installed.
    """
    opened = _open_run(args, verb, assigned(args.set) | dict(overrides or {}))
    budget = _budget(args, opened.run)
    with Progress(quiet=args.json, unit=method_of(opened.config).unit) as progress:
        if opened.members > 1:
            model = optimise_members(
                opened.config,
                opened.run,
                seeds=range(opened.seed, opened.seed + opened.members),
                budget=budget,
                on_progress=progress.update,
            )
        else:
            model = optimise(
                opened.config,
                opened.run,
                seed=opened.seed,
                budget=budget,
                on_progress=progress.update,
                resume_from=opened.arrays,
            )
    return _finish(args, opened, model)


def _open_run(args: OptimiseOptions, verb: str, overrides: Mapping[str, Any]) -> Opened:
    if args.resume:
        if args.set:
            raise WrongUseError("--set with --resume: a resumed run keeps its configuration")
        before = Run.open(args.resume)
        where = str(args.resume / "config.yaml")
        config = optimisation_config(overridden(before.config, overrides), where)
        _require_verb(config, verb)
        prepare(config, _budget(args, before))
        run, checkpoint = Run.resume(args.resume)
        members = int(checkpoint.meta.get("members", 1))
        return Opened(run, config, int(run.manifest["seed"]), checkpoint.arrays, members)
    whole_seed(args.seed)
    if args.seeds < 1:
        raise WrongUseError(f"--seeds is {args.seeds}; expected at least 1")
    if not args.config:
        raise WrongUseError("no configuration; name one, or a run folder with --resume")
    config = read_optimisation(args.config, overrides)
    _require_verb(config, verb)
    prepare(config, args.budget)
    folder = args.out or Path("runs") / f"{config.name}-{args.seed}"
    command = "snn-control " + shlex.join(sys.argv[1:])
    try:
        run = Run.create(folder, command=command, config=config, seed=args.seed, budget=args.budget)
    except RunError as exc:
        resume = f", or use --resume {folder}" if (folder / "manifest.json").is_file() else ""
        raise RunError(f"{exc}{resume}") from exc
    if args.seeds > 1:
        run.checkpoint(0, {}, {"members": args.seeds})
    return Opened(run, config, args.seed, None, args.seeds)


def _require_verb(config: MethodConfig, verb: str) -> None:
    own = method_of(config).verb
    if verb not in (own, "train"):
        raise ConfigError(
            f"{config.name}: method is {config.method}; run it with `snn-control {own}`"
        )


def _finish(args: OptimiseOptions, opened: Opened, model: Path) -> Result:
    config = opened.config
    made_by = f"snn-control {method_of(config).verb} {config.name} --seed {opened.seed}"
    if budget := _budget(args, opened.run):
        made_by += f" --budget {budget}"
    data = {"run": str(opened.run.folder), "model": str(model), "seed": opened.seed}
    if args.save:
        about = provenance(config.name, made_by, config.recordings, config.data)
        about |= config.own_system.about
        data["saved"] = str(save(load(model), args.save, about))
    if args.no_report:
        opened.run.finish()
        return Result(data)
    conclusion = conclude(
        opened.run,
        config.name,
        model,
        system=config.own_system,
        progress=steps(quiet=args.json),
    )
    headline, means = conclusion.headline, conclusion.means
    data |= {f"{name}_{headline.key}": mean for name, mean in means.items()}
    data["report"] = str(conclusion.report)
    return Result(data, lines=[headline.line(name, mean) for name, mean in means.items()])


def _budget(args: OptimiseOptions, run: Run) -> str:
    """Return the budget of the command line, else that of the run."""
    return args.budget or str(run.manifest.get("budget") or "")


def provenance(name: str, made_by: str, recordings: Sequence[str], data: str) -> dict[str, str]:
    """Return origin and licence of a saved model.

    The rights to flight logs of the user are unknown, so a model fitted to them gets no licence.
    """
    about = {"name": name, "made_by": made_by, "data": data}
    if recordings:
        return about | {"data": f"{data}; {len(recordings)} flight log(s)"}
    return about | {"license": "Apache-2.0"}


def show(result: Result, console: Console) -> None:
    """Print the outcome; the last line is the path of the report page."""
    for line in result.lines:
        console.print(line)
    console.print(f"model: {result.data['model']}", markup=False, soft_wrap=True)
    if "report" in result.data:
        console.print(result.data["report"], markup=False, soft_wrap=True)
