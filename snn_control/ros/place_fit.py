"""A place map that is fitted in a thread of its own."""

from __future__ import annotations

import threading

from snn_control.controllers.place import PlaceRecognizer
from snn_control.errors import SnnControlError
from snn_control.ros.place_images import Sight


class Fit:
    """Fits a map; NumPy and compiled code leave the executor's thread its time.

    Args:
        recognizer: to fit; nobody else holds it.
        first: images of the first places.
    """

    def __init__(self, recognizer: PlaceRecognizer, first: list[Sight]) -> None:
        self.made: PlaceRecognizer | None = None
        self.failure = ""
        """Why there is none."""
        self.done = threading.Event()
        images = [sight.image for sight in first]

        def run() -> None:
            try:
                self.made = recognizer.fit(images)
            except SnnControlError as exc:
                self.failure = str(exc)
            except Exception as exc:  # told in diagnostics; the node lives
                self.failure = repr(exc)
            finally:
                self.done.set()

        threading.Thread(target=run, name="fit", daemon=True).start()
