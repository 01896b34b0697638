"""ROS 2 nodes and message adapters: no mathematics, and the only place that imports rclpy.

Each node is one module that runs as `python -m snn_control.ros.NODE`. What they publish and take is
one table, `snn_control.ros.interfaces`.
"""
