"""Which window an episode is shown in; that of MuJoCo is tested with `play`."""

import gymnasium
import numpy as np
import pytest

from snn_control.controllers import PID
from snn_control.errors import ConfigError
from snn_control.training import live


class Shown(gymnasium.Env):
    """Two ticks of nothing; draws itself where it is asked to."""

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


class Unseen(Shown):
    metadata = {"render_modes": []}  # noqa: RUF012


@pytest.fixture
def registered():
    names = {"live_test/Shown-v0": Shown, "live_test/Unseen-v0": Unseen}
    for name, cls in names.items():
        gymnasium.register(id=name, entry_point=cls)  # type: ignore[arg-type]
    yield list(names)
    for name in names:
        gymnasium.registry.pop(name)


def test_an_environment_that_draws_itself_does_so(registered):
    Shown.made.clear()
    episode = live.watch(PID(), seed=1, environment=registered[0])
    assert episode.total_reward == 2.0
    assert Shown.made[-1] == "human"


def test_one_that_cannot_be_shown_says_what_to_do(registered):
    with pytest.raises(ConfigError, match="--out"):
        live.watch(PID(), seed=1, environment=registered[1])


@pytest.mark.parametrize(("variable", "there"), [("DISPLAY", True), ("WAYLAND_DISPLAY", True)])
def test_a_display_is_found_by_its_variable(variable, there, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not live.has_display()
    monkeypatch.setenv(variable, ":0")
    assert live.has_display() is there
