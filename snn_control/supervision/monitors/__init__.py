"""Monitors of measurements, one kind of fault per module."""
