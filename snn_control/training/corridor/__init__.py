"""Task and system of the corridor robot."""
