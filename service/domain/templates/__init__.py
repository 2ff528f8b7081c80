"""Checks of the texts that an office may write."""
