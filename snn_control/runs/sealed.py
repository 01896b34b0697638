"""Former name of `snn_control.runs.checksums`."""

from snn_control.runs.checksums import read_arrays

__all__ = ["read_arrays"]
