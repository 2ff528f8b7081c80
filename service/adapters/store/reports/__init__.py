"""Queries for reports, lists, explanations and metrics; nothing is written."""
