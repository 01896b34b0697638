"""Evaluation of place recognisers on query traverses."""
