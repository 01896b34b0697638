"""Exports of controllers to other languages and tools, from plain data."""
