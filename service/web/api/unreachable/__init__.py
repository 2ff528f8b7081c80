"""The routes of /v1/unreachable."""
