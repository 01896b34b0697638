"""Train the GRU of `gru_controller` through `differentiable_blimp`.

Blimps, gusts, missed ticks, references and slow disturbances are drawn by `draw_disturbed`; an
episode starts at a random time of the drawn one, so that also a short one meets a leaked hull and
an empty battery. Gradients reach back over `chunk_ticks`, the state of the network is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp.disturbances import CONDITIONS, draw_disturbed
from snn_control.errors import ParameterError
from snn_control.studies.adaptation.support.differentiable_blimp import TICK_S, Episodes, Window
from snn_control.studies.adaptation.support.gru_controller import HIDDEN, N_INPUTS, GRUController
from snn_control.training.blimp.adaptive.flight import fly_one

__all__ = ["GRUTraining", "train_gru"]

FloatArray = npt.NDArray[np.float64]

FIRST_SEED = 20_000
"""First seed of the scenarios of training; validation takes those below it."""
VALIDATION = 16
VALIDATED_S = 200.0
"""Number of the scenarios of validation, and their duration, s."""
LARGEST_GRADIENT = 0.2
LENGTHS_S = (60.0, 60.0, 120.0)
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
    """Ticks over which gradients reach back, at most 600."""
    learning_rate: float = 2e-3
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
        if self.chunk_ticks * TICK_S > min(LENGTHS_S):
            raise ParameterError(
                f"chunk_ticks is {self.chunk_ticks}; expected at most {min(LENGTHS_S) / TICK_S:g}"
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

    weights = _initial(torch.Generator().manual_seed(seed))
    optimiser = torch.optim.Adam(weights.values(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.updates)
    validation = [
        draw_disturbed(name, FIRST_SEED - 1 - k, VALIDATED_S)
        for k, name in enumerate(islice(cycle(conditions), VALIDATION))
    ]
    best, least = _arrays(weights), math.inf
    for update, (episodes, ticks) in enumerate(_chunks(config, seed, conditions), 1):
        episodes.detach()
        loss = episodes.run(weights, ticks)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), LARGEST_GRADIENT)
        optimiser.step()
        schedule.step()
        if update % config.validate_every == 0 or update == config.updates:
            arrays = _arrays(weights)
            tried = [fly_one(GRUController(arrays), scenario) for scenario in validation]
            iae_m_s = float(np.mean([each.iae_m_s() for each in tried]))
            progress(update, iae_m_s)
            if iae_m_s < least:
                best, least = arrays, iae_m_s
    return best


def _chunks(
    config: GRUTraining, seed: int, conditions: Sequence[str]
) -> Iterator[tuple[Episodes, range]]:
    """Yield episodes and the ticks of each update; new episodes follow at the end of the old."""
    random, update, size = np.random.default_rng([seed, 31]), 0, config.chunk_ticks
    while update < config.updates:
        length_s = LENGTHS_S[update * len(LENGTHS_S) // config.updates]
        episodes = Episodes(
            [
                Window(
                    draw_disturbed(name, FIRST_SEED + int(random.integers(1 << 40))),
                    random.uniform(), length_s,
                )
                for name in islice(cycle(conditions), config.batch)
            ]
        )  # fmt: skip
        for first in range(0, episodes.n_ticks - size + 1, size):
            if update < config.updates:
                yield episodes, range(first, first + size)
            update += 1


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
