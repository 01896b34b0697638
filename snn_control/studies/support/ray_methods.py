"""Methods of sensing with few rays that the study `rays` compares, and their episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers import load
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.envs.corridor.worlds import WORLDS
from snn_control.loops.corridor.completion import Completion, Hold, Interpolation, Remembered
from snn_control.loops.corridor.predictor import Predicted, Predictor
from snn_control.loops.corridor.ray_choice import (
    AllRays,
    ExpectedInformation,
    RayChoice,
    RoundRobin,
)
from snn_control.loops.corridor.sensing import RaySensing
from snn_control.training.corridor.sparse_episode import sparse_episode

FloatArray = npt.NDArray[np.float64]

FULL = "full"
"""All rays in every scan, the reference."""
PREDICTED = {"spiking predictor": "spiking", "rectified twin": "rectified"}
"""Methods with a trained predictor, and its cells."""
_CHOSEN: dict[str, Callable[[], Completion]] = {
    "memory, chosen rays": Remembered,
    "memory, nearer in gaps": lambda: Remembered(gaps="nearer"),
}
_ROUND: dict[str, Callable[[], Completion]] = {
    "interpolation": Interpolation,
    "hold, round robin": Hold,
    "memory, round robin": Remembered,
}
BY_RAY_AGE = "memory, age of rays"
METHODS = (FULL, *_ROUND, BY_RAY_AGE, *_CHOSEN, *PREDICTED)
"""Names of all methods."""
RESULTS = ("success", "collision", "travel_s", "rays_per_scan", "near_scans", "hallucinated_scans")
"""Columns of the results of an episode."""


def make_sensing(method: str, n_rays: int, predictors: Mapping[str, Predictor]) -> RaySensing:
    """Return the sensing of a method.

    Args:
        method: one of `METHODS`.
        n_rays: rays of a scan.
        predictors: trained predictor of each kind of cells, for the methods that need one.
    """
    if method == FULL:
        return RaySensing(Interpolation(), AllRays())
    if method in _ROUND:
        return RaySensing(_ROUND[method](), RoundRobin(n_rays))
    choice: RayChoice = ExpectedInformation(n_rays)
    if method == BY_RAY_AGE:
        choice = ExpectedInformation(n_rays, "rays", ahead_base=0.15, ahead_power=1.0)
    if method in PREDICTED:
        return RaySensing(Predicted(predictors[PREDICTED[method]]), choice)
    return RaySensing(_CHOSEN.get(method, Remembered)(), choice)


@dataclass(frozen=True, eq=False)
class RayEpisodes:
    """Episodes for an executor: a genome is (method, rays, world, predictor), all as numbers."""

    controller: str
    """Name of the controller."""
    predictors: Sequence[Mapping[str, Predictor]]
    """Trained predictors by cells, one mapping for each seed of the training."""
    duration_s: float = 40.0
    """Longest episode, s."""

    def rows(self, genomes: FloatArray, seeds: npt.NDArray[np.uint64]) -> Iterable[FloatArray]:
        """Yield the results of each episode, see `RESULTS`."""
        return self._run(genomes, seeds)

    def _run(self, genomes: FloatArray, seeds: npt.NDArray[np.uint64]) -> Iterator[FloatArray]:
        environments: dict[str, CorridorNav] = {}
        controller = load(self.controller)
        for genome, seed in zip(genomes.astype(int).tolist(), seeds.tolist(), strict=True):
            method, n_rays, world, predictor = genome
            name = WORLDS[world]
            if name not in environments:
                environments[name] = CorridorNav(name, ray_choice=True, duration_s=self.duration_s)
            chosen = self.predictors[predictor] if self.predictors else {}
            sensing = make_sensing(METHODS[method], n_rays, chosen)
            episode = sparse_episode(environments[name], controller, sensing, seed)
            values = episode.metrics | {
                "near_scans": episode.near_scans,
                "hallucinated_scans": episode.hallucinated_scans,
            }
            yield np.array([values[column] for column in RESULTS], np.float64)
