"""The node `corridor_controller`: laser scans and odometry in, velocity out; any corridor robot."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.corridor.controller:CorridorController"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
