"""Evolve a controller: config -> genome -> networks x plants -> cost -> strategy -> run."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from snn_control.config import from_mapping
from snn_control.controllers import Controller, save
from snn_control.controllers.files import file_kind
from snn_control.errors import (
    ConfigError,
    FitnessError,
    NotFiniteError,
    ParameterError,
    UnknownNameError,
)
from snn_control.evolution import EXECUTORS, Executor, Nsga2, make_strategy, strategy_type
from snn_control.evolution.executor import LOCAL
from snn_control.evolution.strategy import Strategy
from snn_control.runs import Run
from snn_control.runs.run import read_metrics
from snn_control.threads import one_blas_thread
from snn_control.training.any_environment.system import EnvironmentSystem
from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.budget import CHECKPOINT_PERIOD_S, Budget, OnProgress
from snn_control.training.evolution.front import FrontGrowth, save_front
from snn_control.training.evolution.objective import parse_objectives
from snn_control.training.evolution.workers import AUTO, LateProcesses, open_executor
from snn_control.training.method import MethodConfig, check_controller_name
from snn_control.training.system import ENVIRONMENT, System
from snn_control.training.systems import system, system_names
from snn_control.training.task import Fitness, Task
from snn_control.yaml_text import with_defaults

__all__ = ["EvolveConfig", "evolve", "strategy_settings"]


@dataclass(frozen=True)
class EvolveConfig(MethodConfig):
    """Configuration of an evolution."""

    method: Literal["evolve"]
    """Name of the method."""
    system: str
    """Name of the system; `snn-control list systems` shows all."""
    name: str
    """Name of the resulting controller."""
    task: Task
    """Settings of the system's task."""
    strategy: str = "cma_es"
    """Name of the strategy; `snn-control list strategies` shows all."""
    strategy_config: dict[str, Any] = field(default_factory=dict)
    """Settings of the strategy, by field."""
    generations: int = 200
    """Generations if no budget is passed."""
    start: dict[str, float] = field(default_factory=dict)
    """Start values by gene; the task provides the others."""
    executor: str = "auto"
    """`serial`, `threads`, `processes` or `ray`; `auto`: processes for a task that runs in Python
    for more than 2 s, else the compiled threads of one process. The result does not depend on
    it."""
    workers: int = 0
    """Threads or processes; 0: one for each core. The result does not depend on it."""
    address: str = LOCAL
    """Ray cluster of `executor: ray`: `local`, started for the run; `auto`, the one that runs on
    this machine; or HOST:PORT of its head node."""

    def __post_init__(self) -> None:
        check_controller_name(self.name, self.own_system)
        if self.workers < 0:
            raise ParameterError(f"workers is {self.workers}; expected at least 0")
        if self.executor not in (AUTO, *EXECUTORS):
            raise UnknownNameError("executor", self.executor, [AUTO, *EXECUTORS])

    @cached_property
    def own_system(self) -> System:
        """System of the controllers."""
        return EnvironmentSystem.of_task(self.task) or system(self.system)

    @classmethod
    def read(cls, content: Mapping[str, Any], where: str) -> EvolveConfig:
        """Build the configuration from a mapping; `task` is optional.

        Raises:
            UnknownNameError: no such system; with the closest names.
            ConfigError: `system` is missing, an unknown key, or a value of the wrong kind.
        """
        if "system" not in content and "environment" in (content.get("task") or ()):
            content = with_defaults(content, {"system": ENVIRONMENT})
        if "system" not in content:
            raise ConfigError(
                f"{where}: no system; add the line `system: NAME`, one of "
                f"{', '.join(system_names())}, or a `task` with an `environment`"
            )
        task, named = content.get("task"), str(content["system"])
        kind = EnvironmentTask if named == ENVIRONMENT else system(named).task_type
        if isinstance(task, Mapping) and "robot" in task.keys() - kind.__annotations__.keys():
            raise ConfigError(
                f"{where}: task: unknown key 'robot'; remove it and write "
                f"`system: {task['robot']}` beside `method`"
            )
        return from_mapping(cls, with_defaults(content, {"task": {}}), where, {"task": kind})

    @property
    def default_budget(self) -> str:
        """Generations of the configuration."""
        return f"{self.generations}gen"

    @property
    def in_environment(self) -> bool:
        """Return True if candidates act in the environment."""
        return self.task.in_environment

    @property
    def recordings(self) -> tuple[str, ...]:
        """Files of recorded data to imitate."""
        return self.task.recordings

    def with_recordings(self, recordings: tuple[str, ...], *, alone: bool) -> Self:
        """Return the configuration with recordings added, see `MethodConfig.with_recordings`."""
        return dataclasses.replace(self, task=self.task.with_recordings(recordings, alone=alone))

    @property
    def data(self) -> str:
        """Origin of the data apart from the recordings."""
        return self.task.data


