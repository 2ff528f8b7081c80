"""Explanations: how a date was computed, what happened, why nothing was sent."""
