"""Delivery of messages: outcomes, states, retries, the breaker, pauses."""
