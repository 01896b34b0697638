"""Loops around controllers: checks, mode, controller, command gate; no ROS anywhere."""
