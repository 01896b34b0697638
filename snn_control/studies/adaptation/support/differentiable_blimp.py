"""Differentiable model of the blimp for training by gradients, several episodes at once.

The model is that of `snn_control.envs.blimp.plant` with physics steps of 0.05 s. Its ticks lie on a
grid of 0.1 s: those of a burst after a gap fall on one, so that some more are missed than in the
scenario. The lidar has its steps, but neither blind zone nor limits. Gradients pass
through the steps of lidar and motors as if there were none, and through the reversal of the thrust
as through a smooth sign and a servo of first order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.scenario import Scenario
from snn_control.studies.adaptation.support.gru_controller import (
    COMMAND,
    ERROR_M,
    FULL,
    HEIGHT_M,
    HIDDEN,
    RATE_M_S,
)

__all__ = ["Episodes", "Window"]

FloatArray = npt.NDArray[np.float64]

TICK_S, SUBSTEPS = 0.1, 2
STEP_S = TICK_S / SUBSTEPS
DELAY_TICKS = 8
"""Commands kept for the transport delay, at most 0.6 s."""
SERVO_PART = 1.0 - math.exp(-STEP_S / 0.15)
"""Part of a reversal in a step by the servo of first order; a real one takes 0.3 s."""
SIGN_UNITS = 0.1
"""Command at which the smooth sign is tanh 1, motor units."""
SMALL_M = 0.1
"""Height error up to which the loss is about linear, m."""


class Window:
    """Part of a scenario on a grid of ticks.

    Args:
        scenario: whole scenario.
        share: start of the part, 0 to 1 of the latest one.
        length_s: length of the part, s; at most that of the scenario.
    """

    def __init__(self, scenario: Scenario, share: float, length_s: float) -> None:
        n = round(length_s / TICK_S)
        latest = round(scenario.duration_s / TICK_S) - n
        first = int(share * (latest + 1))
        time_s = (first + np.arange(n)) * TICK_S
        at = np.searchsorted(scenario.tick_step * plant.PHYSICS_STEP_S, time_s + 1e-6) - 1
        self.reference_m = scenario.reference_m[np.maximum(at, 0)]
        self.constants = scenario.constants
        self.thrust = self.constants[plant.GAIN] * (
            (1.0 - self.constants[plant.SAG_PER_S] * time_s) ** 2
        )
        lift = self.constants[plant.BIAS] - self.constants[plant.LEAK] * time_s
        slots = np.minimum(first + np.arange(n), scenario.gust_m_s2.shape[1] - 1)
        self.lift_m_s2 = lift + scenario.gust_m_s2[2, slots]
        called_ticks = np.round(scenario.tick_step * plant.PHYSICS_STEP_S / TICK_S).astype(int)
        self.called = np.isin(first + np.arange(n), called_ticks)
        self.start_m = self.reference_m[0] if first else self.constants[plant.START_HEIGHT]


class Episodes:
    """Batch of episodes in the differentiable model.

    Args:
        windows: parts of scenarios, all of one length.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        import torch

        n = len(windows)
        self.n_ticks = windows[0].reference_m.size

        def tensor(values: Any) -> Any:
            return torch.tensor(np.array(values), dtype=torch.float32)

        self._reference_m = tensor([each.reference_m for each in windows]).T
        self._lift_m_s2 = tensor([each.lift_m_s2 for each in windows]).T
        self._called = torch.tensor(np.array([each.called for each in windows])).T
        self._thrust = tensor([each.thrust for each in windows]).T
        rows = np.array([each.constants for each in windows])
        self._c1, self._c2 = (
            tensor(rows[:, plant.LINEAR_DRAG]),
            tensor(rows[:, plant.QUADRATIC_DRAG]),
        )
        self._rest_m = tensor(rows[:, plant.REST_HEIGHT])
        self._quantum_m = tensor(rows[:, plant.QUANTUM])
        self._dead_zone = tensor(rows[:, plant.DEAD_ZONE])
        self._integer = tensor(rows[:, plant.INTEGER_PWM]) > 0.0
        self._servo_step = tensor(rows[:, plant.SERVO_STEP]) * (STEP_S / plant.PHYSICS_STEP_S)
        lag = 1.0 - (1.0 - rows[:, plant.MOTOR_FRACTION]) ** (STEP_S / plant.PHYSICS_STEP_S)
        self._lag = tensor(lag)
        self._delays = [
            tensor(_shares(rows[:, plant.DELAY_STEPS] * plant.PHYSICS_STEP_S, k * STEP_S))
            for k in range(SUBSTEPS)
        ]
        start_duty = tensor(rows[:, plant.START_DUTY])
        self._height_m = tensor([each.start_m for each in windows])
        self._speed_m_s = torch.zeros(n)
        self._duty, self._side, self._angle = start_duty, torch.ones(n), torch.zeros(n)
        self._sent = torch.stack([start_duty, torch.ones(n)]).expand(DELAY_TICKS, 2, n).clone()
        self._command = torch.zeros(n)
        self._hidden = torch.zeros(n, HIDDEN)
        self._error_m = self._reference_m[0] - self._height_m
        self._age_s = torch.zeros(n)

    def run(self, weights: dict[str, Any], ticks: range) -> Any:
        """Advance all episodes; return the loss, m."""
        import torch

        total = torch.zeros(())
        for tick in ticks:
            self._control(weights, tick)
            self._advance(tick)
            error_m = (self._reference_m[tick] - self._height_m).abs()
            total = total + SMALL_M * torch.log1p(error_m / SMALL_M).mean()
        return total / len(ticks)

    def detach(self) -> None:
        """Cut the gradients here."""
        for name in (
            "_height_m", "_speed_m_s", "_duty", "_side", "_sent", "_command", "_hidden", "_error_m",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name).detach())

    def _control(self, weights: dict[str, Any], tick: int) -> None:
        import torch

        rounded = torch.where(
            self._quantum_m > 0.0,
            (self._height_m / self._quantum_m.clamp_min(1e-6)).round() * self._quantum_m,
            self._height_m,
        )
        range_m = _forwards(rounded, self._height_m)
        error_m = self._reference_m[tick] - range_m
        self._age_s = self._age_s + TICK_S
        before_m = self._error_m
        inputs = torch.stack(
            [
                error_m / ERROR_M,
                (error_m - before_m) / self._age_s / RATE_M_S,
                self._command / COMMAND,
                (self._reference_m[tick] - 1.0) / HEIGHT_M,
            ],
            dim=1,
        )
        hidden = torch.gru_cell(
            inputs, self._hidden, weights["weight_ih"], weights["weight_hh"], weights["bias_ih"],
            weights["bias_hh"],
        )  # fmt: skip
        command = FULL * torch.tanh(hidden @ weights["weight_out"][0] + weights["bias_out"])
        called = self._called[tick]
        self._hidden = torch.where(called[:, None], hidden, self._hidden)
        self._command = torch.where(called, command, self._command)
        self._error_m = torch.where(called, error_m, before_m)
        self._age_s = torch.where(called, torch.zeros(()), self._age_s)

    def _advance(self, tick: int) -> None:
        import torch

        size = self._command.abs()
        count = 9.0 + 3.0 * size
        whole = torch.where(self._integer, count.floor(), count)
        duty = _forwards(torch.where(size < self._dead_zone, 0.0, whole), count) / 45.0
        side = _forwards(torch.where(self._command < 0.0, -1.0, 1.0), self._soft_sign())
        self._sent = torch.cat([self._sent[1:], torch.stack([duty, side])[None]])
        for shares in self._delays:
            delayed = (shares[:, None] * self._sent).sum(0)
            self._duty = self._duty + self._lag * (delayed[0] - self._duty)
            turned = self._angle + self._servo_step * torch.where(delayed[1] < 0.0, 1.0, -1.0)
            self._angle = turned.detach().clamp(0.0, math.pi)
            self._side = self._side + SERVO_PART * (delayed[1] - self._side)
            push = self._thrust[tick] * self._duty**2 * _forwards(self._angle.cos(), self._side)
            drag = self._c1 + self._c2 * self._speed_m_s.abs()
            pulled = self._speed_m_s + STEP_S * (push + self._lift_m_s2[tick])
            self._speed_m_s = pulled / (1.0 + STEP_S * drag)
            height_m = self._height_m + STEP_S * self._speed_m_s
            on_floor = height_m < self._rest_m
            self._speed_m_s = torch.where(on_floor, self._speed_m_s.clamp_min(0.0), self._speed_m_s)
            self._height_m = torch.maximum(height_m, self._rest_m)

    def _soft_sign(self) -> Any:
        return (self._command / SIGN_UNITS).tanh()


def _forwards(exact: Any, smooth: Any) -> Any:
    """Return the exact values, with the gradients of smooth ones."""
    return smooth + (exact - smooth).detach()


def _shares(delay_s: FloatArray, since_s: float) -> FloatArray:
    """Return the share of each kept command in the delayed one, shape (DELAY_TICKS, n).

    Args:
        delay_s: transport delay, s, shape (n,).
        since_s: time since the last command, s.
    """
    steps = np.arange(5)[:, None] * STEP_S / 5.0
    ticks_ago = np.ceil((delay_s - since_s - steps) / TICK_S - 1e-9).clip(0, DELAY_TICKS - 1)
    newest = DELAY_TICKS - 1
    return np.stack([(newest - ticks_ago == k).mean(0) for k in range(DELAY_TICKS)])
