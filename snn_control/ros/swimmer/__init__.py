"""Nodes of the swimmer."""
