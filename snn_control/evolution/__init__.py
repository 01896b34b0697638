"""Evolutionary strategies behind one ask/tell interface, and executors that evaluate genomes.

Another package adds a strategy by an entry point of the group `snn_control.strategies`, whose name
is the strategy's and whose object is a subclass of `Strategy`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from numpy.typing import ArrayLike

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.cma_es import CmaEs, CmaEsConfig
from snn_control.evolution.executor import Executor, Fitness, individual_seeds
from snn_control.evolution.genetic import Genetic, GeneticConfig
from snn_control.evolution.nsga2 import Nsga2, Nsga2Config
from snn_control.evolution.process_executor import ProcessExecutor
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
    "ProcessExecutor",
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
}


def strategy_names() -> list[str]:
    """Return the names of our own strategies and of those that other packages register."""
    others = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
    return sorted(STRATEGIES.keys() | others)


def strategy_type(name: str) -> type[Strategy[Any]]:
    """Return the class registered as `name`; ours come before those of other packages.

    Raises:
        UnknownNameError: with the names that come close.
        ConfigError: if another package registers something that is no `Strategy`.
    """
    if name in STRATEGIES:
        return STRATEGIES[name]
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        found = point.load()
        if not (isinstance(found, type) and issubclass(found, Strategy)):
            raise ConfigError(
                f"entry point {point.value!r} of strategy {name!r} is no subclass of Strategy"
            )
        return found
    raise UnknownNameError("strategy", name, strategy_names())


def make_strategy(
    name: str, n_genes: int, seed: int, config: Any = None, initial: ArrayLike | None = None
) -> Strategy[Any]:
    """Make the strategy `name`; `config` None means the defaults of its `config_type`.

    Raises:
        UnknownNameError: if the name is not registered.
        ConfigError: if `config` belongs to another strategy.
        ParameterError: if an argument is out of range.
    """
    kind = strategy_type(name)
    return kind(n_genes, kind.config_type() if config is None else config, seed, initial)


def make_executor(name: str, fitness: Fitness, workers: int | None = None) -> Executor:
    """Make the executor `name`; `workers` None means one for each core this process may use.

    Raises:
        UnknownNameError: if the name is not registered.
        ParameterError: if `workers` is below 1.
        ConfigError: if `fitness` cannot be sent to a worker process.
    """
    if name not in EXECUTORS:
        raise UnknownNameError("executor", name, EXECUTORS)
    return EXECUTORS[name](fitness, workers)
