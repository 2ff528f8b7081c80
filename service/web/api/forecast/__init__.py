"""The routes of /v1/forecast."""
