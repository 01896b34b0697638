"""Benchmarks of exported controllers."""
