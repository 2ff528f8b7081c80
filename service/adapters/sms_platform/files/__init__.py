"""A platform that takes files."""
