"""Nodes of the blimp."""
