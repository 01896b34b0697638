"""Arrangements of the files of an export for build systems."""
