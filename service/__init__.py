"""The permit-reminders service: the law as dates, an SMS in time, an honest count."""

__version__ = "0.1.0"
