"""Conversion of YAML to the configurations of the optimisation methods."""

from __future__ import annotations

from pathlib import Path

import pytest

from snn_control.config import read_yaml
from snn_control.errors import ConfigError
from snn_control.resources import configs_folder
from snn_control.training.optimisation import (
    ENVIRONMENT_METHODS,
    METHODS,
    method_of,
    optimisation_config,
    read_optimisation,
)

SHIPPED = sorted(configs_folder().glob("*.yaml"))
CONTENTS: dict[str, dict[str, object]] = {
    "evolve": {"system": "swimmer", "name": "x", "strategy": "cma_es"},
    "gradient": {"name": "x", "surrogate_alpha": 2.0, "batch": 8},
    "ppo": {"name": "x", "batch": 125, "learning_rate": 0.001, "validate_every": 2},
}


@pytest.mark.parametrize("method", METHODS)
def test_method_key_is_required(method: str) -> None:
    config = optimisation_config({"method": method} | CONTENTS[method], "file")
    assert type(config) is METHODS[method].config_type
    assert config.method == method
    with pytest.raises(ConfigError, match=r"file: no method; add the line `method: evolve`"):
        optimisation_config(CONTENTS[method], "file")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("named", [{}, {"system": "environment"}])
def test_a_task_with_an_environment_selects_its_method(method: str, named: dict) -> None:
    task = {"environment": "CartPole-v1", "parameters": {"*.weights": [-1, 1]}}
    content = {"method": method, "name": "x", "task": task} | named
    if method not in ENVIRONMENT_METHODS:
        with pytest.raises(ConfigError, match=r"file: method: gradient .*`method: ppo`"):
            optimisation_config(content, "file")
        return
    config = optimisation_config(content, "file")
    assert type(config) is ENVIRONMENT_METHODS[method].config_type
    assert method_of(config) is ENVIRONMENT_METHODS[method]
    assert config.own_system.environment == "CartPole-v1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (["name"], "expected keys and values, got list"),
        (
            {"method": "gradiant", "name": "x"},
            "'gradiant'. Did you mean: `gradient`",
        ),
        ({"method": "study", "study": "place"}, "run it with `snn-control study file`"),
        ({"method": "gradient", "name": "x", "learnin_rate": 1}, "Did you mean: `learning_rate`"),
        ({"method": "ppo", "name": "x", "steps": 3}, "unknown key 'steps'"),
        ({"method": "ppo", "name": "x", "task": {"episodes": 3}}, "unknown key 'task'"),
        ({"method": "ppo", "name": "x", "system": "environment"}, "'task'"),
        ({"method": "ppo", "name": "x", "task": {"environment": 3}}, "environment: 3 has the wron"),
        ({"method": "gradient", "name": "x", "least_share": [0.5, 0.1]}, "2 values; expected 3"),
        ({"method": "gradient", "name": "x", "least_share": [0.5, 0.1, True]}, r"least_share\[2\]"),
    ],
)
def test_errors_name_fault_and_remedy(content: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        optimisation_config(content, "file")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_configuration_states_method_and_command(path: Path) -> None:
    config = read_optimisation(path.stem)
    assert read_yaml(path)[0]["method"] == config.method
    verb = method_of(config).verb
    assert path.read_text("utf-8").startswith(f"# snn-control {verb} {path.stem} ")
