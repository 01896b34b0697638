"""Fitting and calibration of place maps in a background thread."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable

from snn_control.controllers.place import PlaceRecognizer
from snn_control.copies import NotCopied
from snn_control.errors import SnnControlError
from snn_control.loops.place.images import Keyframe


class BackgroundFit(NotCopied):
    """Background task that makes a recogniser; NumPy and compiled code release the GIL.

    Args:
        make: makes the recogniser; its data must not be shared with other threads.
    """

    instead = "wait until it is done, and copy the map"

    def __init__(self, make: Callable[[], PlaceRecognizer]) -> None:
        self.result: PlaceRecognizer | None = None
        """Recogniser; None before `done` and after a failure."""
        self.failure = ""
        """Reason for a missing result."""
        self.done = threading.Event()

        def run() -> None:
            try:
                self.result = make()
            except SnnControlError as exc:
                self.failure = str(exc)
            except Exception as exc:  # reported in diagnostics; the node keeps running
                self.failure = repr(exc)
            finally:
                self.done.set()

        threading.Thread(target=run, name="place_fit", daemon=True).start()


def fit(recognizer: PlaceRecognizer, first: list[Keyframe]) -> BackgroundFit:
    """Fit a recogniser to the first places."""
    images = [keyframe.image for keyframe in first]
    return BackgroundFit(lambda: recognizer.fit(images))


def calibrate(recognizer: PlaceRecognizer) -> BackgroundFit:
    """Calibrate a copy of a recogniser."""
    duplicate = copy.deepcopy(recognizer)

    def make() -> PlaceRecognizer:
        duplicate.calibrate()
        return duplicate

    return BackgroundFit(make)
