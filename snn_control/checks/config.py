"""Conformance of a configuration: known keys, a known strategy, a task that can be set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snn_control.checks.outcome import Checklist, Outcome, require
from snn_control.config import read_config
from snn_control.training.evolve import EvolveConfig, strategy_settings
from snn_control.training.optimisation import CONFIG_TYPES


def check_config(name: str) -> list[Outcome]:
    """Check a shipped configuration or a YAML file."""
    check = Checklist("config")
    resolved: dict[str, Any] = {}

    def resolve() -> str:
        wrong = []
        for verb, kind in CONFIG_TYPES.items():
            try:
                resolved[verb] = read_config(kind, name)
            except Exception as exc:
                wrong.append(f"{verb}: {exc}")
        require(bool(resolved), "; ".join(wrong))
        return f"for snn-control {', '.join(resolved)}"

    if not check("keys and values", "mend the key; `snn-control show` has examples", resolve):
        return check.outcomes
    for verb, config in resolved.items():
        for title, remedy, test in _TESTS.get(verb, ()):
            check(title, remedy, lambda test=test, config=config: test(config))  # type: ignore[misc]
    return check.outcomes


def _strategy(config: EvolveConfig) -> str:
    return f"{config.strategy}, {strategy_settings(config)}"


def _task(config: EvolveConfig) -> str:
    fitness = config.task.smallest().fitness(seed=0)
    fitness.start(config.start, seed=0)
    return f"{fitness.n_genes} genes"


_Test = tuple[str, str, Callable[[Any], str]]
_TESTS: dict[str, tuple[_Test, ...]] = {
    "evolve": (
        ("strategy", "`snn-control list strategies`; `show` has the settings of one", _strategy),
        ("task and start", "name genes of the task in `start` and `fixed`, within bounds", _task),
    )
}
