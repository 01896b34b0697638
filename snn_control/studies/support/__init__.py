"""Parts shared by several studies."""
