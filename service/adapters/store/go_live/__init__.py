"""Going live and its preview."""
