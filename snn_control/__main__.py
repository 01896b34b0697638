"""`python -m snn_control` is `snn-control`."""

import sys

from snn_control.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
