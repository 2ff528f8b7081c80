"""Registers of permits as files: what their columns mean, and their rows, checked."""
