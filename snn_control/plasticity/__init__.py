"""Local learning and homeostatic rules."""
