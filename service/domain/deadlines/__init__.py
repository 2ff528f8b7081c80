"""From the law and an expiry date to the window and the instants of its steps."""
