"""Controllers of the corridor robot."""
