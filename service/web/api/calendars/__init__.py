"""The routes of /v1/calendars."""
