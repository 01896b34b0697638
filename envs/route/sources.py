"""Traverses from recorded images, and event counts of any traverse.

Recorded images contain no ground truth: image k is assumed to show place k, one place after the
previous image. Two recordings of a route with equal numbering can thus be compared.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.route.passes import Pass
from snn_control.errors import ParameterError, UnknownNameError, require
from snn_control.input_file import is_folder, shortened, size_of

__all__ = ["SUFFIXES", "event_counts", "images_from_folder", "images_from_npz", "resized"]

SUFFIXES = (".jpeg", ".jpg", ".png")
_LUMA = np.array([0.299, 0.587, 0.114])


def images_from_folder(path: str | Path, size: tuple[int, int] | None = None) -> Pass:
    """Read the PNG and JPEG files of a folder, sorted by name.

    Args:
        path: path of the folder.
        size: (height, width) that images are resized to by averaging; None: unchanged.

    Raises:
        ParameterError: the folder does not exist or has no images, an image cannot be read, or
            sizes differ without `size`.
        MissingExtraError: imageio is not installed.
    """
    imageio = require("imageio.v3", "report")
    folder = Path(path)
    if not is_folder(folder):
        raise ParameterError(
            f"{shortened(folder)} is not a folder; expected one with PNG or JPEG files"
        )
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise ParameterError(f"{folder} has no files that end in {', '.join(SUFFIXES)}")
    images: list[NDArray[np.uint8]] = []
    for file in files:
        try:
            image = _grey(np.asarray(imageio.imread(file, plugin="pillow")))
        except (OSError, ValueError) as exc:
            raise ParameterError(f"{file} cannot be read as an image: {exc}") from exc
        image = image if size is None else resized(image, size)
        if images and image.shape != images[0].shape:
            raise ParameterError(
                f"{file} has {image.shape} pixels, {files[0].name} {images[0].shape}; pass `size`"
            )
        images.append(image)
    return _counted(np.stack(images))


def images_from_npz(path: str | Path, key: str) -> Pass:
    """Read images from one array of an NPZ file.

    Args:
        path: path of the file.
        key: key of the array, uint8 (n, height, width), or (n, height, width, 3) in colour.

    Raises:
        ParameterError: the file does not exist, or the array has another type or shape.
        UnknownNameError: unknown key; the message lists close ones.
    """
    size_of(path, ParameterError)
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ParameterError(f"{path} contains one bare array; expected an NPZ file")
        with file:
            if damaged := file.zip.testzip():
                raise ParameterError(f"{path} cannot be read: checksum of {damaged}")
            if key not in file.files:
                raise UnknownNameError(f"array of {path}:", key, file.files)
            images = file[key]
    except (ParameterError, UnknownNameError):
        raise
    except Exception as exc:  # a damaged file raises various exceptions
        raise ParameterError(f"{path} cannot be read as an NPZ file: {exc}") from exc
    if images.dtype != np.uint8 or not (images.ndim == 3 or images.shape[3:] == (3,)):
        raise ParameterError(
            f"{key} of {path} is {images.dtype} of shape {images.shape}; expected uint8 of shape "
            "(n, height, width) or (n, height, width, 3)"
        )
    return _counted(images if images.ndim == 3 else _grey(images))


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


def _grey(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Convert one or more images to grey levels: luma of colour, upper 8 of 16 bits."""
    pixels = np.asarray(image)
    if pixels.dtype == np.uint16:
        pixels = pixels >> 8
    elif pixels.dtype == bool:
        pixels = pixels * np.uint8(255)
    if pixels.ndim > 2 and pixels.shape[-1] in (3, 4):
        pixels = np.rint(pixels[..., :3] @ _LUMA)
    elif pixels.ndim > 2 and pixels.shape[-1] in (1, 2):
        pixels = pixels[..., 0]
    return pixels.astype(np.uint8)


def _counted(images: NDArray[np.uint8]) -> Pass:
    steps = np.ones(len(images))
    steps[:1] = 0.0
    return Pass(images, np.arange(len(images), dtype=np.float64), steps)
