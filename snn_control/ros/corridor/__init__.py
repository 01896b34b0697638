"""Nodes of the corridor robot."""
