"""Training of the predictors of unseen rays on scans of the world `static`.

Scans come from episodes of the gap follower on the estimate of the point memory, with rays chosen
by expected information. The loss is the quantile loss of the error of the range, divided by
0.5 m + range: with `quantile` below 0.5 an obstacle that is estimated too far costs more than one
estimated too near. Spikes have the surrogate gradient 1 / (1 + beta |v - 1|)^2 of F. Zenke and
S. Ganguli, "SuperSpike", Neural Computation 30 (2018), arXiv 1705.11146.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.corridor.gap import Gap
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.errors import ParameterError
from snn_control.loops.corridor.completion import Remembered
from snn_control.loops.corridor.predictor import (
    LEAK,
    N_FEATURES,
    TICKS,
    Cells,
    Predictor,
    features,
)
from snn_control.loops.corridor.ray_choice import ExpectedInformation
from snn_control.loops.corridor.rays import N_RAYS, REACH_M
from snn_control.loops.corridor.sensing import RaySensing
from snn_control.training.corridor.sparse_episode import scans

if TYPE_CHECKING:
    import torch


FloatArray = npt.NDArray[np.float64]

FIRST_TRAINING_SEED = 10**6
"""Smallest seed of training episodes; evaluations use smaller seeds."""


@dataclass(frozen=True)
class PredictorConfig:
    """Settings of the training.

    Raises:
        ParameterError: a value is out of range.
    """

    scan_episodes: int = 60
    """Episodes of the world `static` with scans."""
    scan_rays: tuple[int, ...] = (4, 7, 14)
    """Rays of a scan, in turns over the episodes."""
    width: int = 16
    """Channels of the two hidden layers."""
    kernel: int = 7
    """Directions of a convolution, odd."""
    updates: int = 1000
    """Steps of Adam."""
    batch: int = 64
    """Scans in a step."""
    learning_rate: float = 0.003
    """Learning rate of Adam; it falls to 0 as a cosine."""
    quantile: float = 0.4
    """Share of the ranges that are to be farther than true, 0 to 1."""
    beta: float = 10.0
    """Steepness of the surrogate gradient."""

    def __post_init__(self) -> None:
        for name in ("scan_episodes", "width", "updates", "batch"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.kernel % 2 == 0 or self.kernel < 1:
            raise ParameterError(f"kernel is {self.kernel}; expected an odd number")
        if not 0.0 < self.quantile < 1.0:
            raise ParameterError(f"quantile is {self.quantile}; expected between 0 and 1")
        if not self.scan_rays or not all(1 <= n <= N_RAYS for n in self.scan_rays):
            raise ParameterError(
                f"scan_rays is {self.scan_rays}; expected numbers from 1 to {N_RAYS}"
            )


@dataclass(frozen=True, eq=False)
class Scans:
    """Inputs and targets of the training."""

    inputs: FloatArray
    """Features, shape (n, N_FEATURES, N_RAYS)."""
    estimated_m: FloatArray
    """Interpolated memory, m, shape (n, N_RAYS)."""
    fired: npt.NDArray[np.bool_]
    """True for the rays of the scan, shape (n, N_RAYS)."""
    true_m: FloatArray
    """True ranges, m, shape (n, N_RAYS)."""


def collect_scans(config: PredictorConfig, seed: int) -> Scans:
    """Return the scans of episodes in the world `static` whose seeds depend on `seed`."""
    env, gap = CorridorNav("static", ray_choice=True), Gap()
    drawn = np.random.default_rng(seed).integers(FIRST_TRAINING_SEED, 2**31, config.scan_episodes)
    rows: list[tuple[Any, ...]] = []
    for k, episode in enumerate(drawn.tolist()):
        choice = ExpectedInformation(config.scan_rays[k % len(config.scan_rays)])
        sensing = RaySensing(Remembered(), choice)
        for scan in scans(env, gap, sensing, episode):
            inputs, fired = features(sensing.estimate), scan.range_m >= 0.0
            rows.append((inputs, scan.estimated_m, fired, scan.true_m))
    return Scans(*(np.stack(column) for column in zip(*rows, strict=True)))


def train_predictor(data: Scans, cells: Cells, config: PredictorConfig, seed: int) -> Predictor:
    """Train a predictor on one thread; equal arguments give equal weights.

    Args:
        data: see `collect_scans`.
        cells: model of the cells; both models have the same number of parameters.
        config: settings.
        seed: seed of the weights and of the batches.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train(data, cells, config, seed)
    finally:
        torch.set_num_threads(threads)


