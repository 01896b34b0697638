"""Baselines, read-outs and statistics of the studies of adaptation."""
