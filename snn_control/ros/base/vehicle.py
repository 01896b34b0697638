"""Run over the bus, and its vehicle-specific part."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.errors import ParameterError
from snn_control.ros.bags.ticks import RecordedTicks, replay
from snn_control.seeds import whole_seed
from snn_control.training.evaluate import Evaluation, evaluate
from snn_control.training.rollout import Episode

__all__ = [
    "BusResult",
    "BusRun",
    "NodeStart",
    "Vehicle",
    "bus_figures",
    "bus_trace",
    "controller_name",
    "evaluated_beside",
]

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class BusRun:
    """Configuration of one run of a vehicle over the bus."""

    model: str
    """Name of a model, a run folder, a model file, or `pid`."""
    preset: str = "default"
    """Preset of the vehicle's faults."""
    seed: int = 0
    """Seed of the simulated vehicle."""
    duration_s: float = 300.0
    """Simulated duration, s."""
    rate: float = 1.0
    """Simulated seconds per second of wall time; values other than 1 use /clock."""
    period_s: float = 0.0
    """Control period of a blimp, s; 0: that of the preset."""
    faults: str = ""
    """File of faults, or the name of a shipped one; empty: none."""

    def __post_init__(self) -> None:
        whole_seed(self.seed)
        if not 0.0 < self.rate < math.inf:
            raise ParameterError(f"rate is {self.rate:g}; expected more than 0")


@dataclass(frozen=True)
class BusResult:
    """Episode and figures of one run over the bus."""

    episode: Episode
    """Metrics and trace as of `rollout`, one entry per tick, and `latency_s`, `age_s`, `step_s`."""
    summary: dict[str, Any]
    """Figures of vehicle and bus, with the names of `snn-control fly --json`."""
    environment: str
    """Display name of the environment."""

    def evaluation(self, run: BusRun) -> Evaluation:
        """Return the evaluation for the report."""
        name = controller_name(run.model)
        return Evaluation(name, self.environment, run.preset, (run.seed,), (self.episode,))


@dataclass(frozen=True)
class NodeStart:
    """Node to start as a process, with its parameters."""

    node: str
    """Name of one of our nodes (`snn_control.ros.nodes`), or dotted module of a node of another
    package (`cart_package.cart_controller`); its last part is the name of the node."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the vehicle; those of every controller or simulator are added."""

    @property
    def name(self) -> str:
        """Name of the node on the bus."""
        return self.node.rpartition(".")[2]


class Vehicle(ABC):
    """Nodes and figures of one kind of vehicle on the bus.

    Another package adds one by an entry point of the group `snn_control.vehicles`. Its nodes are
    modules with a `main`, a `ControllerNode` and a `SimulatorNode`.

    Args:
        controller: controller for which `accepts` returns True.

    Attributes:
        environment: id of the environment of the same vehicle.
        duration_s: default duration of a run, simulated s.
        headline: first figures of the summary, each with its metric.
        fault_system: name of its channels in `snn_control.ros.faults.channels`; empty: none.
    """

    environment: ClassVar[str]
    duration_s: ClassVar[float]
    headline: ClassVar[dict[str, str]]
    fault_system: ClassVar[str] = ""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    @classmethod
    @abstractmethod
    def accepts(cls, controller: Controller) -> bool:
        """Return True if a controller fits this vehicle, by its observation and action names."""

    @abstractmethod
    def controller_node(self, model: str) -> NodeStart:
        """Return the node that runs a model.

        Args:
            model: name, or absolute path of a run folder or a model file.
        """

    @abstractmethod
    def simulator_node(self, run: BusRun) -> NodeStart:
        """Return the node that simulates the vehicle.

        Raises:
            ConfigError: the vehicle has no such preset or period.
        """

    @abstractmethod
    def episode(self, ticks: RecordedTicks, simulated: Arrays) -> tuple[Episode, int]:
        """Return the episode of a run, and the number of measurements that the simulator sent.

        Args:
            ticks: ticks of the controller node.
            simulated: arrays of the simulator's `flight_file`.
        """

    @abstractmethod
    def evaluations(self, run: BusRun) -> list[tuple[Evaluation, Controller]]:
        """Evaluate controller and rivals in process, with the seed and duration of the run."""


def controller_name(model: str) -> str:
    """Return the name of a model in results."""
    return Path(model).stem


def evaluated_beside(
    baseline: str, controller: Controller, run: BusRun
) -> list[tuple[Evaluation, Controller]]:
    """Evaluate a controller and a shipped baseline in process in the episode of a run.

    Args:
        baseline: name of the baseline; left out if it is the model of the run itself.
        controller: loaded model of the run.
        run: model, preset, seed and duration.
    """
    name = controller_name(run.model)
    controllers = {f"{name}-in-process": controller}
    if name != baseline:
        controllers[baseline] = load(baseline)
    episode: dict[str, Any] = {
        "seeds": [run.seed],
        "preset": run.preset,
        "duration_s": run.duration_s,
    }
    return [(evaluate(one, label, **episode), one) for label, one in controllers.items()]


def bus_trace(ticks: RecordedTicks) -> Arrays:
    """Return the columns of a trace common to all runs over the bus, one entry per tick."""
    names = ("latency_s", "age_s", "step_s", "filter_s")
    return {
        "time_s": (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9,
        "missed_ticks": ticks.fields["missed"],
        **{name: ticks.fields[name] for name in names if name in ticks.fields},
    }


def bus_figures(ticks: RecordedTicks, controller: Controller, rate: float = 1.0) -> dict[str, Any]:
    """Return the figures of the bus; `replay_identical` compares with an offline replay."""
    latency_s, outputs = ticks.fields["latency_s"], ticks.outputs
    period_s = controller.control_period_s
    # Ages are in simulated time, latencies in wall time.
    age_s = np.where(ticks.measured, ticks.fields["age_s"], 0.0)
    late = np.maximum(latency_s * rate, age_s) > period_s
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
