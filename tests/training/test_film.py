"""Filming: number of frames, content of pictures, and errors."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import PID
from snn_control.errors import ConfigError, ParameterError, RunError, UnknownNameError
from snn_control.training.blimp.system import Blimp
from snn_control.training.environment import make_environment
from snn_control.training.film import FRAMES_PER_S, Filmed, can_film, film
from snn_control.training.rollout import rollout
from snn_control.training.system import FilmWindow
from tests.needs import NEEDS_FILM, NEEDS_REPORT
from tests.paths import ROOT

pytestmark = pytest.mark.skipif(not can_film(), reason=NEEDS_FILM)
SMALL: dict[str, Any] = {"environment": Blimp.environment, "width": 160, "height": 120}


def test_a_film_has_the_frames_of_its_window(tmp_path):
    imageio = pytest.importorskip("imageio.v2", reason=NEEDS_REPORT)
    path = tmp_path / "a folder" / "f.mp4"
    options = SMALL | {"duration_s": 5.0, "preset": "clean"}
    episode = film(PID(), path, seed=1, window=FilmWindow(1.0, 3.0), **options)
    frames = list(imageio.get_reader(path).iter_data())
    assert len(frames) == pytest.approx(2 * FRAMES_PER_S, abs=1)
    assert frames[0].shape == (120, 160, 3)
    assert np.std(frames[0]) > 5
    assert episode.trace["time_s"][-1] < 3.0
    assert episode.metrics["total_reward"] == episode.total_reward
    assert [p.name for p in path.parent.iterdir()] == ["f.mp4"]


def test_filming_does_not_change_the_episode():
    taken: list[np.ndarray] = []
    options = SMALL | {"duration_s": 2.0, "render_mode": "rgb_array"}
    env = make_environment(options.pop("environment"), **options)
    filmed = rollout(PID(), Filmed(env, taken.append), seed=3)
    plain = rollout(PID(), make_environment(Blimp.environment, duration_s=2.0), seed=3)
    np.testing.assert_array_equal(filmed.trace["motor_command"], plain.trace["motor_command"])
    assert len(taken) == pytest.approx(2 * FRAMES_PER_S, abs=2)


def test_an_episode_that_ends_before_the_window_leaves_no_file(tmp_path):
    with pytest.raises(ParameterError, match="ended before"):
        film(PID(), tmp_path / "f.mp4", seed=1, window=FilmWindow(50.0), duration_s=1.0, **SMALL)
    assert not list(tmp_path.iterdir())


def test_other_formats_than_mp4_are_errors(tmp_path):
    with pytest.raises(ParameterError, match=r"ends in \.mp4"):
        film(PID(), tmp_path / "f.gif", seed=1, environment=Blimp.environment)
    assert not list(tmp_path.iterdir())


def test_an_unwritable_path_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="choose another with --out"):
        film(PID(), tmp_path / "file" / "f.mp4", seed=1, duration_s=1.0, **SMALL)


def test_unknown_environments_and_options_are_errors():
    assert make_environment("BlimpAltitude-v0", preferred={"wings": 2}).unwrapped
    with pytest.raises(UnknownNameError, match="BlimpAltitude-v0`"):
        make_environment("BlimpAltitud-v0")
    with pytest.raises(ConfigError, match="takes no option 'wings'"):
        make_environment(Blimp.environment, wings=2)
    with pytest.raises(ConfigError, match="cannot be imported"):
        make_environment("no_such_module:X-v0")
    with pytest.raises(ConfigError, match="module '' cannot be imported"):
        make_environment(":X-v0")


def test_without_a_renderer_filming_names_the_package(tmp_path):
    code = (
        "from pathlib import Path\n"
        "from snn_control.controllers import PID\n"
        "from snn_control.errors import MissingExtraError\n"
        "from snn_control.training.film import can_film, film\n"
        "from snn_control.training.evaluate import evaluate\n"
        "assert not can_film()\n"
        "evaluate(PID(), 'pid', seeds=[1], duration_s=2.0)\n"
        "try:\n"
        "    film(PID(), Path('f.mp4'), seed=1, environment='BlimpAltitude-v0')\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    env = os.environ | {"MUJOCO_GL": "disable", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env
    )
    assert done.returncode == 0, done.stderr
    assert "apt install libegl1" in done.stdout
    assert not list(tmp_path.iterdir())


def test_evaluation_works_without_egl(tmp_path):
    """Hide the library in a separate mount namespace; mujoco cannot be imported there."""
    egl = ctypes.util.find_library("EGL")
    if not egl or shutil.which("unshare") is None:
        pytest.skip("needs EGL to hide, and unshare of util-linux to hide it")
    hide = "for f in $(ldconfig -p | sed -n 's/.*libEGL.*=> //p'); do"
    hide += ' mount --bind /dev/null "$(readlink -f "$f")" || exit 77; done; exec "$@"'
    code = (
        "import os, snn_control.envs\n"
        "from snn_control.controllers import PID\n"
        "from snn_control.training.evaluate import evaluate\n"
        "from snn_control.training.film import can_film\n"
        "evaluate(PID(), 'pid', seeds=[1], duration_s=2.0)\n"
        "print(os.environ['MUJOCO_GL'], can_film())\n"
    )
    env = {k: v for k, v in os.environ.items() if k not in ("MUJOCO_GL", "DISPLAY")}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", hide, "sh", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env | {"PYTHONPATH": str(ROOT)},
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("cannot mount a file system (needs root)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() in (["disable", "False"], ["osmesa", "True"])
