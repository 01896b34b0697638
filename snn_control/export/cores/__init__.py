"""Replay of exports on emulated cores."""
