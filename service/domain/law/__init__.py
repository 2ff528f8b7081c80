"""The law of a permit type as data, and the office that applies it."""
