"""Sections of the loop around a controller."""
