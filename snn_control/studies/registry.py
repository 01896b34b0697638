"""Registry of studies, with one line each."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from snn_control.config import from_mapping, overridden, read_yaml
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.studies.study import METHOD, StudyConfig
from snn_control.yaml_text import without

STUDIES: dict[str, str] = {
    "adaptive-sensing": "hold of the blimp on a lidar that is read, or sends, only when it is due",
    "altitude-gru": "recurrent networks of fixed weights trained over the blimp's disturbances",
    "concept-shift": "accuracy under swaps of labels, by rules that set the learning rate",
    "faults": "loss of height and detection of every fault of every stream of the blimp",
    "frozen-sensor": "adapting blimps with a lidar that holds its reading for 20 s",
    "fusion": "height from lidar and barometer by filters, spiking gains and their twin",
    "gain-flips": "blimps whose thrust changes sign or halves again and again",
    "homeostat-limit": "divergence of a spiking population by too fast homeostasis, and its limit",
    "imitation": "imitation of P + D by networks evolved or trained on several seeds",
    "leak-and-sag": "adapting controllers of the blimp under slow disturbances, beside baselines",
    "mismatch": "models with mismatch of weights and thresholds, open loop or in environments",
    "monitors": "delay and false alarms of the monitors of the blimp's streams",
    "place": "place recognition on a query traverse, beside sums of absolute differences",
    "place-recalibration": "probabilities of places in another light, recalibrated in operation",
    "rays": "passage of a corridor with few lidar rays: memory, choice of rays, learned prediction",
    "regimes": "read-outs of a blimp that meets a regime again, with rules against forgetting",
    "strategies": "evolutionary strategies on the task of any configuration, with equal budgets",
    "swimmer-ablation": "the swimmer's untrained circuit with a part removed or random",
    "swimmer-adaptation": "speed of damaged swimmers: frozen, homeostasis, trials, best of a grid",
    "swimmer-damage": "swimmers with damage, other fluids and noise, with and without homeostasis",
    "swimmer-spiking": "swimmers with spiking cells of 1 to 15 network ticks in a control period",
    "swimmer-transfer": "swimmers on bodies of 3 to 14 links, without training on them",
    "two-blimps": "height of a blimp without a lidar by the barometer of its neighbour",
}

ADAPTATION = (
    "altitude-gru", "concept-shift", "frozen-sensor", "gain-flips", "homeostat-limit",
    "leak-and-sag", "place-recalibration", "regimes", "swimmer-adaptation",
)  # fmt: skip
"""Studies in the folder `adaptation`."""

SUFFIXES = (".yaml", ".yml")
"""Suffixes of the files of studies."""


def study_module(name: str) -> ModuleType:
    """Import the module of a study.

    Raises:
        UnknownNameError: no such study; with the closest names.
    """
    if name not in STUDIES:
        raise UnknownNameError("study", name, STUDIES)
    folder = "adaptation." if name in ADAPTATION else ""
    return importlib.import_module(f"snn_control.studies.{folder}{name.replace('-', '_')}")


def study_settings(
    name_or_path: str, overrides: Mapping[str, Any] | None = None
) -> tuple[str, StudyConfig]:
    """Return name and settings of a registered study, or of the study in a YAML file.

    Args:
        name_or_path: name, or a file with one of `SUFFIXES`.
        overrides: values by dotted key, see `overridden`.

    Raises:
        UnknownNameError: no such study or file; with the closest names.
        ConfigError: an unknown key or a value of the wrong kind, or see `read_study`.
    """
    values = overrides or {}
    if Path(name_or_path).suffix in SUFFIXES:
        content, where = read_yaml(name_or_path)
        return read_study(overridden(content, values), where)
    where = f"study {name_or_path}"
    kind = config_type(name_or_path)
    content = overridden(dataclasses.asdict(kind()), values)
    return name_or_path, from_mapping(kind, content, where)


def read_study(content: Any, where: str) -> tuple[str, StudyConfig]:
    """Return name and settings of a study from a mapping with `method: study` and `study: NAME`.

    Args:
        content: content of the YAML file.
        where: name of the file, for messages.

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
    return name, from_mapping(config_type(name), without(content, "method", "study"), where)


def config_type(name: str) -> type[StudyConfig]:
    """Return the configuration class of a study."""
    return study_module(name).Config
