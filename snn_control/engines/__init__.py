"""Engines that run networks: `reference` (NumPy), `native` (compiled), `torch` (gradients)."""
