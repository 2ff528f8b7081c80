"""Commands about authorities and their templates."""
