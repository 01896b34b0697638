"""Optimisation, evaluation and filming of controllers in environments."""
