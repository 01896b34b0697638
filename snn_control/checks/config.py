"""Conformance of a configuration: known keys, known strategy, valid task."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from snn_control.checks.outcome import Checklist, Outcome
from snn_control.config import read_yaml
from snn_control.studies import read_study
from snn_control.training.any_environment.ppo_config import EnvironmentPpoConfig
from snn_control.training.evolve import EvolveConfig, require_controller, strategy_settings
from snn_control.training.method import MethodConfig
from snn_control.training.optimisation import method_of, optimisation_config


def check_config(name: str) -> list[Outcome]:
    """Check a shipped configuration or a YAML file."""
    check = Checklist("config")
    configs: list[MethodConfig] = []

    def resolve() -> str:
        content, where = read_yaml(name)
        if isinstance(content, dict) and content.get("method") == "study":
            return f"for snn-control study, {read_study(content, where)[0]}"
        configs.append(optimisation_config(content, where))
        return f"for snn-control {method_of(configs[0]).verb}"

    if not check("keys and values", "correct the key; `snn-control show` has examples", resolve):
        return check.outcomes
    for config in configs:
        for title, remedy, test in _TESTS.get(type(config), ()):
            check(title, remedy, partial(test, config))
    return check.outcomes


def _strategy(config: EvolveConfig) -> str:
    return f"{config.strategy}, {strategy_settings(config)}"


def _task(config: EvolveConfig | EnvironmentPpoConfig) -> str:
    fitness = config.task.smallest().fitness(seed=0)
    controller = fitness.controller(fitness.start(config.start, seed=0))
    require_controller(config, controller)
    return f"{fitness.n_genes} genes"


_Test = tuple[str, str, Callable[[Any], str]]
_TASK: _Test = (
    "task and start", "name genes of the task in `start` and `fixed`, within bounds", _task,
)  # fmt: skip
_TESTS: dict[type[MethodConfig], tuple[_Test, ...]] = {
    EvolveConfig: (
        ("strategy", "see `snn-control list strategies`; `show` has the settings", _strategy),
        _TASK,
    ),
    EnvironmentPpoConfig: (_TASK,),
}
