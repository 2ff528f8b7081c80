"""The outside world: one file or folder per thing the service talks to."""
