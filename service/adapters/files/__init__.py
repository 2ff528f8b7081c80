"""Reads and writes files that people name: CSV records, text and TOML."""
