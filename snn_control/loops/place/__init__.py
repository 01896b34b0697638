"""Loop of the place recogniser."""
