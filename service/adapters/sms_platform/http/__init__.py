"""Sending through a platform that takes HTTP requests."""
