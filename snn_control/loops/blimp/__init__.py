"""Altitude loop of the blimp."""
