"""Checks of environments: each fault fails the check for it."""

import gymnasium
import numpy as np
import pytest

from snn_control.checks import check
from snn_control.errors import UnknownNameError

NAMES = "names of observations and actions"
SEEDS = "equal seeds, equal episodes"
FINITE = "finite rewards and metrics"
TIME = "time in info"


class Rail(gymnasium.Env):
    """Valid cart environment; each subclass below has one fault."""

    observation_names: object = ("position_m", "speed_m_s")
    action_names: object = ("force_n",)

    def __init__(self):
        self.observation_space = gymnasium.spaces.Box(-50.0, 50.0, (2,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = np.array([self.np_random.uniform(-1, 1), 0.0])
        self.tick = 0
        return self.state.copy(), {"time_s": 0.0}

    def step(self, action):
        self.tick += 1
        self.state = np.clip(self.state + 0.1 * np.array([self.state[1], action[0]]), -50, 50)
        return self.state.copy(), self.reward(), False, self.tick >= 50, self.info()

    def reward(self):
        return -abs(float(self.state[0]))

    def info(self):
        return {"time_s": 0.1 * self.tick}

    def metrics(self):
        return {"final_error_m": abs(float(self.state[0]))}


class Nameless(Rail):
    observation_names = None


class MissingName(Rail):
    observation_names = ("position_m",)


class SameName(Rail):
    observation_names = ("position_m", "position_m")


class Camera(Rail):
    """Valid environment with many observations."""

    observation_names = tuple(f"pixel_{k}_grey" for k in range(64))

    def __init__(self):
        super().__init__()
        self.observation_space = gymnasium.spaces.Box(-50.0, 50.0, (64,), np.float64)

    def reset(self, **arguments):
        observation, info = super().reset(**arguments)
        return np.tile(observation, 32), info

    def step(self, action):
        observation, *others = super().step(action)
        return (np.tile(observation, 32), *others)


class SameNames(Camera):
    observation_names = ("pixel_0_grey",) * 2 + tuple(f"pixel_{k // 2}" for k in range(62))


class UnseededReward(Rail):
    def reward(self):
        return float(np.random.default_rng().random())


class NanReward(Rail):
    def reward(self):
        return float("nan") if self.tick > 3 else 0.0


class InfiniteMetric(Rail):
    def metrics(self):
        return {"final_error_m": float("inf")}


class TextMetric(Rail):
    def metrics(self):
        return {"verdict": "good"}


class Timeless(Rail):
    def info(self):
        return {}


class StoppedClock(Rail):
    def info(self):
        return {"time_s": 0.0}


class BadPeriod(Rail):
    control_period_s = -1.0


class Raises(Rail):
    def step(self, action):
        raise RuntimeError("motor on fire")


FAULTS = {
    Nameless: NAMES,
    MissingName: NAMES,
    SameName: NAMES,
    SameNames: NAMES,
    UnseededReward: SEEDS,
    NanReward: FINITE,
    InfiniteMetric: FINITE,
    TextMetric: FINITE,
    Timeless: TIME,
    StoppedClock: TIME,
    BadPeriod: TIME,
}


@pytest.fixture
def registered(monkeypatch):
    def register(cls):
        name = f"checks_test/{cls.__name__}-v0"
        gymnasium.register(id=name, entry_point=cls)
        names.append(name)
        return name

    names: list[str] = []
    yield register
    for name in names:
        gymnasium.registry.pop(name)


def test_valid_environment_passes(registered):
    outcomes = check(registered(Rail))
    assert [o for o in outcomes if not o.passed] == []
    assert {NAMES, SEEDS, FINITE, TIME} < {o.name for o in outcomes}
    assert all(o.remedy == "" for o in outcomes)


def test_long_lists_of_names_are_shortened(registered):
    details = {o.name: o.detail for o in check(registered(Camera))}
    shortened = "pixel_0_grey, pixel_1_grey, pixel_2_grey, ..., pixel_63_grey (64 names)"
    assert details[NAMES] == f"{shortened} -> force_n"
    details = {o.name: o.detail for o in check(registered(SameNames))}
    assert details[NAMES].endswith("pixel_0_grey, pixel_0, pixel_1, ..., pixel_30 (32 names)")
    assert {o.name: o.detail for o in check(registered(Rail))}[NAMES] == (
        "position_m, speed_m_s -> force_n"
    )


@pytest.mark.parametrize(("cls", "name"), FAULTS.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_each_fault_fails_its_check(cls, name, registered):
    failed = {o.name: o for o in check(registered(cls)) if not o.passed}
    assert name in failed
    assert failed[name].detail
    assert failed[name].remedy


def test_exception_fails_the_check(registered):
    failed = [o for o in check(registered(Raises)) if not o.passed]
    assert any("RuntimeError: motor on fire" in o.detail for o in failed)


def test_environment_of_a_module(tmp_path, monkeypatch):
    (tmp_path / "my_rail.py").write_text(
        "import gymnasium\n"
        "from tests.checks.test_environment import Rail\n"
        "gymnasium.register(id='checks_test/Mine-v0', entry_point=Rail)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert all(o.passed for o in check("my_rail:checks_test/Mine-v0"))
        with pytest.raises(UnknownNameError, match="checks_test/Mine-v0"):
            check("checks_test/Mime-v0")
    finally:
        gymnasium.registry.pop("checks_test/Mine-v0", None)
    (outcome,) = check("my_rail_that_is_not_there:X-v0")
    assert not outcome.passed
    assert "cannot be imported" in outcome.detail
