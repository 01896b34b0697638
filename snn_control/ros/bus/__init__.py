"""Runs on the bus: processes, a whole vehicle."""
