"""Confidence of a match: calibration, probability, unknown places, learning in hindsight."""
