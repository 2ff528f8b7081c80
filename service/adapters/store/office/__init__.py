"""What an office owns: API keys, senders, templates."""
