"""Registers that are sent to the server, kept in folders, imported by processes."""
