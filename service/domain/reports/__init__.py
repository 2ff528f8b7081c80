"""Figures and lists: periods, tallies, the weekly report, forecasts, the call list."""
