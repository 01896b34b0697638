"""Comparison of evolutionary strategies on the task of one configuration.

Every strategy evolves once for each seed, in `seeds/STRATEGY-SEED` of the study's run. All have the
same budget; one in generations counts those of the first strategy, and the others get as many
evaluations. The result of a run is the objective of its best genome in the episodes or data of its
evolution; curves have its best value so far. The best models also run in held-out episodes.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.config import assigned, flow_yaml, overridden
from snn_control.controllers import load
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.evolution import make_strategy, strategy_names, strategy_type
from snn_control.runs.run import read_metrics
from snn_control.studies.study import Progress, StudyResult, TablePart, silent
from snn_control.studies.support.held_out import HeldOutConfig, held_out_means
from snn_control.studies.support.optimised import optimise_in, seed_folder
from snn_control.studies.support.plots import median_curves
from snn_control.training.comparison import member_rows
from snn_control.training.evolution.objective import Objective, parse_objectives
from snn_control.training.evolve import EvolveConfig, strategy_settings
from snn_control.training.optimisation import method_of, prepare, read_optimisation
from snn_control.training.statistics import half_width

FloatArray = npt.NDArray[np.float64]
OBJECTIVE_COLUMNS = ("best", "median", "low", "high", "p_value")
EFFORT_COLUMNS = ("evaluations", "environment_steps", "wall_s")


@dataclass(frozen=True, kw_only=True)
class Config(HeldOutConfig):
    """Settings of the study."""

    config: str = "blimp-demo"
    """Configuration of `evolve`, by name or file."""
    strategies: tuple[str, ...] = ()
    """Strategies; rank tests refer to the first. Default: all strategies of one objective."""
    budget: str = ""
    """Budget of each run, as for `evolve`; default: that of the configuration."""
    population: int | None = None
    """Genomes per generation of every strategy; default: that of the configuration, if it sets one,
    else that of each strategy."""
    overrides: tuple[str, ...] = ()
    """Values of keys of the configuration, KEY=VALUE as for `--set` of `evolve`; its
    `strategy_config` applies to the strategy that it names."""
    settings: tuple[str, ...] = ()
    """Settings of strategies, STRATEGY.KEY=VALUE, such as genetic.sigma=.2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.strategies:
            strategy_type(name)
        if len({*self.strategies}) < len(self.strategies):
            raise ParameterError(f"strategies: {list(self.strategies)}; name each once")
        for key in self.assigned_settings:
            name, dot, _ = key.partition(".")
            if not dot:
                raise ConfigError(f"settings {key}: expected STRATEGY.KEY=VALUE")
            if name not in self.compared:
                raise UnknownNameError("strategy of settings:", name, self.compared)

    @property
    def compared(self) -> tuple[str, ...]:
        """Strategies, all of one objective if none is named."""
        return self.strategies or _single_objective()

    @property
    def assigned_settings(self) -> dict[str, Any]:
        """Values of `settings` by STRATEGY.KEY."""
        return assigned(self.settings, "settings")


@dataclass(frozen=True)
class _Entry:
    """One of the strategies, ready to run."""

    strategy: str
    config: EvolveConfig
    command: str
    """Configuration and options of the command that repeats its runs, without the seed."""
    population: int
    budget: str


