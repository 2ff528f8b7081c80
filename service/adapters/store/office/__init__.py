"""API keys, saved templates, and the office that sends for each authority."""
