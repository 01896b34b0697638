"""Evolutionary strategies with one ask/tell interface, and executors that evaluate genomes.

Other packages add strategies by entry points in the group `snn_control.strategies`: the name of the
entry point is the name of the strategy, its object is a subclass of `Strategy`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from numpy.typing import ArrayLike

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.cma_es import CmaEs, CmaEsConfig
from snn_control.evolution.executor import (
    LOCAL,
    Executor,
    Fitness,
    PopulationFitness,
    individual_seeds,
)
from snn_control.evolution.genetic import Genetic, GeneticConfig
from snn_control.evolution.nsga2 import Nsga2, Nsga2Config
from snn_control.evolution.process_executor import ProcessExecutor
from snn_control.evolution.ray_executor import RayExecutor
from snn_control.evolution.sep_cma_es import SepCmaEs, SepCmaEsConfig
from snn_control.evolution.serial_executor import SerialExecutor
from snn_control.evolution.strategy import Strategy
from snn_control.evolution.thread_executor import ThreadExecutor

__all__ = [
    "ENTRY_POINT_GROUP",
    "EXECUTORS",
    "STRATEGIES",
    "CmaEs",
    "CmaEsConfig",
    "Executor",
    "Fitness",
    "Genetic",
    "GeneticConfig",
    "Nsga2",
    "Nsga2Config",
    "PopulationFitness",
    "ProcessExecutor",
    "RayExecutor",
    "SepCmaEs",
    "SepCmaEsConfig",
    "SerialExecutor",
    "Strategy",
    "ThreadExecutor",
    "individual_seeds",
    "make_executor",
    "make_strategy",
    "strategy_names",
    "strategy_type",
]

ENTRY_POINT_GROUP = "snn_control.strategies"

STRATEGIES: dict[str, type[Strategy[Any]]] = {
    "cma_es": CmaEs,
    "sep_cma_es": SepCmaEs,
    "genetic": Genetic,
    "nsga2": Nsga2,
}

EXECUTORS: dict[str, type[Executor]] = {
    "serial": SerialExecutor,
    "threads": ThreadExecutor,
    "processes": ProcessExecutor,
    "ray": RayExecutor,
}


def strategy_names() -> list[str]:
    """Return the names of the built-in strategies and of those of other packages."""
    registered = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
    return sorted(STRATEGIES.keys() | registered)


def strategy_type(name: str) -> type[Strategy[Any]]:
    """Return the class of the strategy `name`; built-in ones precede those of other packages.

    Raises:
        UnknownNameError: the name is unknown; the message suggests similar names.
        ConfigError: the entry point of another package is not a `Strategy`.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        registered = point.load()
        if not (isinstance(registered, type) and issubclass(registered, Strategy)):
            raise ConfigError(
                f"entry point {point.value!r} of strategy {name!r} is not a subclass of Strategy"
            )
        return registered
    raise UnknownNameError("strategy", name, strategy_names())


def make_strategy(
    name: str, n_genes: int, seed: int, config: Any = None, initial: ArrayLike | None = None
) -> Strategy[Any]:
    """Return the strategy `name`; without `config` it uses the defaults of its `config_type`.

    Raises:
        UnknownNameError: the name is unknown.
        ConfigError: `config` belongs to another strategy.
        ParameterError: an argument is out of range.
    """
    kind = strategy_type(name)
    return kind(n_genes, kind.config_type() if config is None else config, seed, initial)


def make_executor(
    name: str,
    fitness: Fitness | PopulationFitness,
    workers: int | None = None,
    address: str = LOCAL,
) -> Executor:
    """Return the executor `name`; by default it has one worker per available core.

    Raises:
        UnknownNameError: the name is unknown.
        ParameterError: `workers` is below 1.
        ConfigError: `fitness` cannot be sent to a worker process.
    """
    if name not in EXECUTORS:
        raise UnknownNameError("executor", name, EXECUTORS)
    return EXECUTORS[name](fitness, workers, address)
