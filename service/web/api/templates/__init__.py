"""The routes of /v1/templates."""
