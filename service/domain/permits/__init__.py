"""A permit and its phones."""
