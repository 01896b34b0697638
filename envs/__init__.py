"""Bodies and tasks: each a folder with its MJCF beside it, each environment a registered name."""
