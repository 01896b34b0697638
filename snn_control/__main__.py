"""Entry point of `python -m snn_control`, the same as `snn-control`."""

import sys

from snn_control.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
