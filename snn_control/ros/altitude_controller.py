"""The node `altitude_controller`: range and setpoint in, motor command out; any model."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.blimp.altitude_controller:AltitudeController"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
