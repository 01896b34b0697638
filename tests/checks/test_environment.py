"""What an environment may do wrong is found, each mistake by the check that is meant for it."""

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
    """A cart that does everything right; the others below each do one thing wrong."""

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


class OneNameShort(Rail):
    observation_names = ("position_m",)


class SameName(Rail):
    observation_names = ("position_m", "position_m")


class Camera(Rail):
    """Has so many observations that nobody wants to read all names."""

    observation_names = tuple(f"pixel_{k}_grey" for k in range(64))

    def __init__(self):
        super().__init__()
        self.observation_space = gymnasium.spaces.Box(-50.0, 50.0, (64,), np.float64)

    def reset(self, **given):
        seen, info = super().reset(**given)
        return np.tile(seen, 32), info

    def step(self, action):
        seen, *others = super().step(action)
        return (np.tile(seen, 32), *others)


class SameNames(Camera):
    observation_names = ("pixel_0_grey",) * 2 + tuple(f"pixel_{k // 2}" for k in range(62))


class OwnRandomness(Rail):
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


class StoodClock(Rail):
    def info(self):
        return {"time_s": 0.0}


class BadPeriod(Rail):
    control_period_s = -1.0


class Raises(Rail):
    def step(self, action):
        raise RuntimeError("motor on fire")


WRONG = {
    Nameless: NAMES,
    OneNameShort: NAMES,
    SameName: NAMES,
    SameNames: NAMES,
    OwnRandomness: SEEDS,
    NanReward: FINITE,
    InfiniteMetric: FINITE,
    TextMetric: FINITE,
    Timeless: TIME,
    StoodClock: TIME,
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


def test_a_good_one_passes_all(registered):
    outcomes = check(registered(Rail))
    assert [o for o in outcomes if not o.passed] == []
    assert {NAMES, SEEDS, FINITE, TIME} < {o.name for o in outcomes}
    assert all(o.remedy == "" for o in outcomes)


def test_long_lists_of_names_are_cut(registered):
    found = {o.name: o.found for o in check(registered(Camera))}
    cut = "pixel_0_grey, pixel_1_grey, pixel_2_grey, ..., pixel_63_grey (64 names)"
    assert found[NAMES] == f"{cut} -> force_n"
    found = {o.name: o.found for o in check(registered(SameNames))}
    assert found[NAMES].endswith("pixel_0_grey, pixel_0, pixel_1, ..., pixel_30 (32 names)")
    assert {o.name: o.found for o in check(registered(Rail))}[NAMES] == (
        "position_m, speed_m_s -> force_n"
    )


@pytest.mark.parametrize(("cls", "name"), WRONG.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_each_mistake_is_found_by_its_check(cls, name, registered):
    failed = {o.name: o for o in check(registered(cls)) if not o.passed}
    assert name in failed
    assert failed[name].found
    assert failed[name].remedy


def test_an_exception_is_a_finding_not_a_crash(registered):
    failed = [o for o in check(registered(Raises)) if not o.passed]
    assert any("RuntimeError: motor on fire" in o.found for o in failed)


def test_module_and_id(tmp_path, monkeypatch):
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
    assert "cannot be imported" in outcome.found
