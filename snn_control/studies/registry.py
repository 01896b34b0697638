"""The studies by name, with one line each."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from snn_control.config import from_mapping
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.studies.study import METHOD, StudyConfig

STUDIES: dict[str, str] = {
    "imitation": "imitation of P + D by networks evolved or trained on several seeds",
    "mismatch": "imitation of P + D by models whose weights and thresholds are a little off",
    "place": "places recognised in another visit, beside sums of absolute differences",
    "swimmer-ablation": "the swimmer's untrained circuit with a part of it taken away or random",
    "swimmer-damage": "swimmers with damage, other fluids and noise, with and without homeostasis",
    "swimmer-spiking": "what swimmers lose with spiking cells of 1 to 15 ticks a control period",
    "swimmer-transfer": "swimmers on bodies of 3 to 14 links, untrained on them",
}


def study_module(name: str) -> ModuleType:
    """Import the module of a study.

    Raises:
        UnknownNameError: no such study; with the closest names.
    """
    if name not in STUDIES:
        raise UnknownNameError("study", name, STUDIES)
    return importlib.import_module(f"snn_control.studies.{name.replace('-', '_')}")


def read_study(content: Any, where: str) -> tuple[str, StudyConfig]:
    """Return name and settings of a study that a mapping describes: `method: study`, `study: NAME`.

    Args:
        content: keys and values, as YAML has them.
        where: file, for messages.

    Raises:
        ConfigError: another method, no study, an unknown key or a value of the wrong kind.
        UnknownNameError: no such study; with the closest names.
    """
    if (
        not isinstance(content, Mapping)
        or content.get("method") != METHOD
        or "study" not in content
    ):
        raise ConfigError(
            f"{where}: no study; expected the lines `method: study` and `study: NAME`, one of "
            f"{', '.join(STUDIES)}"
        )
    name = str(content["study"])
    settings = {key: value for key, value in content.items() if key not in ("method", "study")}
    return name, from_mapping(config_type(name), settings, where)


def config_type(name: str) -> type[StudyConfig]:
    """Return the configuration's class of a study."""
    return study_module(name).Config
