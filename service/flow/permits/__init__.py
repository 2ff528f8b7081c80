"""Permits and their phones: register, find, opt out, unreachable."""
