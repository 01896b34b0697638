"""Images of the benchmark `place_stdp`: places of Nordland and augmented frames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.coding.images import resize
from snn_control.coding.patch_normalisation import PatchNormalisation, to_bytes

Bytes = npt.NDArray[np.uint8]

N_CALIBRATION_FRAMES = 552
DATA = Path(
    os.environ.get("SNN_CONTROL_DATA")
    or Path(__file__).resolve().parents[2] / "shared/data/nordland"
)


class Route(NamedTuple):
    """Patch-normalised images of consecutive places, uint8, (places, 28, 28) each."""

    summer: Bytes
    augmented: Bytes
    winter: Bytes

    def part(self, begin: int, n: int) -> Route:
        """Return n places from `begin` on."""
        return Route(*(images[begin : begin + n] for images in self))


def read(n_test: int, n_calibration: int) -> tuple[Route, Route]:
    """Return the places of the test and of the calibration modules."""
    path = DATA / "nordland_64x32.npz"
    if not path.exists():
        raise SystemExit(
            f"{path} is missing; set SNN_CONTROL_DATA to the folder of nordland_64x32.npz"
        )
    with np.load(path, allow_pickle=False) as data:
        rows = np.flatnonzero(data["moving"])
        rows = np.concatenate(
            (rows[N_CALIBRATION_FRAMES:][:n_test], rows[:N_CALIBRATION_FRAMES][:n_calibration])
        )
        summer, winter = data["summer"][rows], data["winter"][rows]
    random = np.random.default_rng(2209)
    augmented = [augment(image, random) for image in summer]
    whole = Route(*(np.array([normal(i) for i in part]) for part in (summer, augmented, winter)))
    return whole.part(0, n_test), whole.part(n_test, n_calibration)


def normal(image: Bytes) -> Bytes:
    return to_bytes(PatchNormalisation(7).apply(resize(image, 28, 28)))


def augment(image: Bytes, random: np.random.Generator) -> Bytes:
    """Augment a frame: blur, contrast, directional light, brightness, noise.

    Blur by a Gaussian of 0 to 1 pixels; contrast times 0.6 to 1.4; a ramp of light of at most 40
    grey levels in any direction; brightness by -30 to 30; noise of 8 grey levels a pixel.
    """
    h, w = image.shape
    x = image.astype(float)
    sigma = max(random.uniform(0.0, 1.0), 1e-3)
    taps = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
    taps /= taps.sum()
    for axis in (0, 1):
        padded = np.pad(x, [(3, 3) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        x = sum(
            t * np.take(padded, np.arange(k, k + x.shape[axis]), axis) for k, t in enumerate(taps)
        )
    x = x.mean() + random.uniform(0.6, 1.4) * (x - x.mean())
    angle, light = random.uniform(0.0, 2.0 * np.pi), random.uniform(0.0, 40.0)
    down, right = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    x += light * (np.cos(angle) * right + np.sin(angle) * down)
    x += random.uniform(-30.0, 30.0) + random.normal(0.0, 8.0, image.shape)
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)
