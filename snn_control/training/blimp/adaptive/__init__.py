"""Controllers of the blimp on a learned forward model: closed loop, task and system."""
