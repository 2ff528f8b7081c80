"""The routes of /v1/permits and /v1/imports."""
