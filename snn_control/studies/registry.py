"""The studies by name, with one line each."""

from __future__ import annotations

import importlib
from types import ModuleType

from snn_control.errors import UnknownNameError
from snn_control.studies.study import StudyConfig

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


def config_type(name: str) -> type[StudyConfig]:
    """Return the configuration's class of a study."""
    return study_module(name).Config
