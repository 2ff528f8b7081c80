"""A platform's results, read back as receipts."""
