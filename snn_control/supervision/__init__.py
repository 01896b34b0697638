"""What watches over a controller in flight: stamps, ages, commands, modes. Knows no ROS.

Everything here is told the time by its caller, so that a test can fly an hour in a second.
"""