def _train(data: Scans, cells: Cells, config: PredictorConfig, seed: int) -> Predictor:
    import torch

    rng = np.random.default_rng(seed)
    sizes = (N_FEATURES, config.width, config.width, 1)
    weights, biases = [], []
    for n_in, n_out in pairwise(sizes):
        scale = np.sqrt((2.0 if n_out > 1 else 0.02) / (n_in * config.kernel))
        drawn = scale * rng.normal(size=(n_out, n_in, config.kernel))
        weights.append(torch.tensor(drawn, dtype=torch.float32, requires_grad=True))
        biases.append(torch.full((n_out,), 0.1 if n_out > 1 else 0.0, requires_grad=True))
    optimiser = torch.optim.Adam([*weights, *biases], lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.updates)
    arrays = [
        torch.tensor(array, dtype=torch.float32)
        for array in (data.inputs, data.estimated_m, ~data.fired, data.true_m)
    ]
    for _ in range(config.updates):
        rows = torch.tensor(rng.integers(0, len(data.inputs), config.batch))
        inputs, estimated_m, unseen, true_m = (array[rows] for array in arrays)
        correction_m = correct(inputs, weights, biases, cells, config.beta)
        predicted_m = (estimated_m + correction_m).clamp(0.0, REACH_M)
        beyond = predicted_m - true_m
        loss = torch.maximum((1.0 - config.quantile) * beyond, -config.quantile * beyond)
        loss = (unseen * loss / (0.5 + true_m)).sum() / unseen.sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    trained = [tuple(t.detach().double().numpy() for t in each) for each in (weights, biases)]
    return Predictor(cells, *trained)


def correct(
    inputs: torch.Tensor,
    weights: list[torch.Tensor],
    biases: list[torch.Tensor],
    cells: Cells,
    beta: float,
) -> torch.Tensor:
    """Return `Predictor.correction_m` of a batch, differentiable, shape (n, N_RAYS)."""
    import torch

    def convolved(layer: int, values: torch.Tensor) -> torch.Tensor:
        half = weights[layer].shape[2] // 2
        padded = torch.nn.functional.pad(values, (half, half), mode="circular")
        return torch.nn.functional.conv1d(padded, weights[layer], biases[layer])

    first = convolved(0, inputs)
    if cells == "rectified":
        return convolved(2, torch.relu(convolved(1, torch.relu(first))))[:, 0]
    v1 = torch.zeros_like(first)
    v2 = mean = torch.zeros_like(first)
    for _ in range(TICKS):
        v1 = LEAK * v1 + first
        s1 = _spike(v1 - 1.0, beta)
        v1 = v1 - s1
        v2 = LEAK * v2 + convolved(1, s1)
        s2 = _spike(v2 - 1.0, beta)
        v2 = v2 - s2
        mean = mean + s2 / TICKS
    return convolved(2, mean)[:, 0]


def _spike(above: torch.Tensor, beta: float) -> torch.Tensor:
    """Return 1 where `above` is at least 0, with the surrogate gradient 1 / (1 + beta |x|)^2."""
    smooth = above / (1.0 + beta * above.abs())  # its derivative is the surrogate gradient
    return smooth + ((above >= 0.0).to(above.dtype) - smooth).detach()
