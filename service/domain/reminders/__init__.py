"""Reminders: which to create, which may be sent now, and within which limits."""
