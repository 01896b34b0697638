"""Trial and rollback against closed forms: optima, bounds, dead zone, replays, missing rewards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.errors import ParameterError
from snn_control.plasticity import trial_kernels
from snn_control.plasticity import trials as module
from snn_control.plasticity.optional_kernel import plain
from snn_control.plasticity.trials import SlowParameter, TrialConfig, Trials

WINDOW = 3
"""Ticks of a window."""
TWO = (SlowParameter("a", 0.2, 5.0), SlowParameter("b", 0.25, 4.0, rises=False))
AT_ONCE = TrialConfig(start_s=0.0)
Reward = Callable[[tuple[float, ...]], float]


def search(config: TrialConfig = AT_ONCE, healthy: float = 1.0) -> Trials:
    return Trials(config, TWO, healthy, 0.1)


def run(trials: Trials, reward: Reward, windows: int) -> list[tuple[float, ...]]:
    """Advance by windows; return the values after each tick."""
    values = []
    for _ in range(windows):
        for tick in range(WINDOW):
            trials.advance(reward(trials.values), tick == WINDOW - 1)
            values.append(trials.values)
    return values


def hill(a: float, b: float, coupling: float = 0.0) -> Reward:
    """Return a reward that is concave in the logarithms, with its maximum of 0.9 at a and b."""

    def reward(values: tuple[float, ...]) -> float:
        u, v = math.log(values[0] / a), math.log(values[1] / b)
        return 0.9 - 0.1 * (u * u + v * v - 2.0 * coupling * u * v)

    return reward


# A step s that fails in both directions from u bounds a parabola's maximum: |u| <= s / 2. With the
# coupling r, |u - r v| and |v - r u| are at most s / 2, hence |u| and |v| at most s / 2 / (1 - r).
@pytest.mark.parametrize("coupling", [0.0, 0.5, -0.5])
@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (2.2, 0.6), (0.4, 3.0)])
@pytest.mark.parametrize("grow", [1.0, 1.3])
def test_the_optimum_of_a_concave_reward_is_reached(
    a: float, b: float, coupling: float, grow: float
) -> None:
    trials = search(TrialConfig(start_s=0.0, grow=grow))
    reward = hill(a, b, coupling)
    start = reward(trials.values)
    run(trials, reward, 200)
    bound = 0.5 * trials.settings[trial_kernels.LEAST_STEP] / (1.0 - abs(coupling))
    for value, best in zip(trials.kept, (a, b), strict=True):
        assert abs(math.log(value / best)) <= bound + 1e-9
    assert reward(trials.kept) >= start


def test_an_optimum_outside_the_bounds_is_approached_up_to_the_bound() -> None:
    trials = search()
    run(trials, hill(50.0, 0.01), 100)
    assert trials.kept == (5.0, 0.25)


def test_a_flat_reward_moves_nothing() -> None:
    trials = search()
    values = run(trials, lambda _: 0.3, 300)
    assert trials.kept == (1.0, 1.0)
    assert all(sum(value != 1.0 for value in row) <= 1 for row in values), "one at a time"
    assert not any("kept" in change.reason for change in trials.changes)
    assert len(trials.changes) > 100


def test_a_healthy_reward_changes_nothing_bit_for_bit() -> None:
    trials = search()
    rng = np.random.default_rng(0)
    fresh = trials.state[trial_kernels.VALUES :].tobytes()
    values = run(trials, lambda _: 0.97 + 0.3 * rng.random(), 100)
    assert set(values) == {(1.0, 1.0)}
    assert trials.state[trial_kernels.VALUES :].tobytes()[:16] == fresh[:16]
    assert trials.n_changes == 0


def test_trials_end_at_the_share_of_the_healthy_reward() -> None:
    trials = search()
    run(trials, lambda values: min(0.5 * values[0], 1.0), 100)
    changes, values = trials.n_changes, trials.values
    assert values[0] >= 2.0 * 0.97
    assert values[1] == 1.0
    run(trials, lambda values: min(0.5 * values[0], 1.0), 100)
    assert (trials.n_changes, trials.values) == (changes, values)


def test_steps_follow_their_rule() -> None:
    trials = search(TrialConfig(start_s=0.0, grow=1.3))
    run(trials, lambda _: 0.5, 3)  # one window of rest, two of measurement
    first = 0.45 * math.log(2.0)
    assert trials.on_trial == "a"
    assert trials.values == pytest.approx((math.exp(first), 1.0))
    run(trials, lambda _: 0.6, 2)  # kept
    assert trials.values == pytest.approx((math.exp(2.0 * first), 1.0))
    run(trials, lambda _: 0.7, 2)  # kept again
    assert trials.values == pytest.approx((math.exp(3.3 * first), 1.0))
    run(trials, lambda _: 0.5, 2)  # restored; next
    assert trials.values == pytest.approx((math.exp(2.0 * first), math.exp(-first)))
    run(trials, lambda _: 0.5, 2)
    assert trials.values == pytest.approx((math.exp((2.0 - 0.6 * 1.3) * first), 1.0))
    assert [change.reason for change in trials.changes] == [
        "a tried", "a kept: 0.6 after 0.5", "a tried", "a kept: 0.7 after 0.6", "a tried",
        "a restored: not above 0.7", "b tried", "b restored: not above 0.7", "a tried",
    ]  # fmt: skip
    assert [change.number for change in trials.changes] == list(range(1, 10))
    assert trials.changes[0].time_s == pytest.approx(3 * WINDOW * 0.1)
    assert trials.changes[5].values == pytest.approx((math.exp(2.0 * first), 1.0))


def test_a_changed_world_starts_the_steps_anew() -> None:
    trials = search()
    run(trials, hill(1.0, 1.0), 200)
    steps = trials.state[trial_kernels.VALUES + 2 : trial_kernels.VALUES + 4]
    assert steps.tolist() == [0.05, 0.05]
    run(trials, lambda values: 0.5 * hill(3.0, 1.0)(values), 200)
    assert trials.kept[0] == pytest.approx(3.0, rel=0.03)


def test_nothing_starts_before_its_time_nor_while_the_reward_rises() -> None:
    trials = search(TrialConfig(start_s=9 * WINDOW * 0.1))
    run(trials, lambda _: 0.2, 10)
    assert trials.n_changes == 0
    ramp = iter(np.geomspace(0.2, 0.9, 10 * WINDOW))
    run(trials, lambda _: float(next(ramp)), 10)
    assert trials.n_changes == 0
    run(trials, lambda _: 0.9, 2)
    assert trials.on_trial == "a"


def test_a_missing_reward_restores_the_parameter_and_rests() -> None:
    trials = search()
    run(trials, lambda _: 0.5, 4)
    assert trials.on_trial == "a"
    trials.advance(math.nan, False, "frozen")
    assert trials.values == (1.0, 1.0)
    assert trials.changes[-1].reason == "a restored: frozen"
    run(trials, lambda _: math.nan, 50)
    assert trials.values == (1.0, 1.0)
    assert trials.n_changes == 2
    run(trials, lambda _: 0.5, 3)
    assert trials.on_trial == "a"


REWARDS = st.one_of(st.floats(-2.0, 2.0), st.sampled_from([math.nan, math.inf, 0.0, 1e300]))


@settings(max_examples=100, deadline=None)
@given(rewards=st.lists(REWARDS, max_size=200), grow=st.sampled_from([1.0, 1.3, 10.0]))
def test_values_stay_in_bounds_and_replay_bit_for_bit(
    rewards: Sequence[float], grow: float
) -> None:
    config = TrialConfig(start_s=0.0, grow=grow, steady=1.0)
    one, other = search(config), search(config)
    for k, reward in enumerate(rewards):
        one.advance(reward, k % 2 == 1)
        assert all(p.low <= v <= p.high for p, v in zip(TWO, one.values, strict=True))
        assert np.isfinite(one.values).all()
    for k, reward in enumerate(rewards):
        other.advance(reward, k % 2 == 1)
    assert one.state.tobytes() == other.state.tobytes()
    assert one.changes == other.changes


def test_the_kernel_equals_its_python_source(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = search()
    expected = run(compiled, hill(2.0, 0.5), 60)
    for name in ("advance", "_rest", "_measured", "_try", "_reverse"):
        monkeypatch.setattr(trial_kernels, name, plain(getattr(trial_kernels, name)))
    monkeypatch.setattr(module, "advance", trial_kernels.advance)
    assert run(search(), hill(2.0, 0.5), 60) == expected


def test_a_parameter_without_room_is_never_tried() -> None:
    fixed = SlowParameter("a", 1.0, 1.0)
    trials = Trials(AT_ONCE, (fixed, TWO[1]), 1.0, 0.1)
    run(trials, hill(2.0, 0.5), 100)
    assert trials.kept[0] == 1.0
    assert trials.kept[1] == pytest.approx(0.5, rel=0.03)
    none = Trials(AT_ONCE, (fixed,), 1.0, 0.1)
    run(none, lambda _: 0.5, 20)
    assert none.n_changes == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"share": 1.5}, "share"),
        ({"share": math.nan}, "share"),
        ({"start_s": -1.0}, "start_s"),
        ({"settle": -1}, "settle"),
        ({"measure": 0}, "measure"),
        ({"shrink": 1.0}, "shrink"),
        ({"grow": 0.9}, "grow"),
        ({"first_least": 2.0}, "first_least"),
        ({"least_step": 0.5}, "least_step"),
        ({"change": math.inf}, "change"),
    ],
)
def test_wrong_settings_are_errors(fields: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        TrialConfig(**fields)


def test_wrong_parameters_and_rewards_are_errors() -> None:
    with pytest.raises(ParameterError, match="with 1 between"):
        SlowParameter("a", 1.5, 2.0)
    with pytest.raises(ParameterError, match="at least one"):
        Trials(AT_ONCE, (), 1.0, 0.1)
    with pytest.raises(ParameterError, match="each once"):
        Trials(AT_ONCE, (TWO[0], TWO[0]), 1.0, 0.1)
    with pytest.raises(ParameterError, match="healthy"):
        Trials(AT_ONCE, TWO, 0.0, 0.1)
