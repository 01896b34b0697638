"""A flight over the bus, and what of it depends on the robot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from snn_control.controllers import Controller
from snn_control.ros.base.bag import RecordedTicks, replay
from snn_control.training.evaluate import Evaluation
from snn_control.training.rollout import Episode

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Flight:
    """What to fly."""

    model: str
    """Name of a model, a run folder, a model file, or `pid`."""
    preset: str = "default"
    """Of the robot's faults."""
    seed: int = 0
    """Of the robot."""
    duration_s: float = 300.0
    """Simulated time."""
    rate: float = 1.0
    """Simulated seconds a second; other than 1 with simulated time on /clock."""
    period_s: float = 0.0
    """Control period of a blimp; 0: the preset's."""


@dataclass(frozen=True)
class Flown:
    """What a flight over the bus leaves."""

    episode: Episode
    """Metrics and trace, one entry a tick, as of `rollout`; also `latency_s`, `age_s`, `step_s`."""
    summary: dict[str, Any]
    """Figures of flight and bus, by the names of `snn-control fly --json`."""
    environment: str
    """What was flown, for people."""

    def evaluation(self, flight: Flight) -> Evaluation:
        """Return the evaluation that the page shows."""
        name = controller_name(flight.model)
        return Evaluation(name, self.environment, flight.preset, (flight.seed,), (self.episode,))


class Craft(ABC):
    """Nodes and figures of one kind of robot.

    Args:
        controller: what flies it.

    Attributes:
        environment: id of the environment that is the same robot in process.
        simulator: node that simulates the robot.
        duration_s: length of a flight where none is given.
        headline: figures of the summary that come first, and the metrics that they are.
    """

    environment: ClassVar[str]
    simulator: ClassVar[str]
    duration_s: ClassVar[float]
    headline: ClassVar[dict[str, str]]

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    @abstractmethod
    def node(self, model: str) -> str:
        """Return the controller node that flies a model."""

    @abstractmethod
    def simulator_parameters(self, flight: Flight) -> dict[str, Any]:
        """Return the parameters of the simulator that only this robot has.

        Raises:
            ConfigError: it cannot be flown like this.
        """

    @abstractmethod
    def episode(self, ticks: RecordedTicks, flown: Arrays) -> tuple[Episode, int]:
        """Return the episode of a flight, and how many measurements the simulator sent.

        Args:
            ticks: of the controller.
            flown: of the simulator's flight file.
        """

    @abstractmethod
    def evaluations(self, flight: Flight) -> list[tuple[Evaluation, Controller]]:
        """Fly the same without a bus, and return it, with what it is compared with."""

    def transfers(self, flight: Flight) -> dict[str, Controller]:
        """Return controllers whose learned transfer the page shows, by name; none by default."""
        return {}


def controller_name(model: str) -> str:
    """Name of a model in results."""
    return Path(model).stem


def bus_trace(ticks: RecordedTicks) -> Arrays:
    """Return what every trace of a flight over the bus holds, one entry a tick."""
    names = ("latency_s", "age_s", "step_s")
    return {
        "time_s": (ticks.stamp_ns - ticks.stamp_ns[0]) * 1e-9,
        "missed_ticks": ticks.fields["missed"],
        **{name: ticks.fields[name] for name in names},
    }


def bus_figures(ticks: RecordedTicks, controller: Controller, rate: float = 1.0) -> dict[str, Any]:
    """Return what the ticks say about the bus, and whether an offline controller does the same."""
    latency_s, outputs = ticks.fields["latency_s"], ticks.outputs
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
