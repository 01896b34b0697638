"""Node of the place recogniser."""
