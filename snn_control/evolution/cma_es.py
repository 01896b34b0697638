"""CMA-ES with full covariance (DEAP) in a box with reflecting bounds.

A sample x = m + sigma B D z, z ~ N(0, I), is evaluated at its reflection in [0, 1]^n, but the
distribution is updated with x itself. After each update the mean is folded into the box, and the
covariance and the paths are reflected accordingly (`box.py`), so that the mean stays in bounds.

Source: Hansen and Ostermeier, Evolutionary Computation 9(2), 2001, doi:10.1162/106365601750190398;
parameters of DEAP (Fortin et al., JMLR 13, 2012).
The update costs O(n^3); use `sep_cma_es` for more than a few hundred genes. The matrix products
are BLAS calls: bit-identical runs need the same number of BLAS threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import deap.cma
import numpy as np

from snn_control.evolution.box import fold, fold_signs
from snn_control.evolution.ranges import check_between, check_positive
from snn_control.evolution.strategy import Strategy

MAX_AXIS_RATIO = 1e7
"""Largest ratio of the axis lengths of the distribution; shorter axes are lengthened."""


@dataclass(frozen=True)
class CmaEsConfig:
    """Configuration of `CmaEs`; lengths are in units of the box edge."""

    population: int | None = None
    """Genomes per generation, at least 4; None means 4 + floor(3 ln n_genes)."""
    sigma: float = 0.3
    """Initial standard deviation, in (0, 1]."""
    sigma_max: float = 1.0
    """Largest standard deviation of a gene, in (0, 10]."""
    sigma_min: float = 1e-12
    """Smallest length of the longest axis, in (0, sigma]."""

    def __post_init__(self) -> None:
        if self.population is not None:
            check_between("population", self.population, 4)
        check_positive("sigma", self.sigma, 1.0)
        check_positive("sigma_max", self.sigma_max, 10.0)
        check_positive("sigma_min", self.sigma_min, self.sigma)


class _SortedSamples:
    """Matrix sorted by fitness, with the two list operations that DEAP uses."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples

    def sort(self, key: Any, reverse: bool) -> None:
        """Do nothing: the rows are already sorted."""

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self.samples[rows]


@final
class CmaEs(Strategy[CmaEsConfig]):
    """Covariance matrix adaptation for one objective; the default of `initial` is 0.5."""

    config_type = CmaEsConfig

    def _sizes(self) -> tuple[int, int]:
        return self.config.population or 4 + int(3 * math.log(self.n_genes)), 1

    def _init(self, start: np.ndarray | None) -> None:
        mean = np.full(self.n_genes, 0.5) if start is None else start
        self._cma = deap.cma.Strategy(mean, self.config.sigma, lambda_=self.population)
        self._samples = np.empty((0, self.n_genes))

    def _ask(self, genomes: np.ndarray) -> None:
        normals = self._generator.standard_normal((self.population, self.n_genes))
        self._samples = self._cma.centroid + self._cma.sigma * (normals @ self._cma.BD.T)
        genomes[:] = fold(self._samples)

    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        order = np.argsort(fitness[:, 0], kind="stable")
        self._cma.update(_SortedSamples(self._samples[order]))
        self._samples = np.empty((0, self.n_genes))
        self._fold_mean()
        self._limit_lengths()

    def _fold_mean(self) -> None:
        cma = self._cma
        signs = fold_signs(cma.centroid)
        cma.centroid = fold(cma.centroid)
        cma.ps = cma.ps * signs
        cma.pc = cma.pc * signs
        cma.C = cma.C * np.outer(signs, signs)
        cma.B = cma.B * signs[:, None]
        cma.BD = cma.B * cma.diagD

    def _limit_lengths(self) -> None:
        """Keep the covariance positive definite and its lengths within the configured limits."""
        cma = self._cma
        longest = cma.diagD[-1]
        shortest_allowed = longest / MAX_AXIS_RATIO
        if not cma.diagD[0] >= shortest_allowed:
            cma.diagD = np.fmax(cma.diagD, shortest_allowed)
            cma.BD = cma.B * cma.diagD
            cma.C = cma.BD @ cma.BD.T
        largest_deviation = math.sqrt(cma.C.diagonal().max())
        cma.sigma = min(cma.sigma, self.config.sigma_max / largest_deviation)
        if cma.sigma * longest < self.config.sigma_min:
            cma.sigma = self.config.sigma_min
            cma.C = cma.C / longest**2
            cma.pc = cma.pc / longest
            cma.diagD = cma.diagD / longest
            cma.BD = cma.B * cma.diagD

    def _state(self) -> dict[str, np.ndarray]:
        cma = self._cma
        return {
            "samples": self._samples,
            "mean": cma.centroid,
            "sigma": np.array(cma.sigma, dtype=np.float64),
            "covariance": cma.C,
            "axes": cma.B,
            "axis_lengths": cma.diagD,
            "covariance_path": cma.pc,
            "sigma_path": cma.ps,
            "updates": np.array(cma.update_count, dtype=np.int64),
        }

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        cma = self._cma
        self._samples = state["samples"]
        cma.centroid = state["mean"]
        cma.sigma = float(state["sigma"])
        cma.C = state["covariance"]
        cma.B, cma.diagD = state["axes"], state["axis_lengths"]
        cma.BD = cma.B * cma.diagD
        cma.pc, cma.ps = state["covariance_path"], state["sigma_path"]
        cma.update_count = int(state["updates"])
