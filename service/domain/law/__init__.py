"""A permit type's law as data, and the office that applies it."""
