"""Going live: draft, trial, live, catch-up, and the preview."""
