"""Control loop of the swimmer."""
