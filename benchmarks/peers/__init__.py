"""Cost of this package and of its peers in the same run, see `python -m benchmarks.peers --help`."""
