"""Permits stored as they are registered, their phones, opt-outs and reminders."""
