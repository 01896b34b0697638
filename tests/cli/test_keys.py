"""Keys of configurations: listed in full, and templates that read as the configuration."""

import json

import pytest

from snn_control.cli.main import main
from snn_control.evolution import STRATEGIES
from snn_control.resources import configs_folder
from snn_control.studies import STUDIES, config_type, read_study
from snn_control.training.optimisation import METHODS, optimisation_config, read_optimisation
from snn_control.yaml_text import load_yaml, parse_yaml

CONFIGS = sorted(
    path.stem
    for path in configs_folder().glob("*.yaml")
    if load_yaml(path).get("method") in METHODS
)


def shown(capsys, *words):
    assert main(["show", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_template_reads_as_the_configuration(name, capsys):
    text = shown(capsys, f"configs/{name}", "--template")["text"]
    again, before = optimisation_config(parse_yaml(text, name), name), read_optimisation(name)
    differing = {
        field
        for field in vars(before)
        if getattr(again, field) != getattr(before, field) and field != "strategy_config"
    }
    assert not differing


@pytest.mark.parametrize("name", STUDIES)
def test_a_template_of_a_study_reads_as_its_defaults(name, capsys):
    text = shown(capsys, f"studies/{name}", "--template")["text"]
    assert read_study(parse_yaml(text, name), name) == (name, config_type(name)())


@pytest.mark.parametrize(
    "name",
    [*STRATEGIES, "blimp", "swimmer", "environment", *(f"studies/{name}" for name in STUDIES)],
)
def test_every_key_has_a_type_and_a_meaning(name, capsys):
    result = shown(capsys, name)
    assert result["keys"]
    for key in result["keys"]:
        assert key["kind"], key
        assert key["meaning"], key
        assert f"{key['name']}: {key['kind']}, " in result["text"]


def test_keys_of_other_kinds_are_wrong_use(capsys):
    assert main(["show", "pid", "--template"]) == 2
    assert "which have no template" in capsys.readouterr().err


def test_required_keys_are_empty_in_the_template(capsys):
    text = shown(capsys, "environment", "--template")["text"]
    assert parse_yaml(text, "t")["task"]["environment"] is None
    assert "environment:" in [line.strip() for line in text.splitlines()]
