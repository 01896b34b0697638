"""Bags: recorder, reader of ticks, and replay."""
