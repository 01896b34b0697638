"""Traverses from recorded images, and event counts of any traverse.

Recorded images contain no ground truth: image k is assumed to show place k, one place after the
previous image. Two recordings of a route with equal numbering can thus be compared.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.array_file import read_npz
from snn_control.envs.route.image_files import (
    SUFFIXES,
    list_images,
    luma,
    read_image,
    shown,
)
from snn_control.envs.route.passes import Pass
from snn_control.errors import ParameterError, require

__all__ = ["SUFFIXES", "event_counts", "images_from_folder", "images_from_npz", "resized"]

DARKEST_PEAK = 1 << 12
"""Brightest level of 16 bits below which a whole traverse counts as recorded with fewer bits."""


def images_from_folder(path: str | Path, size: tuple[int, int] | None = None) -> Pass:
    """Read the images of a folder in natural order, see `image_files`.

    Other entries are skipped and listed in `Pass.notes`. Of 16-bit levels the upper 8 are used.

    Args:
        path: path of the folder.
        size: (height, width) that images are resized to by averaging; None: unchanged.

    Raises:
        ParameterError: the folder does not exist or has no images, their order is ambiguous, images
            cannot be read (the message names them), or sizes differ without `size`.
        MissingExtraError: Pillow is not installed.
    """
    require("PIL.Image", "report")
    folder = list_images(Path(path))
    images: list[NDArray[np.uint8]] = []
    faults, peak = [], 0
    for file in folder.files:
        try:
            levels = read_image(file)
        except ParameterError as exc:
            faults.append(f"{file.name} ({exc})")
            continue
        if levels.dtype == np.uint16:
            peak, levels = max(peak, int(levels.max())), levels >> 8
        image = levels.astype(np.uint8)
        image = image if size is None else resized(image, size)
        if images and not faults and image.shape != images[0].shape:
            raise ParameterError(
                f"{file} has {image.shape} pixels, {folder.files[0].name} {images[0].shape}; pass "
                "`size`"
            )
        images.append(image)
    if faults:
        raise ParameterError(
            f"{path}: {len(faults)} of {len(folder.files)} images cannot be read: "
            f"{shown(faults)}; remove or replace them"
        )
    if 0 < peak < DARKEST_PEAK:
        raise ParameterError(
            f"{path}: the brightest level of the 16-bit images is {peak}, of 65535; scale images "
            "of fewer bits to 16, for example those of 12 bits by 16"
        )
    return _counted(np.stack(images), tuple(file.name for file in folder.files), folder.notes)


def images_from_npz(path: str | Path, key: str) -> Pass:
    """Read images from one array of an NPZ file.

    Args:
        path: path of the file.
        key: key of the array, uint8 (n, height, width), or (n, height, width, 3) in colour.

    Raises:
        ParameterError: the file does not exist, or the array has another type or shape.
        UnknownNameError: unknown key; the message lists close ones.
    """
    images = read_npz(path, ParameterError, [key])[key]
    if images.dtype != np.uint8 or not (images.ndim == 3 or images.shape[3:] == (3,)):
        raise ParameterError(
            f"{key} of {path} is {images.dtype} of shape {images.shape}; expected uint8 of shape "
            "(n, height, width) or (n, height, width, 3)"
        )
    return _counted(images if images.ndim == 3 else luma(images))


def event_counts(images: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    """Return the number of events per pixel of an event camera from frame to frame.

    With log intensity L_t = ln(1 + I_t) and the reference level R of a pixel, R_0 = L_0:

        n_t = floor(|L_t - R_{t-1}| / threshold),   n_0 = 0
        R_t = R_{t-1} + sign(L_t - R_{t-1}) threshold n_t

    so that slow changes add up. Counts include both polarities, clipped to 255. After P.
    Lichtsteiner, C. Posch, T. Delbruck, IEEE J. Solid-State Circuits 43 (2008), doi
    10.1109/JSSC.2007.914337, without its noise. For a `Pass`: `replace(p,
    images=event_counts(p.images, 0.2))`.

    Args:
        images: uint8, shape (n, height, width).
        threshold: change of log intensity per event, above 0; real cameras have about 0.1 to 0.5.

    Raises:
        ParameterError: the threshold is not positive, or the images have another type or shape.
    """
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ParameterError(
            f"images are {images.dtype} of shape {images.shape}; expected uint8 of shape "
            "(n, height, width)"
        )
    if not (np.isfinite(threshold) and threshold > 0.0):
        raise ParameterError(f"threshold is {threshold!r}; expected above 0")
    counts = np.zeros(images.shape, np.uint8)
    levels = np.log1p(np.arange(256.0))[images]
    level = levels[0].copy() if len(images) else levels
    for k in range(1, len(images)):
        change = levels[k] - level
        # A change of exactly one threshold must count despite rounding.
        events = np.floor(np.abs(change) / threshold + 1e-9)
        level += np.sign(change) * threshold * events
        counts[k] = np.minimum(events, 255.0)
    return counts


def resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return an image of `size` (height, width); each pixel is the mean of the area it covers.

    Raises:
        ParameterError: a size is below 1.
    """
    if min(size) < 1:
        raise ParameterError(f"size is {size}; expected (height, width) of at least 1")
    rows, columns = (_overlaps(n, m) for n, m in zip(image.shape, size, strict=True))
    return np.rint(rows @ image.astype(np.float64) @ columns.T).astype(np.uint8)


def _overlaps(n_from: int, n_to: int) -> NDArray[np.float64]:
    """Return the fraction of each old pixel in each new one along an axis, shape (n_to, n_from)."""
    edges = np.linspace(0.0, n_from, n_to + 1)
    old = np.arange(n_from)
    ends = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    overlap = np.maximum(ends, 0.0)
    fractions: NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return fractions


def _counted(
    images: NDArray[np.uint8], names: tuple[str, ...] = (), notes: tuple[str, ...] = ()
) -> Pass:
    steps = np.ones(len(images))
    steps[:1] = 0.0
    return Pass(images, np.arange(len(images), dtype=np.float64), steps, names, notes)
