"""Train the GRU of `gru_controller` through a differentiable model of the blimp.

The model is that of `snn_control.envs.blimp.plant` with physics steps of 0.05 s, a smooth change of
the sign of the thrust and a first-order servo. Blimps, gusts, missed ticks, references and slow
disturbances are drawn by `draw_disturbed`; an episode starts at a random time of the drawn one, so
that also a short one meets a leaked hull and an empty battery. The loss is the mean absolute height
error; gradients reach back over `chunk_ticks`, the state of the network is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.disturbances import CONDITIONS, draw_disturbed
from snn_control.envs.blimp.scenario import Scenario
from snn_control.errors import ParameterError
from snn_control.studies.adaptation.support.gru_controller import (
    COMMAND,
    ERROR_M,
    FULL,
    HEIGHT_M,
    HIDDEN,
    N_INPUTS,
    RATE_M_S,
    GRUController,
)
from snn_control.training.blimp.adaptive.flight import fly_one

__all__ = ["GRUTraining", "train_gru"]

FloatArray = npt.NDArray[np.float64]

TICK_S, SUBSTEPS = 0.1, 2
STEP_S = TICK_S / SUBSTEPS
DELAY_TICKS = 8
"""Commands kept for the transport delay, at most 0.6 s."""
SERVO_S = 0.15
"""Time constant of the servo in the model, s: half of the time of a reversal."""
SIGN_UNITS = 0.1
"""Command at which the smooth sign is tanh 1, motor units."""
FIRST_SEED = 20_000
"""First seed of the scenarios of training; validation takes those below it."""
VALIDATION = 16
LENGTHS_S = (40.0, 120.0, 300.0)
"""Lengths of the episodes, s, one for each third of the updates."""


@dataclass(frozen=True)
class GRUTraining:
    """Settings of the training.

    Raises:
        ParameterError: a value is below 1 or not positive.
    """

    updates: int = 3000
    """Updates of the weights."""
    batch: int = 96
    """Episodes of an update."""
    chunk_ticks: int = 150
    """Ticks over which gradients reach back."""
    learning_rate: float = 4e-3
    """Largest step size of Adam, which falls to 0 along a cosine."""
    validate_every: int = 250
    """Updates between two validations; the best network is kept."""

    def __post_init__(self) -> None:
        numbers = (self.updates, self.batch, self.chunk_ticks, self.validate_every)
        if min(numbers) < 1 or not self.learning_rate > 0.0:
            raise ParameterError(
                f"updates, batch, chunk_ticks, validate_every {numbers}, learning_rate "
                f"{self.learning_rate:g}: expected at least 1, and a positive rate"
            )


def train_gru(
    config: GRUTraining,
    seed: int,
    progress: Callable[[int, float], None] = lambda update, iae_m_s: None,
    conditions: Sequence[str] = tuple(CONDITIONS),
) -> dict[str, FloatArray]:
    """Return the weights of a network for `GRUController`.

    Args:
        config: settings.
        seed: seed of weights and episodes.
        progress: called with the update and the mean IAE of validation, m s.
        conditions: conditions of the episodes, see `CONDITIONS`.
    """
    import torch

    random = np.random.default_rng([seed, 31])
    torch_random = torch.Generator().manual_seed(seed)
    weights = _initial(torch_random)
    optimiser = torch.optim.Adam(weights.values(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.updates)
    checked = [
        draw_disturbed(name, FIRST_SEED - 1 - k, 200.0)
        for k, name in zip(range(VALIDATION), _repeated(conditions), strict=False)
    ]
    best, least = _arrays(weights), math.inf
    update = 0
    while update < config.updates:
        length_s = LENGTHS_S[update * len(LENGTHS_S) // config.updates]
        episodes = Episodes(random, config.batch, length_s, conditions)
        for first in range(0, episodes.n_ticks - config.chunk_ticks + 1, config.chunk_ticks):
            loss = episodes.run(weights, range(first, first + config.chunk_ticks))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights.values(), 0.5)
            optimiser.step()
            schedule.step()
            episodes.detach()
            update += 1
            if update % config.validate_every == 0 or update == config.updates:
                arrays = _arrays(weights)
                tried = [fly_one(GRUController(arrays), scenario) for scenario in checked]
                iae_m_s = float(np.mean([each.iae_m_s() for each in tried]))
                progress(update, iae_m_s)
                if iae_m_s < least:
                    best, least = arrays, iae_m_s
            if update == config.updates:
                break
    return best


class Episodes:
    """Batch of episodes in the differentiable model.

    Args:
        random: generator of seeds and start times.
        n: number of episodes.
        length_s: length of an episode, s.
        conditions: conditions, one episode after the other.
    """

    def __init__(
        self, random: np.random.Generator, n: int, length_s: float, conditions: Sequence[str]
    ) -> None:
        import torch

        self.n_ticks = round(length_s / TICK_S)
        names = [name for name, _ in zip(_repeated(conditions), range(n), strict=False)]
        windows = [
            _Window(
                draw_disturbed(name, FIRST_SEED + int(random.integers(1 << 40))), start, length_s
            )
            for name, start in zip(names, random.uniform(0.0, 1.0, n), strict=True)
        ]

        def tensor(values: Any) -> Any:
            return torch.tensor(np.array(values), dtype=torch.float32)

        self._reference_m = tensor([each.reference_m for each in windows]).T
        self._gust_m_s2 = tensor([each.gust_m_s2 for each in windows]).T
        self._called = torch.tensor(np.array([each.called for each in windows])).T
        self._thrust = tensor([each.thrust for each in windows]).T
        rows = np.array([each.constants for each in windows])
        self._c1, self._c2 = (
            tensor(rows[:, plant.LINEAR_DRAG]),
            tensor(rows[:, plant.QUADRATIC_DRAG]),
        )
        self._rest_m = tensor(rows[:, plant.REST_HEIGHT])
        self._quantum_m = tensor(rows[:, plant.QUANTUM])
        lag = 1.0 - (1.0 - rows[:, plant.MOTOR_FRACTION]) ** (STEP_S / plant.PHYSICS_STEP_S)
        self._lag = tensor(lag)
        self._delays = [
            tensor(_shares(rows[:, plant.DELAY_STEPS] * plant.PHYSICS_STEP_S, k * STEP_S))
            for k in range(SUBSTEPS)
        ]
        start_duty = tensor(rows[:, plant.START_DUTY])
        self._height_m = tensor([each.start_m for each in windows])
        self._speed_m_s = torch.zeros(n)
        self._duty, self._side = start_duty, torch.ones(n)
        self._sent = torch.stack([start_duty, torch.ones(n)]).expand(DELAY_TICKS, 2, n).clone()
        self._command = torch.zeros(n)
        self._hidden = torch.zeros(n, HIDDEN)
        self._error_m: Any = None
        self._age_s = torch.zeros(n)

    def run(self, weights: dict[str, Any], ticks: range) -> Any:
        """Advance all episodes; return the mean absolute height error, m."""
        import torch

        total = torch.zeros(())
        for tick in ticks:
            self._control(weights, tick)
            self._advance(tick)
            total = total + (self._reference_m[tick] - self._height_m).abs().mean()
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
        range_m = self._height_m + (rounded - self._height_m).detach()
        error_m = self._reference_m[tick] - range_m
        self._age_s = self._age_s + TICK_S
        before_m = error_m if self._error_m is None else self._error_m
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

        duty = (9.0 + 3.0 * self._command.abs()) / 45.0
        side = torch.tanh(self._command / SIGN_UNITS)
        self._sent = torch.cat([self._sent[1:], torch.stack([duty, side])[None]])
        for shares in self._delays:
            delayed = (shares[:, None] * self._sent).sum(0)
            self._duty = self._duty + self._lag * (delayed[0] - self._duty)
            self._side = self._side + (1.0 - math.exp(-STEP_S / SERVO_S)) * (
                delayed[1] - self._side
            )
            push = self._thrust[tick] * self._duty**2 * self._side
            drag = self._c1 + self._c2 * self._speed_m_s.abs()
            pulled = self._speed_m_s + STEP_S * (push + self._gust_m_s2[tick])
            self._speed_m_s = pulled / (1.0 + STEP_S * drag)
            height_m = self._height_m + STEP_S * self._speed_m_s
            on_floor = height_m < self._rest_m
            self._speed_m_s = torch.where(on_floor, self._speed_m_s.clamp_min(0.0), self._speed_m_s)
            self._height_m = torch.maximum(height_m, self._rest_m)


class _Window:
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
        self.gust_m_s2 = lift + scenario.gust_m_s2[2, slots]
        called_ticks = np.round(scenario.tick_step * plant.PHYSICS_STEP_S / TICK_S).astype(int)
        self.called = np.isin(first + np.arange(n), called_ticks)
        self.start_m = self.reference_m[0] if first else self.constants[plant.START_HEIGHT]


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


def _repeated(names: Sequence[str]) -> Any:
    while True:
        yield from names


def _initial(random: Any) -> dict[str, Any]:
    """Return random weights; the first command is about that of hovering."""
    import torch

    def uniform(*shape: int) -> Any:
        bound = HIDDEN**-0.5
        return (2.0 * torch.rand(*shape, generator=random) - 1.0) * bound

    weights = {
        "weight_ih": uniform(3 * HIDDEN, N_INPUTS),
        "weight_hh": uniform(3 * HIDDEN, HIDDEN),
        "bias_ih": uniform(3 * HIDDEN),
        "bias_hh": uniform(3 * HIDDEN),
        "weight_out": uniform(1, HIDDEN),
        "bias_out": torch.full((1,), 0.3),
    }
    return {name: value.requires_grad_() for name, value in weights.items()}


def _arrays(weights: dict[str, Any]) -> dict[str, FloatArray]:
    return {name: value.detach().double().numpy().copy() for name, value in weights.items()}
