"""Reads tables as people export them: whatever the format, cells are text."""
