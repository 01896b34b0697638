"""Synthetic route for tests: smooth textures, and the same places in another season."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

SIZE = (32, 64)


def route(n: int, seed: int = 0) -> np.ndarray:
    """Return images of n places, (n, 32, 64) uint8; neighbouring places are similar."""
    rng = np.random.default_rng(seed)
    world = gaussian_filter(rng.normal(size=(SIZE[0], 24 * n + SIZE[1])), (2.0, 3.0))
    views = np.stack([world[:, 24 * k : 24 * k + SIZE[1]] for k in range(n)])
    return _bytes(views / views.std())


def other_season(images: np.ndarray, seed: int = 1, strength: float = 1.0) -> np.ndarray:
    """Return the images with low contrast, smooth changes of brightness and noise."""
    rng = np.random.default_rng(seed)
    n = len(images)
    scene = (images.astype(float) - 128.0) / 40.0
    patches = rng.normal(size=(6, 4, 8))
    fields = np.stack([zoom(p, (SIZE[0] / 4, SIZE[1] / 8), order=1) for p in patches])
    mix = np.cumsum(rng.normal(0.0, 0.15, (n, 6)), axis=0) + rng.normal(size=6)
    fog = 0.6 + 0.2 * rng.random((n, 1, 1))
    changed = fog * scene + strength * np.tensordot(mix, fields, 1) * 0.4
    return _bytes(changed + 0.5 * strength * rng.normal(size=images.shape))


def _bytes(scene: np.ndarray) -> np.ndarray:
    return np.clip(128.0 + 40.0 * scene, 0, 255).astype(np.uint8)
