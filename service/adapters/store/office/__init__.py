"""API keys, templates that an office saved, and which office sends for whom."""
