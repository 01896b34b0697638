"""Flight of the native plant on the estimate of the height, with faults of sensors and motors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from snn_control.controllers import load
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters, draw_sense_errors, in_steps
from snn_control.loops.blimp.estimator import SENSORS, HeightEstimator
from snn_control.supervision.faults import Channel, Fault, FaultyStreams, Message

CHANNELS = (
    Channel("lidar", 0.0, 12.0),
    Channel("barometer", -5.0, 20.0),
    Channel("accelerometer", -5.0, 5.0),
    Channel("motor", -10.0, 10.0, rest=0.0),
)
OFFSET_M = 3.0
"""Offset of the barometric height."""


@dataclass(frozen=True)
class EstimatedFlight:
    """Recorded flight, one entry a control tick."""

    time_s: np.ndarray
    height_m: np.ndarray
    estimate_m: np.ndarray
    sd_m: np.ndarray
    trusted: dict[str, np.ndarray]
    estimator: HeightEstimator

    def loss_m(self, healthy: EstimatedFlight, start_s: float, stop_s: float) -> float:
        """Return the largest difference of the height from that of the flight without fault."""
        during = (self.time_s >= start_s) & (self.time_s < stop_s)
        return float(np.abs(self.height_m - healthy.height_m)[during].max())

    def closed_after_s(self, sensor: str, start_s: float) -> float:
        """Return the time from `start_s` until a gate is closed; infinite if it stays open."""
        closed = self.time_s[(self.time_s >= start_s) & ~self.trusted[sensor]]
        return float(closed[0] - start_s) if closed.size else math.inf

    def open_after_s(self, sensor: str, start_s: float) -> float:
        """Return the time from `start_s` until a gate is open."""
        opened = self.time_s[(self.time_s >= start_s) & self.trusted[sensor]]
        return float(opened[0] - start_s) if opened.size else math.inf


def fly_on_estimate(
    seed: int,
    faults: Sequence[Fault] = (),
    duration_s: float = 60.0,
    preset: str = "default",
    changes: dict[str, Any] | None = None,
    senses: SenseParameters | None = None,
) -> EstimatedFlight:
    """Climb to 1 m at 0.1 m/s and hold it, with the controller on the estimate."""
    scenario = draw_scenario(blimp_parameters(preset, changes), seed, duration_s)
    senses = senses or SenseParameters()
    errors = draw_sense_errors(senses, scenario)
    state = np.zeros(plant.STATE_SIZE)
    plant.reset(state, scenario.constants)
    gust = np.ascontiguousarray(scenario.gust_m_s2[2])
    streams, estimator = FaultyStreams(CHANNELS, faults), HeightEstimator()
    receivers = {
        "accelerometer": estimator.on_acceleration,
        "barometer": estimator.on_barometer,
        "lidar": estimator.on_range,
    }
    controller, command, rows, before = load("blimp-altitude"), 3.1, [], (-0.1, 0.0)
    controller.reset(0)
    for k, n_steps in enumerate(scenario.substeps.tolist()):
        now_s = scenario.tick_step.item(k) * plant.PHYSICS_STEP_S
        height_m, speed_m_s = state.item(plant.HEIGHT), state.item(plant.SPEED)
        acceleration = (speed_m_s - before[1]) / (now_s - before[0])
        measured = {
            "accelerometer": in_steps(
                acceleration + errors.acceleration_m_s2.item(k), senses.accelerometer_step_m_s2
            ),
            "barometer": OFFSET_M
            + in_steps(height_m + errors.barometer_m.item(k), senses.barometer_step_m),
            "lidar": float(plant.measure(height_m + errors.lidar_m.item(k), scenario.constants)),
        }
        for name, value in measured.items():
            for message in streams.put(name, Message(now_s, np.array([value])), now_s):
                receivers[name](message.values.item(), message.stamp_s, now_s)
        estimate_m, sd_m = height_m, 0.0
        if estimator.started:
            estimate_m, sd_m = estimator.estimate(now_s)
            reference_m = min(1.0, 0.5 + 0.1 * now_s)
            observed = {
                "height_error_m": reference_m - estimate_m, "height_ref_m": reference_m,
                "range_m": estimate_m, "dt_s": now_s - before[0], "battery_v": 4.0,
            }  # fmt: skip
            inputs = np.array([observed[name] for name in controller.observation_names])
            command = float(np.clip(controller.step(inputs)[0], -10.0, 10.0))
        estimator.sent(command, now_s)
        applied = command
        for message in streams.put("motor", Message(now_s, np.array([command])), now_s):
            applied = message.values.item() if np.isfinite(message.values).all() else 0.0
        trusted = [estimator.gates[name].trusted for name in SENSORS]
        rows.append((now_s, height_m, estimate_m, sd_m, *trusted))
        before = now_s, speed_m_s
        plant.advance(state, scenario.constants, gust, applied, n_steps)
    streams.require_effect(duration_s)
    table = np.array(rows, float)
    gates = {name: table[:, 4 + k] > 0 for k, name in enumerate(SENSORS)}
    time_s, height_m, estimate_m, sd_m = table[:, :4].T
    return EstimatedFlight(time_s, height_m, estimate_m, sd_m, gates, estimator)
