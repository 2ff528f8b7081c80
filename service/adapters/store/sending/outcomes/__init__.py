"""Outcomes: what POSTs and receipts say of messages, and what follows for reminders."""
