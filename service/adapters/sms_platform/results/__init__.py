"""Reads a platform's results as receipts."""
