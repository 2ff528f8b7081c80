"""The text of one SMS: facts, dates, digest, segments, validity, keywords."""
