"""Claiming: due reminders become messages, in one transaction."""
