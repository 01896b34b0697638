"""Supervision of a controller: stamps, ages, command limits and modes; independent of ROS.

The caller passes the time to every function, so that a test can simulate an hour in a second.
"""
