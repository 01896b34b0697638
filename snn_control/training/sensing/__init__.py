"""Sensing and actuation of environments: injected faults."""
