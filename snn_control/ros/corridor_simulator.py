"""The node `corridor_simulator`: simulated robot with a lidar in a corridor."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.corridor.simulator:CorridorSimulator"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
