"""Model names with suffixes."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.controllers.adapting import Adapting
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.training.model_name import ModelName, load_named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("swimmer", ModelName("swimmer")),
        ("swimmer:untrained", ModelName("swimmer", untrained=True)),
        ("a/b:4-links", ModelName("a/b", n_links=4)),
        ("swimmer:untrained:12-links", ModelName("swimmer", untrained=True, n_links=12)),
        ("swimmer:12-links:untrained", ModelName("swimmer", untrained=True, n_links=12)),
        ("swimmer:4-links:5-links", ModelName("swimmer:4-links", n_links=5)),
        ("pid:adapting", ModelName("pid", adapting=True)),
        ("run:3", ModelName("run:3")),
        ("swimmer:links", ModelName("swimmer:links")),
    ],
)
def test_names_are_split_into_base_and_suffixes(text: str, expected: ModelName) -> None:
    assert ModelName.parse(text) == expected


def test_suffixes_are_the_options_of_load() -> None:
    one, other = load_named("swimmer:9-links:untrained"), load("swimmer", untrained=True, n_links=9)
    bent = np.full(8, 0.1)
    for _ in range(20):
        np.testing.assert_array_equal(one.step(bent), other.step(bent))


@pytest.mark.parametrize("name", ["pid", "blimp-altitude", "blimp-adaptive"])
def test_adapting_puts_a_controller_on_its_forward_model(name: str) -> None:
    adapting = load_named(f"{name}:adapting")
    assert isinstance(adapting, Adapting)
    assert not isinstance(adapting.inner, Adapting)


def test_adapting_needs_a_forward_model_of_the_vehicle() -> None:
    with pytest.raises(ParameterError, match="no forward model commands joint_0_effort"):
        load_named("swimmer:adapting")


@pytest.mark.parametrize("name", ["pid:4-links", "pid:untrained", "blimp-altitude:untrained"])
def test_other_models_than_swimmers_accept_no_suffix(name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name.partition(':')[0]}' takes no option"):
        load_named(name)


def test_a_wrong_name_with_a_suffix_proposes_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean: `swimmer-spiking`"):
        load_named("swimer-spiking:4-links")
