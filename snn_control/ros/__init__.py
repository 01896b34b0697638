"""ROS 2 nodes and message adapters: no mathematics, and the only place that imports rclpy.

Each node is one module that runs as `python -m snn_control.ros.NODE`; `snn_control.ros.nodes` lists
them. Their topics and services are joined in `snn_control.ros.interfaces`.
"""
