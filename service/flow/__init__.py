"""The journey of a permit to a counted message: one verb per file, waiting on ports."""
