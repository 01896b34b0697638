"""Selection of the window of a live episode; tests of `play` cover that of MuJoCo."""

import gymnasium
import numpy as np
import pytest

from snn_control.controllers import PID
from snn_control.errors import ConfigError
from snn_control.training import live


class Shown(gymnasium.Env):
    """Environment of two ticks with a render mode `human`."""

    metadata = {"render_modes": ["human"]}  # noqa: RUF012
    observation_names = ("height_error_m",)
    action_names = ("motor_command",)
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)
    action_space = gymnasium.spaces.Box(-10.0, 10.0, (1,), np.float64)
    made: list[str | None] = []  # noqa: RUF012

    def __init__(self, render_mode: str | None = None):
        self.render_mode = render_mode
        self.made.append(render_mode)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.tick = 0
        return np.zeros(1), {"time_s": 0.0}

    def step(self, action):
        self.tick += 1
        return np.zeros(1), 1.0, False, self.tick == 2, {"time_s": 0.1 * self.tick}

    def render(self):
        return None


class Windowless(Shown):
    metadata = {"render_modes": []}  # noqa: RUF012


@pytest.fixture
def registered():
    names = {"live_test/Shown-v0": Shown, "live_test/Windowless-v0": Windowless}
    for name, cls in names.items():
        gymnasium.register(id=name, entry_point=cls)  # type: ignore[arg-type]
    yield list(names)
    for name in names:
        gymnasium.registry.pop(name)


def test_an_environment_with_a_window_uses_it(registered):
    Shown.made.clear()
    episode = live.watch(PID(), seed=1, environment=registered[0])
    assert episode.total_reward == 2.0
    assert Shown.made[-1] == "human"


def test_an_environment_without_any_window_is_an_error(registered):
    with pytest.raises(ConfigError, match="--out"):
        live.watch(PID(), seed=1, environment=registered[1])


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_is_detected_by_its_variable(variable, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not live.has_display()
    monkeypatch.setenv(variable, ":0")
    assert live.has_display()
