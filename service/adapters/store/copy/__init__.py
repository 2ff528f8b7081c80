"""A whole database copied into an empty one, of the same kind or the other."""
