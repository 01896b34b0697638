"""One flight over the bus: simulator, controller and recorder as processes, and what is left."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.envs.blimp.metrics import altitude_metrics
from snn_control.envs.blimp.plant import PHYSICS_STEP_S
from snn_control.ros.bag import RecordedTicks, read_ticks, replay
from snn_control.ros.processes import Nodes, free_domain, local_bus
from snn_control.training.evaluate import Evaluation, operations_metrics
from snn_control.training.rollout import Episode, spike_list

ALL_OR_NONE = {"exit_if_refused": True}
START_S = 60.0
"""Wall time that nodes may take to start, on a busy machine."""
SLOW = 3.0
"""How much slower than asked for a flight may go before it is given up."""
ENVIRONMENT = "snn_control/BlimpAltitude-v0 over ROS 2"


@dataclass(frozen=True)
class Flight:
    """What to fly."""

    model: str
    """Name of a model, a run folder, a model file, or `pid`."""
    preset: str = "default"
    """Of the blimp."""
    seed: int = 0
    """Of the blimp."""
    duration_s: float = 300.0
    """Simulated time."""
    rate: float = 1.0
    """Simulated seconds a second; other than 1 with simulated time on /clock."""
    period_s: float = 0.0
    """Control period; 0: the preset's."""


@dataclass(frozen=True)
class Flown:
    """What a flight over the bus leaves."""

    episode: Episode
    """Metrics and trace, one entry a tick, as of `rollout`; also `latency_s`, `age_s`, `step_s`."""
    summary: dict[str, Any]
    """Figures of flight and bus, by the names of `snn-control fly --json`."""

    def evaluation(self, flight: Flight) -> Evaluation:
        """Return the evaluation that the page shows."""
        name = controller_name(flight.model)
        return Evaluation(name, ENVIRONMENT, flight.preset, (flight.seed,), (self.episode,))


def controller_name(model: str) -> str:
    """Name of a model in results."""
    return Path(model).stem


def fly(flight: Flight, folder: Path) -> Flown:
    """Fly on a bus of its own; bag, logs and parameters go to `folder`/ros.

    Raises:
        RunError: a node died or the flight took far too long; with the node's last words.
    """
    ros = folder.absolute() / "ros"
    accelerated = flight.rate != 1.0
    with Nodes(ros, local_bus(free_domain())) as nodes:
        nodes.start("recorder", {"bag": str(ros / "bag"), **ALL_OR_NONE})
        parameters = {"use_sim_time": accelerated, "arm_on_activate": True}
        node = _start_controller(nodes, flight.model, parameters)
        nodes.start(
            "blimp_simulator",
            {
                **ALL_OR_NONE,
                "preset": flight.preset,
                "seed": flight.seed,
                "duration_s": float(flight.duration_s),
                "rate": float(flight.rate),
                "period_s": float(flight.period_s),
                "clock": accelerated,
                "wait_for_controller": True,
                "wait_for_listeners": [f"{node}/tick", f"{node}/spikes"],
                "exit_at_end": True,
                "flight_file": str(ros / "flight.npz"),
            },
        )
        nodes.wait("blimp_simulator", START_S + SLOW * flight.duration_s / flight.rate)
        nodes.stop("blimp_simulator", node, "recorder")
    return examine(flight, ros)


def fly_robot(flight: Flight, folder: Path) -> dict[str, Any]:
    """Run controller and recorder on the bus of the environment; return the figures of the bus.

    The controller waits disarmed. Ends with the duration, where there is one, or with Ctrl-C.

    Raises:
        RunError: a node died, or the controller was never given a measurement.
    """
    ros = folder.absolute() / "ros"
    with Nodes(ros, os.environ) as nodes:
        nodes.start("recorder", {"bag": str(ros / "bag"), **ALL_OR_NONE})
        node = _start_controller(nodes, flight.model, {})
        with suppress(KeyboardInterrupt):
            nodes.watch(flight.duration_s or math.inf)
        nodes.stop(node, "recorder")
    return bus_figures(read_ticks(ros / "bag"), load(flight.model))


def _start_controller(nodes: Nodes, model: str, parameters: dict[str, Any]) -> str:
    if model == "pid":
        nodes.start("pid_controller", {**ALL_OR_NONE, **parameters})
        return "pid_controller"
    is_path = Path(model).is_dir() or (Path(model).suffix != "" and Path(model).exists())
    named = str(Path(model).absolute()) if is_path else model
    nodes.start("altitude_controller", {**ALL_OR_NONE, **parameters, "model": named})
    return "altitude_controller"


def examine(flight: Flight, ros: Path) -> Flown:
    """Make metrics and trace of what a flight left in its folder `ros`."""
    ticks = read_ticks(ros / "bag")
    with np.load(ros / "flight.npz", allow_pickle=False) as archive:
        flown = {name: archive[name] for name in archive.files}
    controller = load(flight.model)
    trace = _trace(ticks, flown)
    metrics = altitude_metrics(flown["time_s"], flown["height_ref_m"], flown["height_m"])
    if ticks.spikes.size:
        trace |= spike_list(ticks.spikes[: int(ticks.stepped.sum())])
        metrics["spikes_per_s"] = float(ticks.spikes.sum()) / float(flown["time_s"][-1])
    episode = Episode(math.nan, metrics, trace)
    metrics |= operations_metrics(controller, episode)
    summary = {
        "model": controller_name(flight.model),
        "preset": flight.preset,
        "seed": flight.seed,
        "hold_rmse_m": metrics["hold_rmse_m"],
        "steady_state_error_m": metrics["steady_state_error_m"],
        "overshoot_m": metrics["overshoot_m"],
        "lost_ticks": len(flown["tick_step"]) - len(ticks.stamp_ns),
    } | bus_figures(ticks, controller, flight.rate)
    return Flown(episode, summary)


def bus_figures(ticks: RecordedTicks, controller: Controller, rate: float = 1.0) -> dict[str, Any]:
    """Return what the ticks say about the bus, and whether an offline controller does the same."""
    latency_s, outputs = ticks.fields["latency_s"], ticks.fields["output"]
    period_s = controller.control_period_s
    # Ages are of simulated time, latencies of wall time.
    late = np.maximum(latency_s * rate, ticks.fields["age_s"]) > period_s
    again = replay(ticks, controller)
    identical = bool(np.array_equal(again, outputs, equal_nan=True))
    return {
        "latency_p50_ms": 1e3 * float(np.quantile(latency_s, 0.5)),
        "latency_p99_ms": 1e3 * float(np.quantile(latency_s, 0.99)),
        "latency_max_ms": 1e3 * float(latency_s.max()),
        "step_p99_ms": 1e3 * float(np.quantile(ticks.fields["step_s"], 0.99)),
        "ticks": len(outputs),
        "overruns": int(late.sum()),
        "missed_ticks": int(ticks.fields["missed"].sum()),
        "replay_identical": identical if ticks.stepped.any() else None,
    }


def _trace(ticks: RecordedTicks, flown: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    time_s = (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9
    at = np.clip(np.rint(time_s / PHYSICS_STEP_S).astype(int), 0, len(flown["time_s"]) - 1)
    reference_m = flown["height_ref_m"][at]
    return {
        "time_s": time_s,
        "height_m": flown["height_m"][at],
        "height_ref_m": reference_m,
        "range_m": reference_m - ticks.fields["height_error_m"],
        "motor_command": ticks.fields["command"],
        "missed_ticks": ticks.fields["missed"],
        **{name: ticks.fields[name] for name in ("latency_s", "age_s", "step_s")},
    }
