"""Changing the law: preview, apply, revert, and take over newer holidays."""
