"""The node `serial_controller`: range and setpoint in, motor command of a firmware out."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.blimp.serial_controller:SerialController"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
