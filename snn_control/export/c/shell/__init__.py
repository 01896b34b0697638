"""C99 source of the kernels around the networks, translated from Python."""
