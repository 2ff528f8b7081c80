"""Working days: the published calendar, and the days an office adds to it."""
