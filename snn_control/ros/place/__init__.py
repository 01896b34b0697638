"""Health, interfaces and launch of the node `place_recognizer`."""
