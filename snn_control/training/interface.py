"""Observations and actions of any Gymnasium environment as vectors with names.

| space | entries |
|---|---|
| observation: Box | `obs_0` ..., in the order of its flattened array |
| observation: other | those of `gymnasium.spaces.flatten`; a Discrete space is one-hot |
| action: Box | `action_0` ..., cast to its type and clipped to its bounds |
| action: Discrete, MultiDiscrete | one entry for each choice; the largest entry is chosen |
| action: MultiBinary | one entry for each bit; 1 if it is above 0 |

An environment that declares `observation_names` and `action_names` keeps its names, and receives
actions unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from snn_control.errors import InterfaceMismatchError

__all__ = ["Declared", "Interface"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Declared:
    """Optional declarations of an environment: names, control period and metrics."""

    observation_names: tuple[str, ...]
    """Entries of the observation; empty if not declared."""
    action_names: tuple[str, ...]
    """Entries of the action; empty if not declared."""
    control_period_s: float | None
    """Control period, s; None if not declared."""
    has_metrics: bool
    """True if the environment has a method `metrics`."""

    @classmethod
    def by(cls, env: gymnasium.Env) -> Declared:
        """Read the attributes of the environment inside all wrappers."""
        inner: Any = env.unwrapped

        def attribute(name: str, default: Any) -> Any:
            return inner.get_wrapper_attr(name) if inner.has_wrapper_attr(name) else default

        return cls(
            tuple(attribute("observation_names", ())),
            tuple(attribute("action_names", ())),
            attribute("control_period_s", None),
            inner.has_wrapper_attr("metrics"),
        )


@dataclass(frozen=True, eq=False)
class Interface:
    """Names of the entries of an environment, and conversions from and to its spaces."""

    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    control_period_s: float | None
    """Control period, s; None if the environment states none."""
    observe: Callable[[Any], FloatArray]
    """Convert an observation to a vector, shape (len(observation_names),)."""
    act: Callable[[FloatArray], Any]
    """Convert a vector, shape (len(action_names),), to an action."""

    @classmethod
    def of(cls, env: gymnasium.Env) -> Interface:
        """Return the interface of an environment.

        Raises:
            InterfaceMismatchError: a space that has no vector form.
        """
        declared = Declared.by(env)
        observation, action = env.observation_space, env.action_space
        names = declared.observation_names or _numbered("obs", _width(observation))
        observe = _observer(observation)
        if declared.action_names:
            return cls(names, declared.action_names, declared.control_period_s, observe, _same)
        width, act = _action(action)
        period_s = declared.control_period_s or _period_s(env)
        return cls(names, _numbered("action", width), period_s, observe, act)


def _numbered(stem: str, n: int) -> tuple[str, ...]:
    return tuple(f"{stem}_{k}" for k in range(n))


def _width(space: gymnasium.Space[Any]) -> int:
    try:
        return spaces.flatdim(space)
    except (NotImplementedError, ValueError) as exc:  # unknown kind or variable size
        raise InterfaceMismatchError(
            f"observation space {space} has no vector form; wrap the environment, see "
            "gymnasium.wrappers.TransformObservation"
        ) from exc


def _observer(space: gymnasium.Space[Any]) -> Callable[[Any], FloatArray]:
    """Return the conversion of the observations of a space to vectors."""
    if not isinstance(space, spaces.Box):
        return partial(_flattened, space)
    return _vector if len(space.shape) == 1 else _ravelled


def _flattened(space: gymnasium.Space[Any], observation: Any) -> FloatArray:
    return np.asarray(spaces.flatten(space, observation), np.float64)


def _vector(observation: Any) -> FloatArray:
    return np.asarray(observation, np.float64)


def _ravelled(observation: Any) -> FloatArray:
    return np.asarray(observation, np.float64).ravel()


def _same(action: FloatArray) -> Any:
    return action


def _action(space: gymnasium.Space[Any]) -> tuple[int, Callable[[FloatArray], Any]]:
    """Return the number of entries of a vector, and its conversion to an action."""
    match space:
        case spaces.Box():
            return int(np.prod(space.shape)), _boxed(space)
        case spaces.Discrete():
            return int(space.n), lambda vector: space.start + vector.argmax()
        case spaces.MultiDiscrete():
            ends = np.cumsum(space.nvec.ravel())
            start = np.asarray(space.start).ravel()

            def choose(vector: FloatArray) -> Any:
                chosen = [part.argmax() for part in np.split(vector, ends[:-1])]
                return (start + chosen).astype(space.dtype).reshape(space.shape)

            return int(ends[-1]), choose
        case spaces.MultiBinary():
            return int(
                np.prod(space.shape)
            ), lambda vector: (vector > 0.0).astype(space.dtype).reshape(space.shape)
    raise InterfaceMismatchError(
        f"action space {space} has no vector form; expected Box, Discrete, MultiDiscrete or "
        "MultiBinary: wrap the environment, see gymnasium.wrappers.TransformAction"
    )


def _boxed(space: spaces.Box) -> Callable[[FloatArray], Any]:
    low, high = space.low.ravel(), space.high.ravel()

    def clip(vector: FloatArray) -> Any:
        boxed = np.maximum(np.minimum(vector, high), low)
        return boxed.astype(space.dtype).reshape(space.shape)

    return clip


def _period_s(env: gymnasium.Env) -> float | None:
    """Return the period of an environment that declares none: MuJoCo's `dt`, or the frame rate."""
    inner: Any = env.unwrapped
    for attribute in ("dt", "tau"):
        if isinstance(value := getattr(inner, attribute, None), float) and value > 0.0:
            return value
    rate = inner.metadata.get("render_fps")
    return 1.0 / rate if rate else None
