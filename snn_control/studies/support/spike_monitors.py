"""Monitors of the spike trains of a controller: Mahalanobis distance, reconstruction, regret.

Features are the rates of all neurons over one second. The Mahalanobis distance is that of their
first principal components; the reconstruction error is what these leave. The likelihood regret is
the gain in the evidence bound of a variational autoencoder when the posterior of one sample is
optimised by simultaneous perturbation with signs of each coordinate.
Sources: Xiao, Yan and Amit, Likelihood regret, arXiv:2003.02977; Spall, IEEE Trans. Automatic
Control 37(3), 1992, doi:10.1109/9.119632.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["NAMES", "SpikeMonitors", "rates"]

FloatArray = npt.NDArray[np.float64]
NAMES = ("mahalanobis", "reconstruction", "likelihood_regret")
COMPONENTS = 12
LATENT, HIDDEN, EPOCHS, BATCH = 8, 64, 30, 256
STEPS, STEP, PERTURBATION, DRAWS = 5, 0.05, 0.1, 4


def rates(
    times_s: Sequence[float], spikes: Sequence[npt.NDArray[Any]], window: int = 10
) -> tuple[FloatArray, FloatArray]:
    """Return times, s, and rates of complete windows of steps, shape (n, neurons)."""
    n = len(times_s) // window
    table = np.asarray(spikes[: n * window], np.float64).reshape(n, window, -1)
    return np.asarray(times_s[window - 1 : n * window : window]), table.mean(axis=1)


class SpikeMonitors:
    """Monitors fitted to nominal operation.

    Args:
        features: rates, shape (n, neurons).
        seed: seed of the autoencoder.
    """

    def __init__(self, features: FloatArray, seed: int = 0) -> None:
        self._mean = features.mean(axis=0)
        self._scale = features.std(axis=0) + 1e-3
        x = self._normalised(features)
        _, singular, axes = np.linalg.svd(x, full_matrices=False)
        self._axes = axes[:COMPONENTS]
        self._deviations = singular[:COMPONENTS] / np.sqrt(len(x)) + 1e-9
        self._seed = seed
        self._network = _trained(x, seed)

    def scores(self, features: FloatArray) -> dict[str, FloatArray]:
        """Return the score of each sample, by name."""
        x = self._normalised(features)
        parts = x @ self._axes.T
        return {
            "mahalanobis": np.sqrt(((parts / self._deviations) ** 2).sum(axis=1)),
            "reconstruction": np.linalg.norm(x - parts @ self._axes, axis=1),
            "likelihood_regret": _regret(self._network, x, self._seed),
        }

    def _normalised(self, features: FloatArray) -> FloatArray:
        return (features - self._mean) / self._scale


def _trained(x: FloatArray, seed: int) -> Any:
    """Return encoder and decoder of a variational autoencoder."""
    import torch
    from torch import nn

    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    width = x.shape[1]
    encoder = nn.Sequential(nn.Linear(width, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2 * LATENT))
    decoder = nn.Sequential(nn.Linear(LATENT, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, width))
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(parameters, 1e-3)
    data = torch.as_tensor(x, dtype=torch.float32)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(data), generator=generator).split(BATCH):
            batch = data[rows]
            noise = torch.randn(1, len(batch), LATENT, generator=generator)
            loss = -_bound(batch, encoder(batch), noise, decoder).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return encoder, decoder


def _bound(x: Any, posterior: Any, noise: Any, decoder: Any) -> Any:
    """Return the evidence lower bound of each sample, with unit variance of the features."""
    mean, log_variance = posterior[..., :LATENT], posterior[..., LATENT:]
    z = mean + noise * (0.5 * log_variance).exp()
    likelihood = -0.5 * ((x - decoder(z)) ** 2).sum(-1).mean(0)
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance).sum(-1)
    return likelihood - divergence


def _regret(network: Any, x: FloatArray, seed: int) -> FloatArray:
    """Return the likelihood regret of each sample, at least 0."""
    import torch

    encoder, decoder = network
    generator = torch.Generator().manual_seed(seed + 1)
    results = []
    with torch.no_grad():
        for batch in torch.as_tensor(x, dtype=torch.float32).split(2048):
            posterior = encoder(batch)
            noise = torch.randn(DRAWS, len(batch), LATENT, generator=generator)
            start = best = _bound(batch, posterior, noise, decoder)
            for _ in range(STEPS):
                signs = torch.randint(0, 2, posterior.shape, generator=generator) * 2.0 - 1.0
                up = _bound(batch, posterior + PERTURBATION * signs, noise, decoder)
                down = _bound(batch, posterior - PERTURBATION * signs, noise, decoder)
                slope = ((up - down) / (2.0 * PERTURBATION)).unsqueeze(-1)
                posterior = posterior + STEP * slope * signs
                best = torch.maximum(best, _bound(batch, posterior, noise, decoder))
            results.append((best - start).numpy())
    return np.concatenate(results).astype(np.float64)
