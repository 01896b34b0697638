"""The node `swimmer_controller`: joint states and cmd_vel in, joint efforts out; any swimmer."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.swimmer.controller:SwimmerController"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
