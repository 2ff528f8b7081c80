"""Checks of the templates that an office may write."""
