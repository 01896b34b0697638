"""Names for loading controllers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.controllers import PID, Altitude, NetworkController, files, load, model_names, save
from snn_control.controllers.files import ALIASES, model_path
from snn_control.errors import ModelFileError, ParameterError, UnknownNameError


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_a_shipped_model(alias: str) -> None:
    assert ALIASES[alias] in model_names()
    assert model_path(alias) == model_path(ALIASES[alias])
    one, other = load(alias), load(ALIASES[alias])
    angles = np.full(len(one.observation_names), 0.2)
    for _ in range(5):
        np.testing.assert_array_equal(one.step(angles), other.step(angles))


def test_options_of_a_name_apply_to_its_alias() -> None:
    assert len(load("swimmer", n_links=9).action_names) == 8
    one, other = (
        load("swimmer", untrained=True, n_links=9),
        load("swimmer-spiking", untrained=True, n_links=9),
    )
    bent = np.full(8, 0.1)
    for _ in range(20):
        np.testing.assert_array_equal(one.step(bent), other.step(bent))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("pid", {"n_links": 4}, "takes no option 'n_links'; it takes: config, control_period_s"),
        ("blimp-altitude", {"untrained": True}, "takes no option 'untrained'; it takes: engine"),
        ("swimmer", {"links": 4}, "takes no option 'links'; it takes: untrained, n_links"),
    ],
)
def test_unknown_options_are_errors(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        load(name, **options)


@pytest.mark.parametrize("name", ["swimer-spiking", "swimmer-spiking:4-links", "pid:untrained"])
def test_an_unknown_name_is_an_error(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown model {name!r}"):
        load(name)


def test_a_controller_without_file_support_is_not_saved(tmp_path) -> None:
    with pytest.raises(ParameterError, match="PID cannot be saved"):
        save(load("pid"), tmp_path / "pid")
    assert not list(tmp_path.iterdir())


def test_an_unregistered_controller_is_not_saved(tmp_path) -> None:
    class Own(Altitude):
        pass

    own = Own(load("blimp-altitude").networks)
    with pytest.raises(ParameterError, match="register it as an entry point of the group"):
        save(own, tmp_path / "own")


def test_a_folder_of_that_name_takes_precedence_over_an_alias(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snn_control.controllers.swimmer.swimmer import Swimmer

    graded = load("swimmer-graded")
    assert isinstance(graded, Swimmer)
    save(graded, tmp_path / "swimmer" / "model")
    monkeypatch.chdir(tmp_path)
    assert load("swimmer").spikes.size == 0


@pytest.mark.parametrize("name", ["pid", "pid.json"])
def test_a_file_of_that_name_does_not_replace_the_pid(
    tmp_path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    save(load("blimp-altitude"), tmp_path / ("pid/model" if name == "pid" else "pid"))
    monkeypatch.chdir(tmp_path)
    assert isinstance(load("pid"), PID)
    assert model_path("pid") is None


def test_an_empty_name_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="unknown model ''"):
        load("")


class Registered(NetworkController):
    """Controller of another package."""


def test_the_entry_point_of_a_class_is_the_kind_in_its_files(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Point:
        name, value = "theirs", "their_package:Reexported"

        @staticmethod
        def load() -> type[NetworkController]:
            return Registered

    class Points(list):
        def select(self, name: str) -> list[type[Point]]:
            return [Point] if name == "theirs" else []

    def points() -> Points:
        return Points([Point])

    monkeypatch.setattr(files, "_entry_points", points)
    path = save(Registered(load("blimp-altitude").networks[0]), tmp_path / "own")
    assert '"controller": "theirs"' in path.read_text("utf-8")
    assert type(load(path)) is Registered
    monkeypatch.setattr(files, "_entry_points", Points)
    with pytest.raises(ModelFileError, match="or install the package that registers it"):
        load(path)
