"""Firmware that steps an exported controller, and the host's end of its serial line."""
