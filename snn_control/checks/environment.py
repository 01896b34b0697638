"""Conformance of an environment: Gymnasium's checks, names, seeding, metrics and time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import isfinite
from typing import Any

import gymnasium
import numpy as np

from snn_control.checks.outcome import Checklist, Outcome, require
from snn_control.training.environment import environment_id, make_environment

TICKS = 1000
"""Maximum number of ticks of an episode."""
SEED = 7
_MOST_NAMES = 20
"""Maximum number of names listed in full; longer lists show `_FIRST_NAMES` and the last one."""
_FIRST_NAMES = 3


def check_environment(name: str) -> list[Outcome]:
    """Check the environment of a registered id or `module:id`."""
    check = Checklist("environment")
    made: list[gymnasium.Env] = []

    def make() -> str:
        made.append(make_environment(name))
        return f"{environment_id(name)}, {type(made[0].unwrapped).__name__}"

    remedy = "register the id with gymnasium.register, or as an entry point of the group "
    if not check("can be made", remedy + "snn_control.environments", make):
        return check.outcomes
    env = made[0]
    guide = "docs/tutorials/own_robot.md has an example"
    try:
        check("Gymnasium's checker", "follow its message; " + guide, lambda: _gymnasium(env))
        named = check(
            "names of observations and actions",
            "set observation_names and action_names, one name with unit per entry; " + guide,
            lambda: _names(env),
        )
        if named:
            check(
                "equal seeds, equal episodes",
                "draw all random numbers from self.np_random, and reset all state in reset()",
                lambda: _equal(env),
            )
            check(
                "finite rewards and metrics",
                "return a dict of numbers from metrics(); NaN only for figures not yet available",
                lambda: _finite(env),
            )
            check("time in info", "add time_s, s since the reset, to info", lambda: _time(env))
    finally:
        env.close()
    return check.outcomes


def _gymnasium(env: gymnasium.Env) -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(env.unwrapped, skip_render_check=True)


def _names(env: gymnasium.Env) -> str:
    inner: Any = env.unwrapped
    for attribute, space in (
        ("observation_names", env.observation_space),
        ("action_names", env.action_space),
    ):
        names: Any = getattr(inner, attribute, None)
        require(names is not None, f"the environment has no {attribute}")
        require(
            isinstance(names, tuple) and all(isinstance(n, str) for n in names),
            f"{attribute} is {names!r:.200}, expected a tuple of strings",
        )
        require(isinstance(space, gymnasium.spaces.Box), f"{attribute}: the space is not a Box")
        require(
            space.shape == (len(names),),
            f"{attribute} has {len(names)} names for a space of shape {space.shape}",
        )
        repeated = tuple(name for name, n in Counter(names).items() if n > 1)
        require(not repeated, f"{attribute} has duplicate names: {_listed(repeated)}")
    return f"{_listed(inner.observation_names)} -> {_listed(inner.action_names)}"


def _listed(names: tuple[str, ...]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_FIRST_NAMES])}, ..., {names[-1]} ({len(names)} names)"


def _episode(env: gymnasium.Env, seed: int) -> list[Any]:
    """Run random actions of a fixed seed; return all results, observations as bytes."""
    space = env.action_space
    assert isinstance(space, gymnasium.spaces.Box)
    rng = np.random.default_rng(SEED)
    low, high = np.maximum(space.low, -1.0), np.minimum(space.high, 1.0)
    observation, info = env.reset(seed=seed)
    record: list[Any] = [_bytes(observation, info)]
    for _ in range(TICKS):
        action = rng.uniform(low, high).astype(space.dtype)
        observation, reward, terminated, truncated, info = env.step(action)
        record.append((_bytes(observation, info), float(reward), terminated, truncated))
        if terminated or truncated:
            break
    return record


def _bytes(observation: Any, info: dict[str, Any]) -> tuple[Any, ...]:
    scalars = sorted((key, repr(value)) for key, value in info.items() if np.isscalar(value))
    return np.asarray(observation).tobytes(), scalars


def _equal(env: gymnasium.Env) -> str:
    first, second = _episode(env, SEED), _episode(env, SEED)
    for tick, (a, b) in enumerate(zip(first, second, strict=False)):
        require(a == b, f"two episodes of seed {SEED} differ from tick {tick}")
    require(len(first) == len(second), f"two episodes of seed {SEED} differ in length")
    return f"{len(first) - 1} ticks, bit for bit"


def _finite(env: gymnasium.Env) -> str:
    record = _episode(env, SEED)
    for tick, (_, reward, _, _) in enumerate(record[1:], 1):
        require(isfinite(reward), f"the reward of tick {tick} is {reward}")
    inner: Any = env.unwrapped
    if not hasattr(inner, "metrics"):
        return "no metrics(): only rewards are compared"
    metrics = inner.metrics()
    require(isinstance(metrics, dict), f"metrics() returned {type(metrics).__name__}")
    for key, value in metrics.items():
        require(isinstance(key, str), f"metrics() has a key {key!r}; expected strings")
        require(
            isinstance(value, int | float | np.number) and not np.isinf(float(value)),
            f"metric {key} is {value!r}; expected a number",
        )
    missing = [key for key, value in metrics.items() if value != value]
    note = f"; NaN after this episode: {', '.join(missing)}" if missing else ""
    return ", ".join(metrics) + note


def _time(env: gymnasium.Env) -> str:
    _, info = env.reset(seed=SEED)
    infos = [info, *(env.step(env.action_space.sample())[4] for _ in range(5))]
    require(all("time_s" in i for i in infos), "info has no time_s; rates per second need it")
    times = [float(i["time_s"]) for i in infos]
    require(all(b > a for a, b in pairwise(times)), f"time_s does not increase: {times}")
    period_s = getattr(env.unwrapped, "control_period_s", None)
    if period_s is None:
        return f"{times[1] - times[0]:.3g} s to the first tick, no control_period_s"
    require(isfinite(period_s) and period_s > 0, f"control_period_s is {period_s!r}")
    return f"{times[1] - times[0]:.3g} s to the first tick, control_period_s {period_s:g}"
