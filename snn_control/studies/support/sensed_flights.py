"""Hold of a height by the blimp on an estimate, with a lidar that is not read at every tick."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.controllers.blimp.motion import FULL, BlimpMotion
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters, draw_sense_errors
from snn_control.loops.blimp.model import NOISE, RANGE_SD_M, BlimpModel, lidar_sd_m
from snn_control.supervision.observer import Observer
from snn_control.supervision.send_on_delta import DeltaConfig, DeltaDecoder, DeltaEncoder
from snn_control.supervision.sensing_rate import ProcessNoise, ProcessNoiseConfig, SensingRate
from snn_control.supervision.shared_prediction import Extrapolation, ObserverPrediction

DeltaKind = Literal["hold", "predict", "estimate"]
FloatArray = npt.NDArray[np.float64]

HEIGHT_M = 1.2
CLIMB_M_S = 0.1
START_S = 30.0
"""Beginning of the part of a flight that is judged, s."""
TURN_S = 60.0
GUSTS = {"steady": (1.0,), "alternating": (0.3, 4.0)}
"""Factors of the gusts in turns of `TURN_S`, by name of the condition."""


def blimp_observer() -> Observer:
    """Return the observer of a nominal blimp without biases of sensors."""
    return Observer(BlimpModel(BlimpMotion()), NOISE)


class Sensing(ABC):
    """Way from the ranges of the lidar to an estimate of the height.

    Attributes:
        n_used: measurements, or messages, so far.
    """

    n_used: int = 0

    @abstractmethod
    def estimate(self, range_m: float, now_s: float) -> float:
        """Return the estimated height, m; the range is used only if it is due."""

    @abstractmethod
    def sent(self, command: float, now_s: float) -> None:
        """Register a command, motor units."""


class _Losses:
    """Random losses of messages."""

    def __init__(self, loss: float, seed: int) -> None:
        self._loss, self._rng = loss, np.random.default_rng([seed, 77])

    def next(self) -> bool:
        """Return True if the next message is lost."""
        return bool(self._rng.random() < self._loss)


class Sampled(Sensing):
    """Lidar that is read when a rate is due.

    Args:
        rate: choice of the times.
        adaptive: settings of a process noise that follows the innovations; None: constant.
        loss: probability that a measurement is lost.
        seed: seed of the losses.
    """

    def __init__(
        self,
        rate: SensingRate,
        adaptive: ProcessNoiseConfig | None = None,
        loss: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._rate, self.observer = rate, blimp_observer()
        self._losses = _Losses(loss, seed)
        self._noise = ProcessNoise(NOISE, adaptive) if adaptive else None
        self._command = 0.0

    def estimate(self, range_m: float, now_s: float) -> float:
        """Measure if it is due."""
        observer = self.observer
        if not observer.started:
            observer.start(range_m, RANGE_SD_M, self._command, now_s)
            self._rate.measured(now_s)
        observer.predict(now_s)
        if self._rate.due(now_s, observer.position_sd_m**2):
            self.n_used += 1
            self._rate.measured(now_s)
            if self._losses.next():
                return observer.position_m
            sd_m = lidar_sd_m(range_m)
            made = observer.position(range_m, sd_m)
            if self._noise:
                self._noise.update(made.innovation, sd_m)
                observer.noise = self._noise.noise
            observer.correct(made)
        return observer.position_m

    def sent(self, command: float, now_s: float) -> None:
        """Pass the command to the model."""
        self._command = command
        if self.observer.started:
            self.observer.model.send(command, now_s)


class OnDelta(Sensing):
    """Ranges sent where they differ from a prediction that the sender shares.

    Args:
        config: settings of the stream.
        kind: `hold`: the last range is held, and only the receiver has an observer; `predict`: both
            sides share an observer; `estimate`: the sender compares the estimate of a further
            observer, which uses every range, and sends its state.
        loss: probability that a frame is lost.
        seed: seed of the losses.
    """

    def __init__(
        self, config: DeltaConfig, kind: DeltaKind, loss: float = 0.0, seed: int = 0
    ) -> None:
        self._receiver = ObserverPrediction(blimp_observer(), RANGE_SD_M)
        self._sender = ObserverPrediction(blimp_observer(), RANGE_SD_M)
        self._own = ObserverPrediction(blimp_observer(), RANGE_SD_M)
        self._kind, held = kind, kind == "hold"
        self._encoder = DeltaEncoder(config, Extrapolation() if held else self._sender)
        self._decoder = DeltaDecoder(config, Extrapolation() if held else self._receiver)
        self._losses = _Losses(loss, seed)

    def estimate(self, range_m: float, now_s: float) -> float:
        """Send the range if it is far from the prediction."""
        value, state = range_m, tuple[float, ...]()
        if self._kind == "estimate":
            self._own.predict(now_s)
            self._own.correct(range_m)
            value, *_ = state = self._own.state()
        frame, estimate_m = self._encoder.step(value, now_s, state), self._receiver.predict(now_s)
        if frame:
            self.n_used += 1
            lost = self._losses.next() and self.n_used > 1
            if not lost and self._decoder.receive(frame) and self._kind == "hold":
                self._receiver.correct(frame.value)
            estimate_m = self._receiver.predict(now_s)
        return estimate_m

    def sent(self, command: float, now_s: float) -> None:
        """Pass the command to the models of both sides."""
        self._receiver.sent(command, now_s)
        self._sender.sent(command, now_s)
        self._own.sent(command, now_s)


@dataclass(frozen=True)
class Hold:
    """Result of a flight, from `START_S` on."""

    rate_hz: float
    """Measurements, or messages, per second."""
    rmse_m: float
    """Root mean square of height less reference, m."""


def hold_height(
    controller: Controller, sensing: Sensing, seed: int, duration_s: float, gusts: str
) -> Hold:
    """Climb to `HEIGHT_M` and hold it, with the controller on the estimate.

    Blimp, gusts, ticks and noise of the lidar depend on the seed alone.

    Args:
        controller: altitude controller.
        sensing: new way from ranges to the estimate.
        seed: seed of the flight.
        duration_s: length of the flight, s, above `START_S`.
        gusts: one of `GUSTS`.
    """
    scenario = draw_scenario(blimp_parameters("default"), seed, duration_s)
    errors_m = draw_sense_errors(SenseParameters(), scenario).lidar_m
    state, constants = np.zeros(plant.STATE_SIZE), scenario.constants
    plant.reset(state, constants)
    slots_s = np.arange(scenario.gust_m_s2.shape[1]) * plant.GUST_STEPS * plant.PHYSICS_STEP_S
    factors = np.array(GUSTS[gusts])
    gust = scenario.gust_m_s2[2] * factors[(slots_s / TURN_S).astype(int) % factors.size]
    controller.reset(0)
    before_s, n_before, first_s = -0.1, 0, math.nan
    squares: list[float] = []
    for k, n_steps in enumerate(scenario.substeps.tolist()):
        now_s = scenario.tick_step.item(k) * plant.PHYSICS_STEP_S
        height_m = state.item(plant.HEIGHT)
        if now_s >= START_S and not squares:
            n_before, first_s = sensing.n_used, now_s
        range_m = float(plant.measure(height_m + errors_m.item(k), constants))
        estimate_m = sensing.estimate(range_m, now_s)
        reference_m = min(HEIGHT_M, 0.5 + CLIMB_M_S * now_s)
        if now_s >= START_S:
            squares.append((height_m - reference_m) ** 2)
        observed = {
            "height_error_m": reference_m - estimate_m, "height_ref_m": reference_m,
            "range_m": estimate_m, "dt_s": now_s - before_s, "battery_v": 4.0,
        }  # fmt: skip
        inputs = np.array([observed[name] for name in controller.observation_names])
        command = float(np.clip(controller.step(inputs)[0], -FULL, FULL))
        sensing.sent(command, now_s)
        before_s = now_s
        plant.advance(state, constants, gust, command, n_steps)
    seconds = duration_s - first_s
    return Hold((sensing.n_used - n_before) / seconds, math.sqrt(math.fsum(squares) / len(squares)))
