"""Signed webhooks to the other side."""
