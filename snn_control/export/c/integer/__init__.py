"""C99 source of networks in integers."""
