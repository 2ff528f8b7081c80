"""Explanations for people: why this date, why no text, what happened."""
