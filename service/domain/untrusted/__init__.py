"""Text and fields from outside: checked, and shown where an error repeats them."""
