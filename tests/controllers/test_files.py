"""Names that controllers are loaded by."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers import load, model_names
from snn_control.controllers.files import ALIASES, model_path


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_a_shipped_model(alias: str) -> None:
    assert ALIASES[alias] in model_names()
    assert model_path(alias) == model_path(ALIASES[alias])
    one, other = load(alias), load(ALIASES[alias])
    angles = np.full(len(one.observation_names), 0.2)
    for _ in range(5):
        np.testing.assert_array_equal(one.step(angles), other.step(angles))


def test_what_follows_a_name_may_follow_an_alias() -> None:
    assert len(load("swimmer:9-links").action_names) == 8
    assert load("swimmer:untrained").readouts == load("swimmer-spiking:untrained").readouts


def test_a_folder_of_the_name_goes_before_an_alias(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snn_control.controllers import save
    from snn_control.controllers.swimmer import Swimmer

    graded = load("swimmer-graded")
    assert isinstance(graded, Swimmer)
    save(graded, tmp_path / "swimmer" / "model")
    monkeypatch.chdir(tmp_path)
    assert load("swimmer").spikes.size == 0  # type: ignore[attr-defined]
