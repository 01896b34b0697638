"""Shared parts of all nodes: lifecycle, parameters, diagnostics, bags."""
