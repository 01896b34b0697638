"""Picture of an episode: its size, its curves, its frames, its refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control import load
from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError
from snn_control.report import episode_picture as module
from snn_control.training import film
from snn_control.training.film import can_film, picture
from snn_control.training.system import System
from tests.needs import NEEDS_FILM

pytestmark = pytest.mark.skipif(not can_film(), reason=NEEDS_FILM)


def drawn(name: str, path: Path, environment: str, **options: Any) -> np.ndarray:
    """Return the pixels of a picture, (height, width, 3)."""
    from PIL import Image

    picture(load(name), name, path, seed=1, environment=environment, **options)
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture(scope="module")
def blimp(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    path = tmp_path_factory.mktemp("picture") / "blimp.png"
    pixels = drawn("blimp-altitude", path, "snn_control/BlimpAltitude-v0", duration_s=120.0)
    assert path.stat().st_size < 300_000
    return pixels


def close_to(pixels: np.ndarray, colour: str) -> np.ndarray:
    """Return True for each pixel of about a colour such as `#2b4bd6`."""
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
    near: np.ndarray = (np.abs(pixels.astype(int) - rgb) < 40).all(axis=2)
    return near


def test_it_has_a_curve_of_each_controller_over_the_whole_width(blimp: np.ndarray) -> None:
    plot = blimp[module._TOP : module._PLOT_HEIGHT]
    reference = close_to(plot, module._REFERENCE)
    for line in (close_to(plot, module._COLOURS[0]), reference):
        columns = np.flatnonzero(line.any(axis=0))
        assert columns[0] < 2 * module._LEFT
        assert columns[-1] > module._WIDTH - 30


def test_the_curve_follows_the_step_upwards(blimp: np.ndarray) -> None:
    plot = close_to(blimp[module._TOP : module._PLOT_HEIGHT], module._COLOURS[0])
    before, after = (np.flatnonzero(plot[:, column]).mean() for column in (700, 1180))
    assert after < before - 30  # the step is at 70 s, column 724


def test_each_frame_shows_something(blimp: np.ndarray) -> None:
    strip = blimp[module._PLOT_HEIGHT :]
    frames = np.array_split(strip, module.N_FRAMES, axis=1)
    assert all(frame.std() > 10.0 for frame in frames)
    assert not np.array_equal(frames[0], frames[-1])


def test_a_swimmer_is_drawn_by_its_speed(tmp_path: Path) -> None:
    pixels = drawn("swimmer-graded", tmp_path / "swim.png", "snn_control/Swim-v0")
    assert close_to(pixels, module._COLOURS[1]).any()


def test_a_system_without_response_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(System):
        name = "silent"
        task_type = None  # type: ignore[assignment]

        def accepts(self, controller: Controller) -> bool:
            return True

    monkeypatch.setattr(film, "system_of", lambda controller: Silent())
    with pytest.raises(ParameterError, match="declares no `response`"):
        picture(load("pid"), "pid", tmp_path / "a.png", seed=0, environment="unused")


@pytest.mark.parametrize(("low", "high"), [(0.0, 260.0), (-4.2, 14.1), (0.15, 1.58)])
def test_ticks_are_round_and_few(low: float, high: float) -> None:
    ticks = module._ticks(low, high)
    assert 3 <= len(ticks) <= 9
    assert low <= ticks[0]
    assert ticks[-1] <= high
