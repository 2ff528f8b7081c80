"""Rows of a register that are not stored: why, how many, and what repairs them."""
