"""NIR files of this package in other frameworks, see `benchmarks/onboard/nir_matrix.py`."""
