"""The node `place_recognizer`: images in, the mapped place of each image out."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.place.recognizer:PlaceRecognizerNode"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
