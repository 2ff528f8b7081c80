"""The routes of /v1/reports."""
