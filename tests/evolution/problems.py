"""Test problems in the unit box, and fitness functions that worker processes import."""

from __future__ import annotations

import os
import time

import numpy as np


def sphere(x: np.ndarray) -> np.ndarray:
    return ((x - 0.5) ** 2).sum(axis=1)


def shifted_ellipsoid(x: np.ndarray) -> np.ndarray:
    """Return an ellipsoid with axis ratio 10 and optimum at 0.3."""
    weights = 100.0 ** np.linspace(0, 1, x.shape[1])
    return (weights * (x - 0.3) ** 2).sum(axis=1)


def rosenbrock(x: np.ndarray) -> np.ndarray:
    """Return the Rosenbrock function on [-5, 5]^n; its optimum 0 is at 0.6 in the box."""
    z = 10 * x - 5
    return (100 * (z[:, 1:] - z[:, :-1] ** 2) ** 2 + (1 - z[:, :-1]) ** 2).sum(axis=1)


def zdt1(x: np.ndarray) -> np.ndarray:
    """Return ZDT1 (Zitzler, Deb and Thiele, 2000) with front f2 = 1 - sqrt(f1)."""
    g = 1 + 9 * x[:, 1:].mean(axis=1)
    return np.stack((x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))), axis=1)


def dtlz2(x: np.ndarray) -> np.ndarray:
    """Return DTLZ2 (Deb, Thiele, Laumanns and Zitzler, 2002), whose front is the unit sphere."""
    radius = 1 + ((x[:, 2:] - 0.5) ** 2).sum(axis=1)
    a, b = x[:, 0] * np.pi / 2, x[:, 1] * np.pi / 2
    directions = (np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a))
    return radius[:, None] * np.stack(directions, axis=1)


def noisy_sphere(genome: np.ndarray, seed: int) -> float:
    noise = np.random.default_rng(seed).standard_normal()
    return float(((genome - 0.5) ** 2).sum() + noise)


def two_objectives(genome: np.ndarray, seed: int) -> tuple[float, float]:
    return float(genome[0]), float(seed % 1000)


def blas_thread_count(genome: np.ndarray, seed: int) -> float:
    return float(os.environ["OPENBLAS_NUM_THREADS"])


def raises_on_large(genome: np.ndarray, seed: int) -> float:
    if genome[0] > 0.5:
        raise ValueError("too large")
    return 0.0


def exits_abruptly(genome: np.ndarray, seed: int) -> float:
    os._exit(3)


def process_id(genome: np.ndarray, seed: int) -> float:
    return float(os.getpid())


def never_ends(genome: np.ndarray, seed: int) -> float:
    time.sleep(600)
    return 0.0
