"""A platform that takes HTTP requests."""
