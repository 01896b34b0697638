"""Image files of a folder: order of their names, and conversion to grey levels.

Names are ordered like those of a file manager: digits in a row are one number, everything else goes
character by character. Names whose numbers all have the same length keep their alphabetical order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import ParameterError, require
from snn_control.input_file import is_folder, shortened

SUFFIXES = (
    ".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff",
    ".webp",
)  # fmt: skip
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_PHOTOMETRIC = 262
"""TIFF tag of the meaning of the levels; 0: the level 0 is white."""
LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue (Rec. 601)."""
MOST_NAMES = 10
"""Maximum number of names in a message."""


@dataclass(frozen=True)
class ImageFolder:
    """Images of a folder in their order."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]
    """Skipped entries, images of a rare suffix, and the choice of the order where it matters."""


def list_images(folder: Path) -> ImageFolder:
    """List the images of a folder in natural order; hidden and other entries are skipped.

    Raises:
        ParameterError: not a folder, no images, two images of one name or number, or names whose
            order is ambiguous.
    """
    if not is_folder(folder):
        raise ParameterError(f"{shortened(folder)} is not a folder; expected one with image files")
    files, skipped = [], []
    for entry in sorted(folder.iterdir()):
        image = entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".")
        missing = entry.is_symlink() and not entry.exists()
        (files if image and (entry.is_file() or missing) else skipped).append(entry)
    if not files:
        raise ParameterError(f"{folder} has no files that end in {', '.join(SUFFIXES)}")
    notes = []
    if skipped:
        names = (f"{entry.name}/" if entry.is_dir() else entry.name for entry in skipped)
        notes.append(f"{folder}: skipped other entries: {shown(names)}")
    suffixes = Counter(file.suffix.lower() for file in files)
    (usual, n_usual), *_ = suffixes.most_common(1)
    if n_usual < len(files):
        rare = (file.name for file in files if file.suffix.lower() != usual)
        notes.append(f"{folder}: of another suffix than {usual}, but used: {shown(rare)}")
    ordered = sorted(files, key=lambda file: natural_key(file.name))
    _require_different(folder, ordered)
    _require_clear(folder, ordered)
    if ordered != files:
        early, late = next((a, b) for a, b in pairwise(ordered) if a.name > b.name)
        notes.append(f"{folder}: in natural order, {early.name} before {late.name}")
    return ImageFolder(tuple(ordered), tuple(notes))


def natural_key(name: str) -> tuple[Any, ...]:
    """Return the sorting key of a name in natural order."""
    return _key(name, r"[0-9]+|[^0-9]", int)


def _decimal_key(name: str) -> tuple[Any, ...]:
    """Return the sorting key of a name whose numbers may have decimals."""
    return _key(name, r"[0-9]+(?:\.[0-9]+)?|[^0-9]", Fraction)


def _key(name: str, pattern: str, number: Callable[[str], Any]) -> tuple[Any, ...]:
    return tuple(
        (ord("0"), number(part)) if "0" <= part[0] <= "9" else (ord(part), 0)
        for part in re.findall(pattern, name, re.DOTALL)
    )


def _require_different(folder: Path, ordered: list[Path]) -> None:
    by_key: dict[Any, list[str]] = {}
    for file in ordered:
        by_key.setdefault(natural_key(file.stem.lower()), []).append(file.name)
    twice = [" and ".join(names) for names in by_key.values() if len(names) > 1]
    if twice:
        raise ParameterError(
            f"{folder} has several images of one name or number: {shown(twice)}; keep one of each"
        )


def _require_clear(folder: Path, ordered: list[Path]) -> None:
    """Refuse names that are in another order if their points are decimal points."""
    names = [file.name for file in ordered]
    for early, late in pairwise(names):
        if _decimal_key(early) > _decimal_key(late):
            raise ParameterError(
                f"{folder}: the order of {early} and {late} is ambiguous, since the point may be a "
                "decimal point or a separator; rename the images with numbers of equal length"
            )


def read_image(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Read an image as grey levels of 8 or 16 bits, with its EXIF orientation applied.

    Colour becomes luma, transparency is ignored.

    Raises:
        ParameterError: a broken or animated file, or pixels without defined grey levels.
    """
    pillow, transposed = require("PIL.Image", "report"), require("PIL.ImageOps", "report")
    if path.is_file() and not path.stat().st_size:
        raise ParameterError("the file is empty")
    try:
        # By path, Pillow maps some files into memory, and scrambles them if they are turned.
        with path.open("rb") as file, pillow.open(file, formats=_FORMATS) as image:
            pages = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
            if pages > 1:
                raise ParameterError(
                    f"an animation or document of {pages} images; store each in a file"
                )
            image.load()
            levels = grey_levels(transposed.exif_transpose(image), image.format, image.info)
            # Pillow inverts images whose 0 is white only up to 8 bits.
            white = image.format == "TIFF" and image.tag_v2.get(_PHOTOMETRIC) == 0
            return 65535 - levels if white and levels.dtype == np.uint16 else levels
    except ParameterError:
        raise
    except Exception as exc:  # damaged files raise errors of many types
        raise ParameterError(f"{exc}" or repr(exc)) from exc


def grey_levels(
    image: Any, file_format: str, info: dict[str, Any]
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Convert a Pillow image of any mode to grey levels, see `read_image`.

    Args:
        image: image.
        file_format: Pillow's name of the format of its file.
        info: further data of its file.

    Raises:
        ParameterError: pixels without defined grey levels.
    """
    mode = image.mode
    if mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if mode in ("LA", "La"):
        return np.asarray(image.convert("LA"))[..., 0]
    if mode.startswith("I;16") or (mode == "I" and file_format in ("PNG", "PPM")):
        return np.asarray(image).astype(np.uint16)
    if mode == "CMYK" and file_format == "JPEG" and "adobe" not in info:
        raise ParameterError("CMYK without a marker of its inversion; convert it to RGB")
    if mode in ("P", "PA", "RGBA", "RGBa"):
        return luma(np.asarray(image.convert("RGBA"))[..., :3])
    if mode in ("RGB", "RGBX", "CMYK", "YCbCr", "HSV"):
        return luma(np.asarray(image.convert("RGB")))
    raise ParameterError(
        f"pixels of mode {mode!r} have no defined grey levels; convert it to 8-bit grey or RGB"
    )


def luma(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma of red, green and blue, shape (..., 3), rounded."""
    levels: NDArray[np.uint8] = np.rint(colours @ LUMA).astype(np.uint8)
    return levels


def shown(names: Iterable[str]) -> str:
    """Return names for a message, shortened."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMES} more" if len(every) > MOST_NAMES else ""
    return ", ".join(every[:MOST_NAMES]) + more
