"""Going live: draft, trial, live; the catch-up and the preview."""
