"""Flights of the supervised altitude loop with faults of its streams."""
