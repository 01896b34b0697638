"""Place maps that are fitted, or calibrated, in a thread of their own."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable

from snn_control.controllers.place import PlaceRecognizer
from snn_control.errors import SnnControlError
from snn_control.loops.place.images import Keyframe


class Work:
    """Makes a recogniser; NumPy and compiled code leave the executor's thread its time.

    Args:
        make: nobody else holds what it works on.
    """

    def __init__(self, make: Callable[[], PlaceRecognizer]) -> None:
        self.made: PlaceRecognizer | None = None
        self.failure = ""
        """Why there is none."""
        self.done = threading.Event()

        def run() -> None:
            try:
                self.made = make()
            except SnnControlError as exc:
                self.failure = str(exc)
            except Exception as exc:  # reported in diagnostics; the node lives
                self.failure = repr(exc)
            finally:
                self.done.set()

        threading.Thread(target=run, name="place_fit", daemon=True).start()


def fit(recognizer: PlaceRecognizer, first: list[Keyframe]) -> Work:
    """Fit a recogniser to the first places."""
    images = [keyframe.image for keyframe in first]
    return Work(lambda: recognizer.fit(images))


def calibrate(recognizer: PlaceRecognizer) -> Work:
    """Calibrate a copy of a recogniser."""
    twin = copy.deepcopy(recognizer)

    def make() -> PlaceRecognizer:
        twin.calibrate()
        return twin

    return Work(make)
