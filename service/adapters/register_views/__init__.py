"""Registers that are views of databases; they are only read."""
