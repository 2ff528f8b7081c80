"""The routes of /v1/reminders."""
