"""Loops around controllers: measurement, checks, mode, controller, command gate; no ROS anywhere."""
