"""ROS 2 nodes and message adapters; the only package that imports rclpy, free of mathematics.

Each node is one module, run by `python -m snn_control.ros.NODE`; `snn_control.ros.nodes` lists
them. `snn_control.ros.interfaces` combines their topics and services.
"""