@dataclass(frozen=True)
class _Runs:
    """Records of the runs of one strategy, one for each seed."""

    records: list[list[dict[str, Any]]]
    held_out: list[dict[str, float]]
    """Figures of the best model of each run in held-out episodes."""

    def column(self, key: str) -> list[FloatArray]:
        """Return an entry of the records of each run; a missing cost is infinite."""
        return [
            np.array([np.inf if r.get(key) is None else r[key] for r in records], float)
            for records in self.records
        ]

    def last(self, key: str) -> FloatArray:
        """Return the last value of each run, shape (n_seeds,)."""
        return np.array([column[-1] for column in self.column(key)])


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Evolve by every strategy on every seed, and compare the results."""
    entries = _entries(config)
    (objective,) = parse_objectives(entries[0].config.task.objectives)
    runs: dict[str, _Runs] = {}
    for entry in entries:
        own = runs[entry.strategy] = _Runs([], [])
        for seed in range(config.first_seed, config.first_seed + config.seeds):
            place = seed_folder(folder, entry.strategy, seed)
            model = optimise_in(place, entry.config, entry.command, seed=seed, budget=entry.budget)
            own.records.append(read_metrics(place))
            system, episodes = entry.config.own_system, config.episode_seeds
            own.held_out.append(held_out_means(load(model), entry.config.name, system, episodes))
            best = objective.cost(own.last("best")[-1])
            progress(f"{entry.strategy}, seed {seed}: {objective.name} {best:.4g}")
    steps = all("environment_steps" in r[-1] for each in runs.values() for r in each.records)
    rows = _rows(entries, runs, objective, steps)
    held_out = [*runs[entries[0].strategy].held_out[0]]
    columns = (*OBJECTIVE_COLUMNS, *held_out, *EFFORT_COLUMNS)
    title = f"{objective.name}, {_better(objective)} is better"
    return StudyResult(
        rows,
        _summary(config, entries, objective, rows, held_out),
        [_figure(runs, objective, config.budget)],
        [TablePart(title, ("strategy",), columns)],
    )


def _entries(config: Config) -> list[_Entry]:
    """Prepare all strategies; errors precede the first run."""
    values = assigned(config.overrides, "overrides")
    base = read_optimisation(config.config, values)
    if not isinstance(base, EvolveConfig):
        raise ConfigError(
            f"{config.config}: method is {base.method}; name a configuration of `method: evolve`, "
            f"not of `snn-control {method_of(base).verb}`"
        )
    if len(base.task.objectives) > 1:
        raise ConfigError(
            f"{config.config} has the objectives {', '.join(base.task.objectives)}; the study "
            "compares strategies by one: choose it by overrides, such as "
            f'"task.objectives=[{base.task.objectives[0]}]"'
        )
    budget = prepare(base, config.budget)
    fitness = base.task.smallest().fitness(config.first_seed)
    named = overridden({}, config.assigned_settings)
    entries: list[_Entry] = []
    for name in config.compared:
        settings = _settings(name, base, config.population) | named.get(name, {})
        changed = {"strategy": name, "strategy_config": settings}
        own = read_optimisation(config.config, values | changed)
        assert isinstance(own, EvolveConfig)
        resolved = strategy_settings(own)
        population = make_strategy(name, fitness.n_genes, 0, resolved).population
        text = config.budget or base.default_budget
        if entries and budget.generations is not None:
            text = _as_many(budget.generations * entries[0].population, name, population)
        words = [*config.overrides, *(f"{k}={flow_yaml(v)}" for k, v in changed.items())]
        options = [option for word in words for option in ("--set", word)]
        command = shlex.join([config.config, *options, "--budget", text])
        entries.append(_Entry(name, own, command, population, text))
    return entries


def _as_many(evaluations: int, strategy: str, population: int) -> str:
    """Return the budget of the nearest number of evaluations, in whole generations."""
    if population > evaluations:
        raise ParameterError(
            f"{strategy} has {population} evaluations in one generation, the budget has "
            f"{evaluations}; raise `budget`, or set one `population` for all strategies"
        )
    return f"{round(evaluations / population)}gen"


def _single_objective() -> tuple[str, ...]:
    return tuple(name for name in strategy_names() if "n_objectives" not in _fields(name))


def _fields(strategy: str) -> set[str]:
    return {field.name for field in dataclasses.fields(strategy_type(strategy).config_type)}


def _settings(name: str, base: EvolveConfig, population: int | None) -> dict[str, Any]:
    """Return the settings of a strategy: all of the configuration's, or its population only."""
    settings = dict(base.strategy_config)
    if name != base.strategy:
        shared = {"population"} & _fields(name)
        settings = {key: value for key, value in settings.items() if key in shared}
    return settings if population is None else settings | {"population": population}


def _rows(
    entries: Sequence[_Entry], runs: dict[str, _Runs], objective: Objective, steps: bool
) -> list[dict[str, Any]]:
    best = {name: objective.cost(each.last("best")) for name, each in runs.items()}
    tested = member_rows({name: {"best": values} for name, values in best.items()})
    rows = []
    for entry, test in zip(entries, tested, strict=True):
        values, own = best[entry.strategy], runs[entry.strategy]
        row: dict[str, Any] = {"strategy": entry.strategy, "objective": objective.name}
        row |= {"best": float(values.mean()), "best_ci95": half_width(values)}
        row |= {key: test[key] for key in ("median", "low", "high")}
        row["p_value"] = test.get("p_value")
        for metric in own.held_out[0]:
            figures = np.array([each[metric] for each in own.held_out])
            row |= {metric: float(figures.mean()), f"{metric}_ci95": half_width(figures)}
        row["population"] = entry.population
        row["evaluations"] = float(own.last("evaluations").mean())
        if steps:
            row["environment_steps"] = float(own.last("environment_steps").mean())
        rows.append(row | {"wall_s": float(own.last("elapsed_s").mean())})
    return rows


def _summary(
    config: Config,
    entries: Sequence[_Entry],
    objective: Objective,
    rows: list[dict[str, Any]],
    held_out: Sequence[str],
) -> str:
    first, *others = entries
    budget = first.budget
    if budget.endswith("gen"):
        budget += f" of {first.strategy}, and as many evaluations of the others" if others else ""
    seeds = f"{config.seeds} seed{'s' if config.seeds > 1 else ''}"
    least = min(objective.cost(row["best"]) for row in rows)
    leading = [row["strategy"] for row in rows if objective.cost(row["best"]) == least]
    return (
        f"{objective.name} of {config.config}, {_better(objective)} is better; {seeds} "
        f"for each strategy, budget {budget}. best is the mean over seeds, low and high are "
        "the quartiles, the p value is that of the two-sided rank test (Mann-Whitney) against "
        f"{first.strategy}. {' and '.join(held_out)}: means of the best models in "
        f"{config.episodes_text}. The time is that of the generations, with the start of workers. "
        f"Best mean: {', '.join(leading)}."
    )


def _better(objective: Objective) -> str:
    return "larger" if objective.maximised else "smaller"


def _figure(runs: dict[str, _Runs], objective: Objective, budget: str) -> dict[str, Any]:
    """Return the curves over evaluations, or over the control periods of a budget in these."""
    effort = "environment_steps" if budget.endswith("steps") else "evaluations"
    curves = {
        name: [
            (x, objective.cost(y))
            for x, y in zip(each.column(effort), each.column("best"), strict=True)
        ]
        for name, each in runs.items()
    }
    return median_curves(
        curves,
        title="Median of the best value so far, with quartiles",
        x_title=effort.replace("_", " "),
        y_title=f"{objective.name}, {_better(objective)} is better",
    )
