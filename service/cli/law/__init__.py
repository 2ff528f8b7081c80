"""Commands about rules and calendars."""
