"""Configurations of all ways to make a controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snn_control.config import read_config
from snn_control.errors import ConfigError
from snn_control.training.evolve import EvolveConfig
from snn_control.training.train_config import TrainConfig

CONFIG_TYPES: dict[str, type[Any]] = {"evolve": EvolveConfig, "train": TrainConfig}
"""Configurations by the verb that takes them."""


def read_optimisation(name_or_path: str | Path) -> EvolveConfig | TrainConfig:
    """Read a shipped configuration or a YAML file, whichever verb it is for.

    Raises:
        UnknownNameError: no such configuration; with the closest names.
        ConfigError: it is for none of the verbs; with what each of them says.
    """
    wrong = []
    for verb, kind in CONFIG_TYPES.items():
        try:
            return read_config(kind, name_or_path)
        except ConfigError as exc:
            wrong.append(f"as one of {verb}: {exc}")
    raise ConfigError("; ".join(wrong))
