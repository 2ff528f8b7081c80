"""Rules, authorities and calendars stored, and permits dated again when they change."""
