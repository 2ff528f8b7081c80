"""Renewals: filed ones, and permits that are renewed under another number."""
