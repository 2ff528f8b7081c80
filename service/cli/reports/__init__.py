"""Commands that explain, count and report."""
