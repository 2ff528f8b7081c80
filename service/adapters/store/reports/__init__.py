"""Queries for what people read."""
