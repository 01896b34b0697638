"""Run networks: `reference` (NumPy), `native` (compiled), `torch` (gradients); all agree."""
