"""Imports of registers: their records, and what each changed."""
