"""Objectives by name and direction."""

import pytest

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.training.evolution.objective import parse_objectives

QUANTITIES = {"reward": 3.0, "error_m": 0.5}


def test_the_reward_is_maximised_and_metrics_are_minimised_by_default():
    for text, cost in {
        "reward": -3.0, "min reward": 3.0, "max reward": -3.0, "error_m": 0.5, "max error_m": -0.5,
    }.items():  # fmt: skip
        (objective,) = parse_objectives([text])
        assert objective.value_of(QUANTITIES) == cost, text


@pytest.mark.parametrize("texts", [[], ["a", "a"], ["min a", "max a"], ["least a"], ["min a b"]])
def test_other_forms_are_errors(texts):
    with pytest.raises(ConfigError, match="objectives: "):
        parse_objectives(texts)


def test_an_unknown_quantity_lists_the_known_ones():
    (objective,) = parse_objectives(["error"])
    with pytest.raises(UnknownNameError, match="Did you mean: `error_m`"):
        objective.value_of(QUANTITIES)
