"""The status changes of accepted messages, and their callbacks."""
