"""YAML onto the configurations of the project: which kind a file is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from snn_control.config import from_mapping_of
from snn_control.errors import ConfigError
from snn_control.resources import configs_folder
from snn_control.training.blimp.train_config import TrainConfig
from snn_control.training.evolve import EvolveConfig
from snn_control.training.optimisation import OPTIMISERS, read_optimisation
from snn_control.training.swimmer.ppo_config import PpoConfig

KINDS = {
    "evolution": ({"name": "x", "strategy": "cma_es", "task": {"robot": "swimmer"}}, EvolveConfig),
    "nothing but a name": ({"name": "x"}, EvolveConfig),
    "gradient": ({"name": "x", "surrogate_alpha": 2.0, "batch": 8}, TrainConfig),
    "ppo": ({"method": "ppo", "name": "x"}, PpoConfig),
    "ppo and shared keys": (
        {"method": "ppo", "name": "x", "batch": 125, "learning_rate": 0.001, "validate_every": 2},
        PpoConfig,
    ),
}


@pytest.mark.parametrize("content", KINDS)
def test_a_file_is_of_the_kind_that_has_the_most_of_its_keys(content: str) -> None:
    given, kind = KINDS[content]
    assert type(from_mapping_of([*OPTIMISERS], given, "file")) is kind


def test_a_wrong_key_is_told_of_the_kind_that_is_meant() -> None:
    with pytest.raises(ConfigError, match=r"'learnin_rate'. Did you mean: `learning_rate`"):
        from_mapping_of([*OPTIMISERS], {"name": "x", "burn_in_ticks": 3, "learnin_rate": 1}, "file")
    with pytest.raises(ConfigError, match="expected keys and values"):
        from_mapping_of([*OPTIMISERS], ["name"], "file")


@pytest.mark.parametrize(
    "path", sorted(configs_folder().glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_shipped_configuration_is_read_by_its_name(path: Path) -> None:
    assert type(read_optimisation(path.stem)) in OPTIMISERS
