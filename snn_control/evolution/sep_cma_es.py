"""Separable CMA-ES: one variance per gene, linear time, in a box with reflecting bounds.

With z ~ N(0, I), x = m + sigma sqrt(c) z, weights w of the better half and <a> = sum_i w_i a_i:
    m'  = m + sigma sqrt(c) <z>
    ps' = (1 - cs) ps + sqrt(cs (2 - cs) mueff) <z>
    pc' = (1 - cc) pc + h sqrt(cc (2 - cc) mueff) sqrt(c) <z>
    c'  = (1 - c1 - cmu + (1 - h) c1 cc (2 - cc)) c + c1 pc'^2 + cmu c <z^2>
    sigma' = sigma exp((|ps'| / E|N(0, I)| - 1) cs / damping)
c1 and cmu are those of the full CMA-ES times (n + 2) / 3.

Source: Ros and Hansen, PPSN X, 2008, doi:10.1007/978-3-540-87700-4_30; constants of Hansen,
The CMA Evolution Strategy: A Tutorial, 2016, arXiv:1604.00772. All sums have a fixed order and do
not use BLAS, so that a run is independent of the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numba
import numpy as np

from snn_control.compiled import kernel
from snn_control.evolution.box import fold, fold_signs
from snn_control.evolution.counter_random import draw_key, level, normal_quantiles, word
from snn_control.evolution.ranges import check_between, check_positive
from snn_control.evolution.strategy import Strategy

MAX_VARIANCE_RATIO = 1e14
"""Largest ratio of the variances of two genes; smaller variances are increased."""


@dataclass(frozen=True)
class SepCmaEsConfig:
    """Configuration of `SepCmaEs`; lengths are in units of the box edge."""

    population: int | None = None
    """Genomes per generation, at least 4; None means 4 + floor(3 ln n_genes)."""
    sigma: float = 0.15
    """Initial standard deviation, in (0, 1]."""
    sigma_max: float = 1.0
    """Largest standard deviation of a gene, in (0, 10]."""
    sigma_min: float = 1e-12
    """Lower bound of the largest standard deviation of a gene, in (0, sigma]."""

    def __post_init__(self) -> None:
        if self.population is not None:
            check_between("population", self.population, 4)
        check_positive("sigma", self.sigma, 1.0)
        check_positive("sigma_max", self.sigma_max, 10.0)
        check_positive("sigma_min", self.sigma_min, self.sigma)


@dataclass(frozen=True)
class _Rates:
    """Weights and learning rates, with the symbols of the equations above."""

    weights: np.ndarray
    mueff: float
    cs: float
    damping: float
    cc: float
    c1: float
    cmu: float
    expected_norm: float

    @staticmethod
    def of(n: int, population: int) -> _Rates:
        mu = population // 2
        weights = math.log(mu + 0.5) - np.log(np.arange(1, mu + 1))
        weights /= weights.sum()
        mueff = 1.0 / float((weights**2).sum())
        cs = (mueff + 2) / (n + mueff + 5)
        speed_up = (n + 2) / 3
        c1 = min(1.0, speed_up * 2 / ((n + 1.3) ** 2 + mueff))
        cmu = min(1 - c1, speed_up * 2 * (mueff - 2 + 1 / mueff) / ((n + 2) ** 2 + mueff))
        return _Rates(
            weights=weights,
            mueff=mueff,
            cs=cs,
            damping=1 + 2 * max(0.0, math.sqrt((mueff - 1) / (n + 1)) - 1) + cs,
            cc=(4 + mueff / n) / (n + 4 + 2 * mueff / n),
            c1=c1,
            cmu=cmu,
            expected_norm=math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)),
        )


@final
class SepCmaEs(Strategy[SepCmaEsConfig]):
    """Diagonal CMA-ES for one objective; the default of `initial` is 0.5."""

    config_type = SepCmaEsConfig

    def _sizes(self) -> tuple[int, int]:
        return self.config.population or 4 + int(3 * math.log(self.n_genes)), 1

    def _init(self, start: np.ndarray | None) -> None:
        self._rates = _Rates.of(self.n_genes, self.population)
        self._mean = np.full(self.n_genes, 0.5) if start is None else start
        self._sigma = self.config.sigma
        self._variances = np.ones(self.n_genes)
        self._covariance_path = np.zeros(self.n_genes)
        self._sigma_path = np.zeros(self.n_genes)
        self._key = np.uint64(0)

    def _ask(self, genomes: np.ndarray) -> None:
        self._key = draw_key(self._generator)
        scale = self._sigma * np.sqrt(self._variances)
        _sample(self._mean, scale, self._key, normal_quantiles(), genomes)

    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        r = self._rates
        best = np.argsort(fitness[:, 0], kind="stable")[: len(r.weights)]
        step, squares = np.zeros((2, self.n_genes))
        _recombine(best, r.weights, self._key, normal_quantiles(), step, squares)
        scaled_step = np.sqrt(self._variances) * step

        self._mean = self._mean + self._sigma * scaled_step
        self._sigma_path = (1 - r.cs) * self._sigma_path
        self._sigma_path += math.sqrt(r.cs * (2 - r.cs) * r.mueff) * step
        norm = math.sqrt(float(np.square(self._sigma_path).sum()))
        warm_up = math.sqrt(1 - (1 - r.cs) ** (2 * (self.generation + 1)))
        h = float(norm / warm_up / r.expected_norm < 1.4 + 2 / (self.n_genes + 1))
        self._covariance_path = (1 - r.cc) * self._covariance_path
        self._covariance_path += h * math.sqrt(r.cc * (2 - r.cc) * r.mueff) * scaled_step
        keep = 1 - r.c1 - r.cmu + (1 - h) * r.c1 * r.cc * (2 - r.cc)
        self._variances = self._variances * (keep + r.cmu * squares)
        self._variances += r.c1 * self._covariance_path**2
        self._sigma *= math.exp(min(1.0, (norm / r.expected_norm - 1) * r.cs / r.damping))

        self._fold_mean()
        self._limit_lengths()

    def _fold_mean(self) -> None:
        signs = fold_signs(self._mean)
        self._mean = fold(self._mean)
        self._sigma_path *= signs
        self._covariance_path *= signs

    def _limit_lengths(self) -> None:
        """Keep the standard deviations within the configured limits; adjust sigma."""
        largest = float(self._variances.max())
        self._variances = np.maximum(self._variances, largest / MAX_VARIANCE_RATIO)
        largest_deviation = math.sqrt(largest)
        self._sigma = min(self._sigma, self.config.sigma_max / largest_deviation)
        if self._sigma * largest_deviation < self.config.sigma_min:
            self._sigma = self.config.sigma_min
            self._variances /= largest
            self._covariance_path /= largest_deviation

    def _state(self) -> dict[str, np.ndarray]:
        return {
            "key": np.array(self._key),
            "mean": self._mean,
            "sigma": np.array(self._sigma),
            "variances": self._variances,
            "covariance_path": self._covariance_path,
            "sigma_path": self._sigma_path,
        }

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._key = np.uint64(state["key"])
        self._mean = state["mean"]
        self._sigma = float(state["sigma"])
        self._variances = state["variances"]
        self._covariance_path = state["covariance_path"]
        self._sigma_path = state["sigma_path"]


@kernel(parallel=True, nogil=True)
def _sample(mean: Any, scale: Any, key: Any, normals: Any, genomes: Any) -> None:
    """Write m + sigma sqrt(c) z, folded into the box, to `genomes`."""
    for row in numba.prange(len(genomes)):
        row_key, genome = word(key, row), genomes[row]
        for k in range(len(genome)):
            x = mean[k] + scale[k] * normals[level(word(row_key, k), 0)]
            genome[k] = abs(x - 2.0 * np.rint(0.5 * x))


@kernel()
def _recombine(best: Any, weights: Any, key: Any, normals: Any, step: Any, squares: Any) -> None:
    """Add <z> to `step` and <z^2> to `squares`; the z of the genomes `best` are drawn again."""
    for i in range(len(best)):
        row_key, weight = word(key, best[i]), weights[i]
        for k in range(len(step)):
            z = normals[level(word(row_key, k), 0)]
            step[k] += weight * z
            squares[k] += weight * z * z
