"""The database itself: engines, tables, types."""
