"""The routes of /v1/pause and /v1/resume."""
