"""Swimmers: chains of 3 to 30 links in a fluid, their tasks and simulated robots."""
