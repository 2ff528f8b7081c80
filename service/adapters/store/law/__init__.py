"""Rules, authorities and calendars, and how changing them dates permits again."""
