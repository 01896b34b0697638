"""Evaluation of controllers on seeded episodes, and the files that the report reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers.controller import Controller
from snn_control.report.inputs import default_role
from snn_control.runs import atomic
from snn_control.runs.checksums import to_json
from snn_control.runs.metrics_file import plain
from snn_control.training.environment import make_environment
from snn_control.training.rollout import Episode, rollout
from snn_control.training.sensing.faulty_environment import require_effect
from snn_control.training.statistics import half_width
from snn_control.training.system import System, Transfer
from snn_control.training.systems import environment_of, find_system
from snn_control.training.trace_file import trace_arrays

__all__ = [
    "Evaluation",
    "evaluate",
    "operations_metrics",
    "run_episode",
    "write_evaluation",
    "write_transfer",
]


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one controller over seeded episodes."""

    controller: str
    environment: str
    preset: str
    seeds: tuple[int, ...]
    episodes: tuple[Episode, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options that the environment was made with."""
    role: str = ""
    """`subject`, `baseline` or `twin`; empty: derived from the name."""
    compared: tuple[str, ...] = ()
    """Metrics to compare, if an episode has any of them; empty: all."""

    def values(self, metric: str) -> np.ndarray:
        """Return a metric of every episode, shape (n_seeds,)."""
        return np.array([episode.metrics[metric] for episode in self.episodes])

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `eval/`, see `snn_control.report`."""
        names = list(self.episodes[0].metrics)
        faults = self.options.get("faults")
        injected = {"faults": faults.path} if faults is not None else {}
        return injected | {
            "controller": self.controller,
            "role": self.role or default_role(self.controller),
            "environment": self.environment,
            "preset": self.preset,
            "seeds": list(self.seeds),
            "episodes": [episode.metrics for episode in self.episodes],
            "mean": {name: float(self.values(name).mean()) for name in names},
            "ci95": {name: half_width(self.values(name)) for name in names},
        }


def evaluate(
    controller: Controller,
    name: str,
    *,
    seeds: Sequence[int],
    preset: str = "default",
    environment: str | None = None,
    system: System | None = None,
    **overrides: Any,
) -> Evaluation:
    """Run one episode for each seed.

    Args:
        controller: controller to evaluate.
        name: its name in the results.
        seeds: one episode each.
        preset: preset of the environment.
        environment: id of a registered environment; None: that of the system. The environment of
            the system gets the options that suit the controller.
        system: system of the controller; None: the one that accepts it.
        overrides: options of the environment, for example `duration_s`; None: its default.

    Raises:
        InterfaceMismatchError: no environment is named and no system accepts the controller, or
            the environment does not fit it.
    """
    own = system or find_system(controller)
    environment, options = environment_of(controller, own, environment)
    options |= {key: value for key, value in overrides.items() if value is not None}
    env = make_environment(environment, preset=preset, **options)
    try:
        episodes = tuple(run_episode(controller, env, seed) for seed in seeds)
    finally:
        env.close()
    return Evaluation(
        name,
        environment,
        preset,
        tuple(seeds),
        episodes,
        options,
        own.role(name) if own else "",
        own.compared if own and own.environment == environment else (),
    )


def run_episode(controller: Controller, env: Any, seed: int) -> Episode:
    """Run one episode; add `total_reward` and `operations_metrics` to its metrics.

    Raises:
        ParameterError: a fault of `env` has changed no message.
    """
    episode = rollout(controller, env, seed=seed)
    require_effect(env)
    episode.metrics["total_reward"] = episode.total_reward
    episode.metrics.update(operations_metrics(controller, episode))
    return episode


def operations_metrics(controller: Controller, episode: Episode) -> dict[str, float]:
    """Return operations and spikes of an episode; empty if they are unknown.

    `synaptic_ops_per_decision` and `synaptic_ops_per_s` come from `Controller.synaptic_operations`;
    a controller made of networks also has `spikes_per_decision`.
    """
    trace = episode.trace
    if controller.networks and "spike_neuron" not in trace:  # spikes were lost on the bus
        return {}
    n_ticks = len(trace[controller.action_names[0]])
    fired = trace.get("spike_neuron", np.zeros(0, np.int64))
    counts = np.bincount(fired, minlength=controller.spikes.size)
    total = controller.synaptic_operations(counts, n_ticks)
    if total is None:
        return {}
    per_decision = total / n_ticks
    metrics = {"spikes_per_decision": len(fired) / n_ticks} if controller.networks else {}
    metrics["synaptic_ops_per_decision"] = per_decision
    if "time_s" in trace and trace["time_s"][-1] > 0:
        metrics["synaptic_ops_per_s"] = per_decision * n_ticks / float(trace["time_s"][-1])
    return metrics


def write_evaluation(
    evaluation: Evaluation, folder: Path, controller: Controller, *, trace: bool = True
) -> None:
    """Write `eval/` of a run folder and, if `trace` is True, the first episode to `traces/`."""
    with atomic.writing(folder):
        for name in ("eval", "traces"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / "eval" / f"{evaluation.controller}-{evaluation.preset}.json"
    text = to_json(plain(evaluation.document()), indent=1, allow_nan=False)
    atomic.write_bytes(path, text)
    arrays = trace_arrays(evaluation.episodes[0], controller) if trace else {}
    if arrays:
        arrays["seed"] = np.array(evaluation.seeds[0])
        arrays["preset"] = np.array(evaluation.preset)
        atomic.write_arrays(folder / "traces" / f"{evaluation.controller}.npz", arrays)


def write_transfer(controllers: Mapping[str, Controller], transfer: Transfer, folder: Path) -> None:
    """Write `eval/transfer.npz`: the settled read-out of each controller at constant observations.

    Controllers with other observations or without the read-out are skipped.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    arrays: dict[str, Any] = {"error_m": transfer.observations}
    for name, controller in controllers.items():
        named = tuple(controller.observation_names) == (transfer.observation,)
        if named and transfer.readout in controller.readouts:
            arrays[f"{name}:{transfer.readout}"] = _settled(controller, transfer)
    if len(arrays) == 1:
        return
    with atomic.writing(folder):
        (folder / "eval").mkdir(parents=True, exist_ok=True)
    atomic.write_arrays(folder / "eval" / "transfer.npz", arrays)


def _settled(controller: Controller, transfer: Transfer) -> np.ndarray:
    """Return the read-out at each constant observation, shape (n_observations,)."""
    settled = np.zeros(transfer.observations.size)
    for k, value in enumerate(transfer.observations):
        controller.reset()
        for _ in range(transfer.ticks):
            controller.step(np.array([value]))
        settled[k] = controller.readouts[transfer.readout]
    return settled
