"""The rows of reminders and their transitions."""
