"""Studies of online adaptation."""
