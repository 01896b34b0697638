"""Corridor with a disc robot: body, worlds, navigation environment."""
