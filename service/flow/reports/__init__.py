"""What people read: explanations, lists, counts, forecasts, the weekly report."""
