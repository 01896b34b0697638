"""Loop of the swimmer."""
