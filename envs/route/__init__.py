"""A camera on a fixed route: the world it is driven through, and the passes along it."""
