"""Tasks in any Gymnasium environment, from the configuration to the system of the result."""
