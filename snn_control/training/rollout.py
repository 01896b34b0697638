"""One seeded episode of a controller in an environment; entries are matched by name."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snn_control.controllers.controller import Controller
from snn_control.errors import ControlPeriodError, InterfaceMismatchError
from snn_control.network.resample import resampling_remedy
from snn_control.seeds import whole_seed
from snn_control.training.interface import Declared, Interface

__all__ = ["Episode", "match", "rollout", "spike_list"]


@dataclass(frozen=True)
class Episode:
    """Result of an episode."""

    total_reward: float
    """Sum of the rewards."""
    metrics: dict[str, float]
    """The environment's metrics, and `spikes_per_s`."""
    trace: dict[str, np.ndarray] = field(repr=False)
    """One entry per tick: scalars that the environment reports at every tick (`time_s`, `height_m`
    ...), observations, actions and read-outs by name; `spike_tick` and `spike_neuron` with one
    entry per spike."""


def rollout(controller: Controller, env: Any, *, seed: int) -> Episode:
    """Run one episode.

    Args:
        controller: its observation names must be among the environment's, its action names equal.
        env: Gymnasium environment; one that declares no `observation_names` and `action_names` has
            those of `Interface`.
        seed: seed of environment and controller.

    Raises:
        InterfaceMismatchError: names do not match; lists both.
        ControlPeriodError: the environment declares another `control_period_s`.
    """
    pick, interface = match(controller, env), Interface.of(env)
    seed = whole_seed(seed)
    controller.reset(seed)
    observation, info = env.reset(seed=seed)
    names = interface.observation_names
    rows: list[dict[str, float]] = []
    spikes: list[np.ndarray] = []
    total_reward, done = 0.0, False
    while not done:
        values = interface.observe(observation)
        action = controller.step(values[pick])
        row = {name: info[name] for name in info if np.isscalar(info[name])}
        row |= dict(zip(names, values.tolist(), strict=True))
        row |= dict(zip(controller.action_names, action.tolist(), strict=True))
        rows.append(row | controller.readouts)
        spikes.append(controller.spikes)
        observation, reward, terminated, truncated, info = env.step(interface.act(action))
        total_reward += float(reward)
        done = terminated or truncated
    always = [name for name in rows[0] if all(name in row for row in rows)]
    trace = {name: np.array([row[name] for row in rows]) for name in always}
    trace |= spike_list(np.array(spikes))
    metrics = dict(env.unwrapped.metrics()) if Declared.by(env).has_metrics else {}
    if "spikes" in trace and info.get("time_s", 0.0) > 0:
        metrics["spikes_per_s"] = float(trace["spikes"].sum()) / float(info["time_s"])
    return Episode(total_reward, metrics, trace)


def spike_list(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Expand spike counts, shape (n_ticks, n_spiking), to tick and neuron of each spike."""
    tick, neuron = np.nonzero(counts)
    times = counts[tick, neuron].astype(np.int64)
    return {"spike_tick": tick.repeat(times), "spike_neuron": neuron.repeat(times)}


def match(controller: Controller, env: Any) -> list[int]:
    """Return the indices of the observation entries that the controller takes.

    Raises:
        InterfaceMismatchError: names do not match; lists both.
        ControlPeriodError: the environment declares another control period.
    """
    interface = Interface.of(env)
    offered, actions = interface.observation_names, interface.action_names
    missing = [name for name in controller.observation_names if name not in offered]
    if missing or tuple(controller.action_names) != actions:
        raise InterfaceMismatchError(
            f"controller takes {controller.observation_names} and gives "
            f"{controller.action_names}; environment gives {offered} and takes {actions}"
        )
    period_s = Declared.by(env).control_period_s
    if period_s is not None and not math.isclose(
        period_s, controller.control_period_s, rel_tol=1e-6
    ):
        raise ControlPeriodError(
            f"controller was made for a control period of {controller.control_period_s:g} s, the "
            f"environment has {period_s:g} s; change it, load the controller with "
            f"control_period_s={period_s:g}{resampling_remedy(controller.networks, period_s)}"
        )
    return [offered.index(name) for name in controller.observation_names]
