"""Programs on Cortex-M boards without an operating system."""
