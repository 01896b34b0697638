"""All ways to make a controller, by the kind of their configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.config import read_config_of
from snn_control.errors import require
from snn_control.runs import Run
from snn_control.training.blimp.gradient import train
from snn_control.training.blimp.train_config import TrainConfig
from snn_control.training.budget import Budget, OnProgress
from snn_control.training.evolve import EvolveConfig, evolve
from snn_control.training.swimmer.ppo import train_ppo
from snn_control.training.swimmer.ppo_config import PpoConfig

Configuration = EvolveConfig | TrainConfig | PpoConfig


@dataclass(frozen=True)
class Optimiser:
    """One way."""

    verb: str
    """Of the command line."""
    run: Callable[..., Path]
    """(config, run, *, seed, budget, on_progress, resume_from), see `evolve`."""
    unit: str
    """What a budget counts as `gen`."""
    needs: tuple[tuple[str, str], ...] = ()
    """Optional modules that it imports, and the extras that bring them."""


OPTIMISERS: dict[type[Any], Optimiser] = {
    EvolveConfig: Optimiser("evolve", evolve, "generation"),
    TrainConfig: Optimiser("train", train, "step"),
    PpoConfig: Optimiser("train", train_ppo, "round", needs=(("stable_baselines3", "rl"),)),
}


def read_optimisation(name_or_path: str | Path) -> Configuration:
    """Read a shipped configuration or a YAML file, whichever way it is for.

    Raises:
        UnknownNameError, ConfigError: see `read_config_of`.
    """
    found: Configuration = read_config_of([*OPTIMISERS], name_or_path)
    return found


def prepare(config: Configuration, budget: str = "") -> Budget:
    """Return the budget of an optimisation, after what would keep it from beginning.

    Raises:
        ConfigError: the budget cannot be read, or does not suit it.
        MissingExtraError: a package is not installed.
    """
    found = Budget.parse(budget or config.default_budget)
    found.check(config.in_environment)
    for module, extra in OPTIMISERS[type(config)].needs:
        require(module, extra)
    return found


def optimise(
    config: Configuration,
    run: Run,
    *,
    seed: int,
    budget: str = "",
    on_progress: OnProgress | None = None,
    resume_from: dict[str, np.ndarray] | None = None,
) -> Path:
    """Make a controller; return the document of the best model.

    Args:
        config: what to make.
        run: where to write.
        seed: of everything random.
        budget: see `Budget.parse`; default: the configuration's own.
        on_progress: called with generation, best and median (or last) cost, and spent share.
        resume_from: arrays of the checkpoint to go on from.

    Raises:
        ConfigError, MissingExtraError: of `prepare`.
    """
    return OPTIMISERS[type(config)].run(
        config,
        run,
        seed=seed,
        budget=prepare(config, budget),
        on_progress=on_progress,
        resume_from=resume_from,
    )
