"""Figures: periods, tallies, the weekly report, forecasts, the call list."""
