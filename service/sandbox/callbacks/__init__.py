"""Signed webhooks to the service."""
