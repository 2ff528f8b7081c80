"""Slots: inserted, expanded, forecast."""
