"""Joins controllers, environments and optimisers."""
