"""Raw images as arrays, checked and without padding; and keyframes of a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.coding.images import checked, resize
from snn_control.controllers.place import PlaceRecognizer
from snn_control.loops.place.odometry import Pose

Bytes = npt.NDArray[np.uint8]

CHANNELS = {"mono8": 1, "8UC1": 1, "rgb8": 3, "bgr8": 3}
"""Accepted encodings, and bytes a pixel."""
ENCODING, SIZE = "encoding", "size"
LARGEST = 2**28
"""Largest image, bytes; a header of more is broken."""


@dataclass(frozen=True)
class Refusal:
    """Reason why a frame is not used."""

    kind: str
    """Name of its counter."""
    message: str
    """Given and expected values, and how to mend it."""


@dataclass(frozen=True)
class Keyframe:
    """Downsampled image with its pose."""

    image: Bytes
    """In the size of the recogniser, (height, width)."""
    pose: Pose | None
    frame: str


def read_image(height: int, width: int, encoding: str, step: int, data: Any) -> Bytes | Refusal:
    """Return the pixels, (h, w) grey or (h, w, 3) red, green, blue, or why there are none.

    Args:
        height: rows.
        width: pixels of a row.
        encoding: as in `sensor_msgs/image_encodings`.
        step: bytes of a row, padding at its end included.
        data: a buffer of `height * step` bytes; not copied.
    """
    channels = CHANNELS.get(encoding)
    if channels is None:
        return Refusal(ENCODING, _not_taken(encoding))
    if height < 1 or width < 1:
        return Refusal(SIZE, f"image of {height} rows and {width} columns; expected at least one")
    if step < width * channels:
        return Refusal(
            SIZE,
            f"rows of {step} bytes; {width} pixels of {encoding} need {width * channels}: step "
            "counts bytes, padding included",
        )
    if height * step > LARGEST:
        return Refusal(SIZE, f"{height} rows of {step} bytes; expected at most {LARGEST} in all")
    if len(data) != height * step:
        return Refusal(
            SIZE, f"{len(data)} bytes of data; {height} rows of {step} are {height * step}"
        )
    rows = np.frombuffer(data, np.uint8).reshape(height, step)[:, : width * channels]
    if channels == 1:
        return rows
    pixels = rows.reshape(height, width, channels)
    return pixels[..., ::-1] if encoding == "bgr8" else pixels


def keyframe_of(image: Any, recognizer: PlaceRecognizer, pose: Pose | None, frame: str) -> Keyframe:
    """Return the keyframe of an image, in the size of the recogniser.

    Raises:
        ObservationError: not an image that it accepts.
    """
    config = recognizer.config
    small = resize(checked(image), config.height, config.width)
    return Keyframe(small.copy() if small.base is not None else small, pose, frame)


def _not_taken(encoding: str) -> str:
    taken = f"expected {', '.join(CHANNELS)}"
    name = encoding.lower()
    if "16" in name or "32" in name or "64" in name:
        return f"encoding {encoding!r} has more than 8 bits; {taken}: let the driver scale it"
    if name.startswith("bayer"):
        return f"encoding {encoding!r} is raw; {taken}: publish what image_proc makes of it"
    if name.startswith("8uc"):
        return f"encoding {encoding!r} does not say which colours; {taken}"
    return f"encoding {encoding!r}; {taken}"
