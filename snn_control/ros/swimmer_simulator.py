"""The node `swimmer_simulator`: simulated swimmer in MuJoCo."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.swimmer.simulator:SwimmerSimulator"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
