"""A permit and its holder's phones."""
