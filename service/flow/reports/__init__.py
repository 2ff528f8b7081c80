"""Read-only views: explanations, lists, counts, forecasts, the weekly report."""
