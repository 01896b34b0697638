"""NIR files of this package in other frameworks, see `benchmarks/nir_matrix.py`."""
