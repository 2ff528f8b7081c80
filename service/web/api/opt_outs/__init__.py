"""The routes of /v1/opt-outs."""
