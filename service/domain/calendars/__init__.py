"""Working days: the published calendar and what an office adds to it."""
