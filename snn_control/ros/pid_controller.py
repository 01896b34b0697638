"""The node `pid_controller`: PID baseline with the interfaces of `altitude_controller`."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.blimp.pid_controller:PidController"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
