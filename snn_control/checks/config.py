"""Conformance of a configuration: known keys, a known strategy, a task that can be set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snn_control.checks.outcome import Checklist, Outcome
from snn_control.training.evolve import EvolveConfig, strategy_settings
from snn_control.training.optimisation import OPTIMISERS, Configuration, read_optimisation


def check_config(name: str) -> list[Outcome]:
    """Check a shipped configuration or a YAML file."""
    check = Checklist("config")
    found: list[Configuration] = []

    def resolve() -> str:
        found.append(read_optimisation(name))
        return f"for snn-control {OPTIMISERS[type(found[0])].verb}"

    if not check("keys and values", "mend the key; `snn-control show` has examples", resolve):
        return check.outcomes
    for title, remedy, test in _TESTS.get(type(found[0]), ()):
        check(title, remedy, lambda test=test: test(found[0]))  # type: ignore[misc]
    return check.outcomes


def _strategy(config: EvolveConfig) -> str:
    return f"{config.strategy}, {strategy_settings(config)}"


def _task(config: EvolveConfig) -> str:
    fitness = config.task.smallest().fitness(seed=0)
    fitness.start(config.start, seed=0)
    return f"{fitness.n_genes} genes"


_Test = tuple[str, str, Callable[[Any], str]]
_TESTS: dict[type[Any], tuple[_Test, ...]] = {
    EvolveConfig: (
        ("strategy", "`snn-control list strategies`; `show` has the settings of one", _strategy),
        ("task and start", "name genes of the task in `start` and `fixed`, within bounds", _task),
    )
}
