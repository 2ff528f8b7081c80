"""The routes of /v1/authorities."""
