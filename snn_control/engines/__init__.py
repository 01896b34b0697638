"""Engines that run networks, with equal results: `reference`, `native` and `torch`."""
