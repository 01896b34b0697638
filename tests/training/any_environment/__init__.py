"""Tests of tasks in any environment."""
