"""Slots: inserted with the permits, expanded into reminders when due, counted."""
