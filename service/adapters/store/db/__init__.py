"""The database itself: opened, its tables and types, facts and the action log."""
