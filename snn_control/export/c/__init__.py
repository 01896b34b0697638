"""C99 source of controllers."""
