"""Commands about permits and their phones."""
