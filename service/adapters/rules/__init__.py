"""Rule files and authority files on disk."""
