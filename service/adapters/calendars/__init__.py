"""Calendars: published holidays, and files with the days of an office."""
