"""Types of permits started in an authority, and the preview of a start."""
