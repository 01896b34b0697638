"""Controllers that make a swimmer swim."""
