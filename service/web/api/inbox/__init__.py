"""The routes of /v1/inbox."""
