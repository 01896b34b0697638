"""Confidence of a match: probability, unknown places, calibration, online recalibration."""
