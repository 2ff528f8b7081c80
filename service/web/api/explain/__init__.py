"""The routes of /v1/explain."""
