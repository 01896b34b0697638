"""Control loops: checks, mode, controller, command gate; independent of ROS."""
