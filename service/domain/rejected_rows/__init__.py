"""Rows of a register that are wrong or look so: why, how many, what repairs them."""
