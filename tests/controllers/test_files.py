"""Names that controllers are loaded by."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers import load, model_names
from snn_control.controllers.files import ALIASES, model_path
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.training.model_name import ModelName


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_a_shipped_model(alias: str) -> None:
    assert ALIASES[alias] in model_names()
    assert model_path(alias) == model_path(ALIASES[alias])
    one, other = load(alias), load(ALIASES[alias])
    angles = np.full(len(one.observation_names), 0.2)
    for _ in range(5):
        np.testing.assert_array_equal(one.step(angles), other.step(angles))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("swimmer", ModelName("swimmer")),
        ("swimmer:untrained", ModelName("swimmer", untrained=True)),
        ("a/b:4-links", ModelName("a/b", n_links=4)),
        ("swimmer:untrained:12-links", ModelName("swimmer", untrained=True, n_links=12)),
        ("swimmer:12-links:untrained", ModelName("swimmer", untrained=True, n_links=12)),
        ("swimmer:4-links:5-links", ModelName("swimmer:4-links", n_links=5)),
        ("run:3", ModelName("run:3")),
        ("swimmer:links", ModelName("swimmer:links")),
    ],
)
def test_a_name_is_taken_apart(text: str, expected: ModelName) -> None:
    assert ModelName.parse(text) == expected


def test_what_follows_a_name_may_follow_an_alias_in_any_order() -> None:
    assert len(load("swimmer", n_links=9).action_names) == 8
    one, other = (
        load("swimmer", untrained=True, n_links=9),
        load("swimmer-spiking", untrained=True, n_links=9),
    )
    bent = np.full(8, 0.1)
    for _ in range(20):
        np.testing.assert_array_equal(one.step(bent), other.step(bent))


@pytest.mark.parametrize("name", ["pid:4-links", "pid:untrained", "blimp-altitude:untrained"])
def test_only_swimmers_are_untrained_or_have_links(name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name.partition(':')[0]} is no swimmer"):
        load(name)


def test_a_wrong_name_is_named_whatever_follows_it() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean: `swimmer-spiking`"):
        load("swimer-spiking", n_links=4)


def test_a_folder_of_the_name_goes_before_an_alias(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snn_control.controllers import save
    from snn_control.controllers.swimmer.swimmer import Swimmer

    graded = load("swimmer-graded")
    assert isinstance(graded, Swimmer)
    save(graded, tmp_path / "swimmer" / "model")
    monkeypatch.chdir(tmp_path)
    assert load("swimmer").spikes.size == 0  # type: ignore[attr-defined]
