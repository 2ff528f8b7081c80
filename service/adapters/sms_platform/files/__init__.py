"""Sending through a platform that takes files."""
