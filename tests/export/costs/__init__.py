"""Tests of operations, memory traffic and energy."""
