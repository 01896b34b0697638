"""The node `fault_relay`: topics of a vehicle repeated with injected faults."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.faults.relay:FaultRelay"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
