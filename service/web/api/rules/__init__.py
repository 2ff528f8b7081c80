"""The routes of /v1/rules."""
