"""The routes of /v1/counts."""
