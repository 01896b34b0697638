"""Places of a study with featureless images: refused all at once, or left out of both traverses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from snn_control.controllers.place import Recognizer
from snn_control.controllers.place.queries import ranges
from snn_control.errors import ParameterError
from snn_control.studies.support.place_data import Traverses

__all__ = ["blank_frames", "without_blank_places"]

SOURCES = ("reference", "query")


def blank_frames(traverses: Traverses, recognizers: Sequence[Recognizer]) -> list[dict[str, Any]]:
    """Return the images that are featureless for a recogniser, with their index in the source.

    Each has the keys `traverse` (`reference` or `query`), `frame`, `file` (empty without files),
    `reason`, and `position` among the images used.
    """
    frames = []
    images = traverses.reference, traverses.query.images
    for source, names, used in zip(SOURCES, traverses.names, images, strict=True):
        for position, image in enumerate(used):
            faults = (recognizer.normalised(image)[1] for recognizer in recognizers)
            reason = next(filter(None, faults), "")
            if reason:
                frame = int(traverses.frames[position])
                file = names[frame] if names else ""
                frames.append({"traverse": source, "frame": frame, "file": file,
                               "reason": reason, "position": position})  # fmt: skip
    return frames


def without_blank_places(
    traverses: Traverses, blank: Sequence[dict[str, Any]], calibrating: Collection[int], skip: bool
) -> Traverses:
    """Return the traverses without the places that are blank in one of them.

    Args:
        traverses: traverses of the same places.
        blank: result of `blank_frames`.
        calibrating: positions of the places whose queries are used for calibration; other blank
            queries count as unrecognised if `skip` is False.
        skip: True to leave out blank places, False to refuse them.

    Raises:
        ParameterError: `skip` is False; the message lists all blank images.
    """
    needed = [b for b in blank if b["traverse"] == SOURCES[0] or b["position"] in calibrating]
    if needed and not skip:
        raise ParameterError(f"blank images: {describe(blank)}; use --skip-blank to leave them out")
    if not skip:
        return traverses
    left_out = sorted({int(each["position"]) for each in blank})
    kept = np.setdiff1d(np.arange(len(traverses.reference)), np.array(left_out, np.int64))
    return traverses.part(kept)


def describe(blank: Sequence[dict[str, Any]]) -> str:
    """Return the blank images as text: indices, and the file names if there are any."""
    parts = []
    for source in SOURCES:
        own = [each for each in blank if each["traverse"] == source]
        if own:
            files = [each["file"] for each in own if each["file"]]
            named = f" ({', '.join(files)})" if files else ""
            parts.append(f"{source} {ranges(each['frame'] for each in own)}{named}")
    return "; ".join(parts)
