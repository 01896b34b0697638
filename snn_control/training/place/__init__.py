"""Evaluation of place recognisers."""
