"""Conversion of raw images to arrays and keyframes."""

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
"""Accepted encodings with their bytes per pixel."""
ENCODING, SIZE = "encoding", "size"
LARGEST = 2**28
"""Largest accepted image, bytes."""


@dataclass(frozen=True)
class Refusal:
    """Reason for refusing a frame."""

    kind: str
    """Name of its counter."""
    message: str
    """Received and expected values, with a remedy."""


@dataclass(frozen=True)
class Keyframe:
    """Downsampled image with its pose."""

    image: Bytes
    """Grey image in the size of the recogniser, (height, width)."""
    pose: Pose | None
    frame: str


def read_image(height: int, width: int, encoding: str, step: int, data: Any) -> Bytes | Refusal:
    """Return the pixels, (h, w) grey or (h, w, 3) red, green, blue, or a refusal.

    Args:
        height: number of rows.
        width: pixels per row.
        encoding: encoding as in `sensor_msgs/image_encodings`.
        step: bytes per row, including padding.
        data: buffer of `height * step` bytes; not copied.
    """
    channels = CHANNELS.get(encoding)
    if channels is None:
        return Refusal(ENCODING, _encoding_fault(encoding))
    if height < 1 or width < 1:
        return Refusal(SIZE, f"image of {height} rows and {width} columns; expected at least one")
    if step < width * channels:
        return Refusal(
            SIZE,
            f"rows of {step} bytes; {width} pixels of {encoding} need {width * channels}: step "
            "is in bytes, including padding",
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
        ObservationError: an invalid image.
    """
    config = recognizer.config
    small = resize(checked(image), config.height, config.width)
    return Keyframe(small.copy() if small.base is not None else small, pose, frame)


def _encoding_fault(encoding: str) -> str:
    accepted = f"expected {', '.join(CHANNELS)}"
    name = encoding.lower()
    if "16" in name or "32" in name or "64" in name:
        return f"encoding {encoding!r} has more than 8 bits; {accepted}: scale it in the driver"
    if name.startswith("bayer"):
        return f"encoding {encoding!r} is raw; {accepted}: convert it with image_proc"
    if name.startswith("8uc"):
        return f"encoding {encoding!r} has no defined order of colours; {accepted}"
    return f"encoding {encoding!r}; {accepted}"
