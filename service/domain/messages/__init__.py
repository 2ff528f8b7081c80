"""The text of one SMS: facts, digest, segments, validity, keywords."""
