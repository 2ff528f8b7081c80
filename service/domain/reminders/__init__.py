"""Reminders: which are created, which may be sent now, and within which limits."""
