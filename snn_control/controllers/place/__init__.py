"""Controllers that recognise places."""
