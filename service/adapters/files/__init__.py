"""Reads files that people supply: CSV records, text and TOML."""
