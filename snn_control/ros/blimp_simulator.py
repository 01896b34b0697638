"""The node `blimp_simulator`: simulated blimp of the Gymnasium environment."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.blimp.simulator:BlimpSimulator"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
