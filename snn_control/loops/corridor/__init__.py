"""Sensing of the corridor robot with few rays: choice, memory and completion of scans."""
