"""The routes of /v1/imports."""
