"""Tests of the parts of evolutions."""