def evolve(
    config: EvolveConfig,
    run: Run,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Evolve until the budget is used up; checkpoints and the best model are written to the run.

    With a budget in generations the result is bit-identical for any number of interruptions and
    threads.

    Args:
        config: configuration of the evolution.
        run: run to write to.
        seed: seed of data, scenarios and strategy.
        budget: stopping criterion.
        on_progress: called with generation, best cost, median cost and fraction of budget used.
        resume_from: arrays of the checkpoint to resume from.

    Returns:
        Path of the document of the best model.

    Raises:
        ConfigError: a budget in environment steps for a task that only imitates.
        NotFiniteError: a cost is NaN; the genomes are written to the run's `crash/`.
    """
    budget.check(config.in_environment)
    with one_blas_thread():
        return _evolve(config, run, seed, budget, on_progress, resume_from)


def _evolve(
    config: EvolveConfig,
    run: Run,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None,
    resume_from: dict[str, np.ndarray] | None,
) -> Path:
    fitness = config.task.fitness(seed)
    strategy = _strategy(config, fitness, seed)
    if resume_from is not None:
        strategy.restore(resume_from)
    require_controller(config, fitness.controller(strategy.ask()[0]))
    started = time.perf_counter()
    fitness.prepare(strategy.ask()[0])
    with open_executor(
        config.executor,
        config.workers,
        config.address,
        config.task,
        seed,
        fitness,
        each_s=time.perf_counter() - started,
    ) as executor:
        _generations(config, run, fitness, strategy, executor, seed, budget, on_progress)
    if isinstance(strategy, Nsga2):
        about = {"generation": strategy.generation} | config.own_system.about
        objectives = parse_objectives(config.task.objectives)
        save_front(run, config.name, objectives, strategy.front(), fitness.controller, about)
    return run.folder / "checkpoints" / "best" / "model.json"


def _generations(
    config: EvolveConfig,
    run: Run,
    fitness: Fitness,
    strategy: Strategy,
    executor: Executor | LateProcesses,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None,
) -> None:
    """Evolve until the budget is used up."""
    started, saved_at = time.monotonic(), -np.inf
    before = read_metrics(run.folder) if strategy.generation else []
    steps = max((int(record.get("environment_steps", 0)) for record in before), default=0)
    growth = FrontGrowth(parse_objectives(config.task.objectives), before)
    period_s = 0.0 if config.executor == "ray" else CHECKPOINT_PERIOD_S  # nodes may be lost
    used = budget.spent(strategy.generation, 0.0, steps)
    while used < 1.0:
        genomes = strategy.ask()
        costs = np.zeros(0)
        try:
            values = executor.evaluate(genomes, _seeds(fitness, seed, strategy))
            costs, ticks = np.split(values, [len(config.task.objectives)], axis=1)
            strategy.tell(costs)
        except (FitnessError, NotFiniteError) as exc:
            if strategy.generation:
                _checkpoint(run, config, fitness, strategy)
            detail = exc.detail if isinstance(exc, FitnessError) else ""
            run.crash({"genomes": genomes, "costs": costs}, f"{exc}\n{detail}".rstrip())
            raise
        steps += int(ticks.sum()) or len(genomes) * fitness.steps_per_genome
        elapsed_s = time.monotonic() - started
        best, median = float(strategy.best_fitness[0]), float(np.median(costs[:, 0]))
        record: dict[str, Any] = {
            "generation": strategy.generation,
            "evaluations": strategy.generation * strategy.population,
            "best": best,
            "median": median,
            "elapsed_s": round(elapsed_s, 3),
        }
        if steps:
            record["environment_steps"] = steps
        if isinstance(strategy, Nsga2):
            record |= growth.record(costs, strategy.front()[1])
        run.log(record)
        used = budget.spent(strategy.generation, elapsed_s, steps)
        if elapsed_s - saved_at >= period_s or used >= 1.0:
            _checkpoint(run, config, fitness, strategy)
            saved_at = time.monotonic() - started
        if on_progress:
            on_progress(strategy.generation, best, median, used)


def _seeds(fitness: Fitness, seed: int, strategy: Strategy) -> npt.NDArray[np.uint64]:
    """Return the seeds of a generation: the same episodes for all genomes."""
    return np.full(
        strategy.population, fitness.generation_seed(seed, strategy.generation), np.uint64
    )


def require_controller(config: MethodConfig, controller: Controller) -> None:
    """Refuse a controller that cannot be saved or evaluated, before the budget is used."""
    if not config.own_system.accepts(controller):
        raise ConfigError(
            f"system {config.system!r} does not accept the controllers of its task (observations "
            f"{controller.observation_names}, actions {controller.action_names}); fix `accepts`"
        )
    controller.to_document()
    file_kind(type(controller))


def strategy_settings(config: EvolveConfig) -> Any:
    """Return the settings of the strategy, an instance of its `config_type`.

    Raises:
        UnknownNameError: no such strategy; with the closest names.
        ConfigError: an unknown setting or one of the wrong kind.
    """
    kind = strategy_type(config.strategy).config_type
    settings = config.strategy_config
    if "n_objectives" in {f.name for f in dataclasses.fields(kind)}:
        settings = with_defaults(settings, {"n_objectives": len(config.task.objectives)})
    return from_mapping(kind, settings, "strategy_config")


def _strategy(config: EvolveConfig, fitness: Fitness, seed: int) -> Strategy:
    settings = strategy_settings(config)
    initial = fitness.start(config.start, seed)
    strategy = make_strategy(config.strategy, fitness.n_genes, seed, settings, initial)
    if strategy.n_objectives != len(config.task.objectives):
        raise ConfigError(
            f"strategy {config.strategy!r} minimises {strategy.n_objectives} objectives, the task "
            f"has {config.task.objectives}; use nsga2 for several, and leave out its n_objectives"
        )
    return strategy


def _checkpoint(run: Run, config: EvolveConfig, fitness: Fitness, strategy: Strategy) -> None:
    controller = fitness.controller(strategy.best_genome)
    about = {"name": config.name, "generation": strategy.generation} | config.own_system.about

    def write(folder: Path) -> None:
        save(controller, folder / "model", about)

    run.checkpoint(strategy.generation, strategy.state(), {}, best=True, extra=write)
