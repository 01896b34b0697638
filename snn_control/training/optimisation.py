"""Optimisation methods, by the `method` key of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.config import overridden, read_yaml
from snn_control.errors import ConfigError, did_you_mean, require
from snn_control.runs import Run
from snn_control.seeds import whole_seed
from snn_control.training.any_environment.ppo import train_in_environment
from snn_control.training.any_environment.ppo_config import EnvironmentPpoConfig
from snn_control.training.blimp.gradient import train
from snn_control.training.blimp.train_config import TrainConfig
from snn_control.training.budget import Budget, OnProgress
from snn_control.training.evolve import EvolveConfig, evolve
from snn_control.training.method import MethodConfig
from snn_control.training.swimmer.ppo import train_ppo
from snn_control.training.swimmer.ppo_config import PpoConfig
from snn_control.training.system import ENVIRONMENT

__all__ = [
    "ENVIRONMENT_METHODS",
    "METHODS",
    "Method",
    "method_of",
    "optimisation_config",
    "optimise",
    "prepare",
    "read_optimisation",
]


@dataclass(frozen=True)
class Method:
    """Optimisation method."""

    config_type: type[MethodConfig]
    """Class of its configuration."""
    verb: str
    """Verb of the command line that runs it."""
    run: Callable[..., Path]
    """(config, run, *, seed, budget, on_progress, resume_from), see `evolve`."""
    unit: str
    """Unit of `gen` in a budget."""
    needs: tuple[tuple[str, str], ...] = ()
    """Optional modules that the method imports, and the extras that install them."""


METHODS: dict[str, Method] = {
    "evolve": Method(EvolveConfig, "evolve", evolve, "generation"),
    "gradient": Method(TrainConfig, "train", train, "step"),
    "ppo": Method(PpoConfig, "train", train_ppo, "round", needs=(("stable_baselines3", "rl"),)),
}
ENVIRONMENT_METHODS: dict[str, Method] = {
    "evolve": METHODS["evolve"],
    "ppo": Method(
        EnvironmentPpoConfig,
        "train",
        train_in_environment,
        "round",
        needs=(("stable_baselines3", "rl"), ("sb3_contrib", "rl")),
    ),
}
"""Methods of a task in any environment, by the same key."""


def method_of(config: MethodConfig) -> Method:
    """Return the method of a configuration."""
    known = [*METHODS.values(), *ENVIRONMENT_METHODS.values()]
    return next(method for method in known if type(config) is method.config_type)


def read_optimisation(
    name_or_path: str | Path, overrides: Mapping[str, Any] | None = None
) -> MethodConfig:
    """Read a shipped configuration or a YAML file of any method.

    Args:
        name_or_path: name or file.
        overrides: values by dotted key, see `overridden`.

    Raises:
        UnknownNameError: no such configuration or file.
        ConfigError: not YAML, or see `optimisation_config`.
    """
    content, where = read_yaml(name_or_path)
    return optimisation_config(overridden(content, overrides or {}), where)


def optimisation_config(content: Any, where: str) -> MethodConfig:
    """Build the configuration of the method named in a mapping.

    Raises:
        ConfigError: not a mapping, no or an unknown `method`, an unknown key or an invalid value.
    """
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where}: expected keys and values, got {type(content).__name__}")
    if "method" not in content:
        raise ConfigError(
            f"{where}: no method; add the line `method: evolve` and the line `system: NAME` for an "
            "evolution (remove `task: {robot: NAME}` of older files), `method: gradient` for "
            "surrogate gradients, or `method: ppo` for proximal policy optimisation"
        )
    method = str(content["method"])
    if method == "study":
        raise ConfigError(f"{where}: method is study; run it with `snn-control study {where}`")
    if method not in METHODS:
        known = [*METHODS, "study"]
        raise ConfigError(f"{where}: unknown method {method!r}{did_you_mean(method, known)}")
    if not _in_any_environment(content):
        return METHODS[method].config_type.read(content, where)
    if method not in ENVIRONMENT_METHODS:
        raise ConfigError(
            f"{where}: method: {method} needs a differentiable task, and an environment is none; "
            "use `method: ppo` (`snn-control train`) or `method: evolve`"
        )
    return ENVIRONMENT_METHODS[method].config_type.read(content, where)


def _in_any_environment(content: Mapping[str, Any]) -> bool:
    """Return True for the system `environment`, or a task with that key and no system."""
    task = content.get("task")
    named = isinstance(task, Mapping) and "environment" in task
    return content.get("system", ENVIRONMENT if named else "") == ENVIRONMENT


def prepare(config: MethodConfig, budget: str = "") -> Budget:
    """Check that an optimisation can start, and return its budget.

    Raises:
        ConfigError: the budget is malformed or does not suit the method.
        MissingExtraError: a package is not installed.
    """
    parsed = Budget.parse(budget or config.default_budget)
    parsed.check(config.in_environment)
    for module, extra in method_of(config).needs:
        require(module, extra)
    return parsed


def optimise(
    config: MethodConfig,
    run: Run,
    *,
    seed: int,
    budget: str = "",
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Make a controller; return the document of the best model.

    Args:
        config: configuration of one of `METHODS`.
        run: run for records and checkpoints.
        seed: seed of all random draws.
        budget: see `Budget.parse`; default: that of the configuration.
        on_progress: called with generation, best and median (or last) cost, and the fraction of the
            budget used.
        resume_from: arrays of the checkpoint to continue from.

    Raises:
        ConfigError, MissingExtraError: see `prepare`.
    """
    return method_of(config).run(
        config,
        run,
        seed=whole_seed(seed),
        budget=prepare(config, budget),
        on_progress=on_progress,
        resume_from=resume_from,
    )
