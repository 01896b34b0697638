"""Processes of nodes, and runs of a whole vehicle over the bus."""
