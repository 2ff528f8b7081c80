"""Changes of the law: preview, apply, revert, and take over newer holidays."""
