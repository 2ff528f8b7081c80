"""The description of a platform's format."""
