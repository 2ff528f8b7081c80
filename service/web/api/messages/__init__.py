"""The routes of /v1/messages."""
