"""The node `recorder`: topics recorded unchanged in a bag (MCAP)."""

from __future__ import annotations

from snn_control.ros.start import start

NODE = "snn_control.ros.bags.recorder:Recorder"


def main(arguments: list[str] | None = None) -> int:
    """Run the node."""
    return start(NODE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
