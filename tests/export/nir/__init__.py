"""Tests of the export to NIR."""
