"""Permits, recipients and opt-outs."""
