"""Rows of a register's file, and what became of each."""
